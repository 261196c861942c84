// Attention, one block of rows after another.
//
// A block is up to kAttentionBlock neighboring queries of one sequence and head. They see the keys up to that of the
// last of them, so a block's weights are a matrix [queries × keys seen], and its products are plain ones: scores q kᵀ,
// results w v. What is computed in vain is half a block's square on the diagonal. For the backward pass the blocks'
// weights are kept, one after another in the order of for_each_block.

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/nn/attention_kernels.h"
#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

namespace gusto::nn {
namespace {

constexpr std::size_t kAttentionBlock = 64;
// Rows of weights are whole vectors of every processor.
constexpr std::size_t kLanes = 16;

struct AttentionState {
  Var q;
  Var k;
  Var v;
  std::size_t heads;
  std::span<const std::uint32_t> offsets;
  float* weights;  // of all blocks
  float* dropped;  // what dropout left of them; the weights themselves without it

  bool only_last() const { return q.rows() != k.rows(); }
  float scale() const { return 1 / std::sqrt(static_cast<float>(k.cols() / heads)); }
};

/// Rows [query, query + queries) of q see rows [key, key + keys) of k, the first of them all but the last queries − 1.
struct Block {
  std::size_t index = 0;
  std::size_t query = 0, queries = 0;
  std::size_t key = 0, keys = 0;
  std::size_t column = 0;  // first of the head's
  std::size_t cols = 0;    // of the head
  std::size_t at = 0;      // of its weights among those of all blocks

  std::size_t stride() const { return (keys + kLanes - 1) / kLanes * kLanes; }
  bool last = false;  // of its sequence and head: sees all keys

  MatrixView<float> weights_at(float* begin) const { return {begin, queries, keys, stride()}; }
  template <class T>
  MatrixView<T> of_queries(MatrixView<T> x) const {
    return slice_columns(x.slice(query, query + queries), column, cols);
  }
  template <class T>
  MatrixView<T> of_keys(MatrixView<T> x) const {
    return slice_columns(x.slice(key, key + keys), column, cols);
  }
};

/// Calls action(block), of each sequence and head the last block first. Returns how many weights there are.
template <class Action>
std::size_t for_each_block(const AttentionState& of, const Action& action) {
  Block block;
  block.cols = of.k.cols() / of.heads;
  for (std::size_t s = 0; s + 1 < of.offsets.size(); ++s) {
    const std::size_t begin = of.offsets[s], length = of.offsets[s + 1] - begin;
    block.key = begin;
    for (std::size_t head = 0; head < of.heads; ++head) {
      block.column = head * block.cols;
      for (std::size_t end = length; end > 0;) {
        const std::size_t first = of.only_last() ? length - 1 : (end - 1) / kAttentionBlock * kAttentionBlock;
        block.query = of.only_last() ? s : begin + first;
        block.queries = end - first;
        block.keys = end;
        block.last = end == length;
        action(static_cast<const Block&>(block));
        ++block.index;
        block.at += block.queries * block.stride();
        end = of.only_last() ? 0 : first;
      }
    }
  }
  return block.at;
}

void attention_back(const AttentionState& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result);
  const MatrixView<const float> q = of.q.value(), k = of.k.value(), v = of.v.value();
  // Targets one after another, each done before the next: they may be the same. The last block of a sequence comes
  // first and writes all keys' rows, the others add.
  if (tape.needs_gradient(of.v)) {
    const GradientTarget to = tape.target(of.v);
    for_each_block(of, [&](const Block& block) {
      const MatrixView<const float> dropped = block.weights_at(of.dropped + block.at);
      gemm(Transpose::yes, Transpose::no, 1, dropped, block.of_queries(g), block.last ? to.beta() : 1.0F,
           block.of_keys(to.view));
    });
  }
  const bool of_q = tape.needs_gradient(of.q), of_k = tape.needs_gradient(of.k);
  if (!of_q && !of_k) return;
  std::size_t largest = 0;
  for_each_block(of, [&](const Block& block) { largest = std::max(largest, block.queries * block.stride()); });
  float* const slopes = tape.arena().allocate<float>(largest).data();
  for_each_block(of, [&](const Block& block) {
    const MatrixView<float> slope = block.weights_at(slopes);
    gemm(Transpose::no, Transpose::yes, 1, block.of_queries(g), block.of_keys(v), 0, slope);
    kernels::causal_softmax_backward(slope, block.weights_at(of.dropped + block.at),
                                     block.weights_at(of.weights + block.at), of.scale());
  });
  if (of_q) {
    const GradientTarget to = tape.target(of.q);
    for_each_block(of, [&](const Block& block) {
      const MatrixView<const float> slope = block.weights_at(of.weights + block.at);
      gemm(Transpose::no, Transpose::no, 1, slope, block.of_keys(k), to.beta(), block.of_queries(to.view));
    });
  }
  if (of_k) {
    const GradientTarget to = tape.target(of.k);
    for_each_block(of, [&](const Block& block) {
      const MatrixView<const float> slope = block.weights_at(of.weights + block.at);
      gemm(Transpose::yes, Transpose::no, 1, slope, block.of_queries(q), block.last ? to.beta() : 1.0F,
           block.of_keys(to.view));
    });
  }
}

void check(Var q, Var k, Var v, std::size_t heads, std::span<const std::uint32_t> offsets, double rate) {
  constexpr std::string_view kName = "causal_attention";
  if (k.rows() != v.rows() || k.cols() != v.cols()) shape_error(kName, k.value(), v.value());
  const std::size_t sequences = offsets.empty() ? 0 : offsets.size() - 1;
  if (q.cols() != k.cols() || (q.rows() != k.rows() && q.rows() != sequences)) {
    shape_error(kName, q.value(), k.value());
  }
  if (heads == 0 || k.cols() % heads != 0) {
    throw Error(ErrorCode::internal, fmt::format("{}: {} columns do not make {} heads.", kName, k.cols(), heads));
  }
  if (!(rate >= 0 && rate < 1)) throw Error(ErrorCode::internal, fmt::format("{}: {} is not in [0, 1).", kName, rate));
  const bool rising =
      std::adjacent_find(offsets.begin(), offsets.end(), [](auto a, auto b) { return a >= b; }) == offsets.end();
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != k.rows() || !rising) {
    throw Error(ErrorCode::internal,
                fmt::format("{}: {} offsets do not divide {} rows into sequences.", kName, offsets.size(), k.rows()));
  }
}

}  // namespace

