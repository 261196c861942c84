#include "gusto/models/neural/sequence_network.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/random.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

// Fewer held-out users tell nothing of when to stop, and are better learned from.
constexpr std::size_t kLeastHeldOutSequences = 1000;
// Held-out sequences that are read at once, which bounds the memory that it takes.
constexpr std::size_t kReadAtOnce = 16;

}  // namespace

SequenceNetwork::SequenceNetwork(const SequenceShape& shape, nn::ParameterSet& parameters) : shape_(shape) {
  const std::size_t dim = shape.dim;
  const auto start = nn::Start::normal(0.02F);
  const auto norm = [&](const std::string& name) {
    const auto add = [&](const char* what, float value) {
      return &parameters.add(name + what, nn::ParameterKind::offsets, 1, dim, nn::Start::constant(value));
    };
    return Norm{add("/gain", 1), add("/offset", 0)};
  };
  tokens_ = &parameters.add("tokens", nn::ParameterKind::embedding, shape.items + 1, dim, start);
  positions_ = &parameters.add("positions", nn::ParameterKind::embedding, shape.length, dim, start);
  for (std::size_t b = 0; b < shape.blocks; ++b) {
    const std::string name = fmt::format("block{}", b + 1);
    blocks_.push_back({norm(name + "/attention_norm"),
                       nn::add_layer(parameters, name + "/projections", dim, 3 * dim, /*before_relu=*/false),
                       nn::add_layer(parameters, name + "/mix", dim, dim, /*before_relu=*/false),
                       norm(name + "/hidden_norm"), nn::add_layer(parameters, name + "/widen", dim, shape.hidden),
                       nn::add_layer(parameters, name + "/narrow", shape.hidden, dim, /*before_relu=*/false)});
  }
  last_norm_ = norm("norm");
}

nn::Var SequenceNetwork::forward(nn::Tape& tape, std::span<const std::uint32_t> tokens,
                                 std::span<const std::uint32_t> offsets, bool only_last) const {
  const std::size_t sequences = offsets.size() - 1;
  const std::span<std::uint32_t> positions = tape.arena().allocate<std::uint32_t>(tokens.size());
  const std::span<std::uint32_t> lasts = tape.arena().allocate<std::uint32_t>(sequences);
  for (std::size_t s = 0; s < sequences; ++s) {
    for (std::uint32_t t = offsets[s]; t < offsets[s + 1]; ++t) positions[t] = t - offsets[s];
    lasts[s] = offsets[s + 1] - 1;
  }
  const double rate = shape_.dropout;
  const nn::Var token = nn::affine(nn::embedding_lookup(tape, *tokens_, {tokens.size(), tokens, {}, {}}),
                                   std::sqrt(static_cast<float>(shape_.dim)));
  nn::Var x = nn::dropout(token + nn::embedding_lookup(tape, *positions_, {positions.size(), positions, {}, {}}), rate);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const Block& block = blocks_[b];
    const nn::Var all = block.projections(block.before_attention(x));
    const auto part = [&](std::size_t n) { return nn::columns(all, n * shape_.dim, (n + 1) * shape_.dim); };
    nn::Var query = part(0);
    // From the last block on, only what is asked for goes on.
    if (only_last && b + 1 == blocks_.size()) {
      query = nn::pick_rows(query, lasts);
      x = nn::pick_rows(x, lasts);
    }
    const nn::Var seen = nn::causal_attention(query, part(1), part(2), shape_.heads, offsets, rate);
    x = x + nn::dropout(block.mix(seen), rate);
    x = x + nn::dropout(block.narrow(nn::relu(block.widen(block.before_hidden(x)))), rate);
  }
  return last_norm_(x);
}

nn::Var SequenceNetwork::items(nn::Tape& tape, std::span<const std::uint32_t> items) const {
  const std::span<std::uint32_t> ids = tape.arena().allocate<std::uint32_t>(items.size());
  std::transform(items.begin(), items.end(), ids.begin(), [](std::uint32_t item) { return item + 1; });
  return nn::embedding_lookup(tape, *tokens_, {ids.size(), ids, {}, {}});
}

MatrixView<const float> SequenceNetwork::item_vectors() const {
  return std::as_const(tokens_->values).view().slice(1, shape_.items + 1);
}

void SequenceNetwork::reset_untrained_items(std::span<const std::uint32_t> frequencies) {
  std::uint32_t fewest = std::numeric_limits<std::uint32_t>::max();
  for (const std::uint32_t count : frequencies) {
    if (count > 0) fewest = std::min(fewest, count);
  }
  std::vector<double> sum(shape_.dim);
  std::size_t rarest = 0;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    if (frequencies[i] != fewest) continue;
    ++rarest;
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += static_cast<double>(tokens_->values(i + 1, c));
  }
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    if (frequencies[i] > 0) continue;
    for (std::size_t c = 0; c < sum.size(); ++c) {
      tokens_->values(i + 1, c) = static_cast<float>(sum[c] / static_cast<double>(rarest));
    }
  }
}

Sequences sequences_of(const Dataset& data, float least) {
  Sequences result;
  result.tokens.reserve(data.event_count() + data.user_count());
  result.offsets.reserve(data.user_count() + 1);
  result.offsets.push_back(0);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    result.tokens.push_back(0);
    const History history = data.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      if (history.values[e] >= least) result.tokens.push_back(history.items[e].index + 1);
    }
    result.offsets.push_back(result.tokens.size());
  }
  return result;
}

SequenceTask::SequenceTask(const SequenceNetwork& network, Sequences sequences, double validation, std::uint64_t seed)
    : network_(network), sequences_(std::move(sequences)) {
  const std::size_t length = network.shape().length;
  const std::size_t users = sequences_.offsets.size() - 1;
  // Of a single event nothing would be left to learn from.
  const auto is_held_out = [&](std::size_t u) {
    return sequences_.offsets[u + 1] - sequences_.offsets[u] > 2 && validation > 0 &&
           Random(seed, "sequence validation", u).uniform() < validation;
  };
  std::size_t held_out = 0;
  for (std::size_t u = 0; u < users; ++u) held_out += is_held_out(u) ? 1 : 0;
  const bool validates = held_out >= kLeastHeldOutSequences;
  for (std::size_t u = 0; u < users; ++u) {
    const std::uint64_t first = sequences_.offsets[u];
    std::uint64_t end = sequences_.offsets[u + 1] - 1;  // of the tokens that have a next one
    const auto window = [&] {
      const std::uint64_t begin = end - first > length ? end - length : first;
      return Window{begin, static_cast<std::uint32_t>(end - begin), static_cast<std::uint32_t>(u)};
    };
    if (validates && is_held_out(u)) {
      held_out_.push_back(window());
      --end;
    }
    while (end > first) {
      windows_.push_back(window());
      end = windows_.back().begin;
    }
  }
}

std::vector<std::uint32_t> SequenceTask::target_counts() const {
  std::vector<std::uint32_t> counts(network_.shape().items);
  for (const Window& window : windows_) {
    for (std::uint64_t t = window.begin + 1; t <= window.begin + window.size; ++t) ++counts[sequences_.tokens[t] - 1];
  }
  return counts;
}

nn::QueryVectors SequenceTask::ask(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t) const {
  std::size_t size = 0;
  for (const std::uint32_t example : examples) size += windows_[example].size;
  const auto take = [&](std::size_t count) { return tape.arena().allocate<std::uint32_t>(count); };
  const std::span<std::uint32_t> tokens = take(size), targets = take(size), users = take(size);
  const std::span<std::uint32_t> offsets = take(examples.size() + 1);
  std::uint32_t at = 0;
  for (std::size_t n = 0; n < examples.size(); ++n) {
    const Window& window = windows_[examples[n]];
    offsets[n] = at;
    for (std::uint32_t t = 0; t < window.size; ++t, ++at) {
      tokens[at] = sequences_.tokens[window.begin + t];
      targets[at] = sequences_.tokens[window.begin + t + 1] - 1;
      users[at] = window.user;
    }
  }
  offsets[examples.size()] = at;
  return {network_.forward(tape, tokens, offsets, /*only_last=*/false), targets, users};
}

nn::QueryVectors SequenceTask::ask_held_out(nn::Tape& tape, std::size_t begin, std::size_t end) const {
  const std::size_t count = end - begin;
  const std::span<std::uint32_t> targets = tape.arena().allocate<std::uint32_t>(count);
  const std::span<std::uint32_t> users = tape.arena().allocate<std::uint32_t>(count);
  const MatrixView<float> vectors = tape.allocate(count, network_.shape().dim);
  nn::Tape some;
  std::vector<std::uint32_t> tokens, offsets;
  for (std::size_t first = 0; first < count; first += kReadAtOnce) {
    const std::size_t last = std::min(first + kReadAtOnce, count);
    tokens.clear();
    offsets.assign(1, 0);
    for (std::size_t n = first; n < last; ++n) {
      const Window& window = held_out_[begin + n];
      const auto from = sequences_.tokens.begin() + static_cast<std::ptrdiff_t>(window.begin);
      tokens.insert(tokens.end(), from, from + window.size);
      offsets.push_back(static_cast<std::uint32_t>(tokens.size()));
      targets[n] = *(from + window.size) - 1;
      users[n] = window.user;
    }
    some.begin(nn::Mode::infer);
    const MatrixView<const float> found = network_.forward(some, tokens, offsets, /*only_last=*/true).value();
    for (std::size_t r = 0; r < found.rows; ++r) {
      std::copy_n(found.row(r).data(), found.cols, vectors.row(first + r).data());
    }
  }
  return {tape.constant(vectors), targets, users};
}

nn::Var SequenceTask::items(nn::Tape& tape, std::span<const std::uint32_t> items, std::uint64_t) const {
  return network_.items(tape, items);
}

}  // namespace gusto