Var causal_attention(Var q, Var k, Var v, std::size_t heads, std::span<const std::uint32_t> offsets, double rate) {
  check(q, k, v, heads, offsets, rate);
  Tape& tape = q.tape();
  const std::span<std::uint32_t> kept = tape.arena().allocate<std::uint32_t>(offsets.size());
  std::copy(offsets.begin(), offsets.end(), kept.begin());
  AttentionState state{q, k, v, heads, kept, nullptr, nullptr};
  const std::uint64_t key = mix(mix(tape.key()) + tape.size());
  const bool drops = tape.mode() == Mode::train && rate > 0;
  const bool needs =
      tape.keeps_gradients() && (tape.needs_gradient(q) || tape.needs_gradient(k) || tape.needs_gradient(v));
  // Without a backward pass the blocks share one block's memory.
  std::size_t largest = 0;
  const std::size_t total =
      for_each_block(state, [&](const Block& block) { largest = std::max(largest, block.queries * block.stride()); });
  state.weights = tape.arena().allocate<float>(needs ? total : largest).data();
  state.dropped = drops ? tape.arena().allocate<float>(needs ? total : largest).data() : state.weights;
  const Var y = tape.record("causal_attention", q.rows(), q.cols(), needs, state, attention_back);
  for_each_block(state, [&](const Block& block) {
    const std::size_t at = needs ? block.at : 0;
    const MatrixView<float> weights = block.weights_at(state.weights + at);
    const MatrixView<float> dropped = block.weights_at(state.dropped + at);
    gemm(Transpose::no, Transpose::yes, 1, block.of_queries(q.value()), block.of_keys(k.value()), 0, weights);
    kernels::causal_softmax({weights.data, weights.rows, weights.stride}, block.keys - block.queries + 1,
                            state.scale());
    if (drops) kernels::dropout(weights, {rate, mix(key + block.index)}, {dropped, true});
    const MatrixView<const float> used = dropped;
    gemm(Transpose::no, Transpose::no, 1, used, block.of_keys(v.value()), 0, block.of_queries(y.mutable_value()));
  });
  return y;
}

}  // namespace gusto::nn
