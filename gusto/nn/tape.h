#pragma once

/// Reverse-mode differentiation over batch matrices.
///
/// A tape records operations as they are computed, then runs backward through them. Values are row-major float32
/// matrices [batch × width] in memory that is reused from step to step. Parameters are used by reference: a layer's
/// weights get a dense gradient, rows looked up in an embedding a sparse one.
///
///   tape.begin(Mode::train, key);
///   Var user = embedding_lookup(tape, users, batch["user"]), item = embedding_lookup(tape, items, batch["item"]);   //
///   [B, d] Var loss = squared_loss(dot(user, item), batch.targets, 1.0F / B);                      // [1, 1]
///   tape.backward(loss);
///
/// The operations are in gusto/nn/ops.h and gusto/nn/losses.h; Tape::record is how one is added.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/bag.h"
#include "gusto/nn/parameters.h"
#include "gusto/nn/var.h"

namespace gusto::nn {

/// Where an operation's backward pass puts a gradient.
struct GradientTarget {
  MatrixView<float> view;
  bool fresh = false;  ///< nothing is there yet: overwrite; otherwise add

  float beta() const { return fresh ? 0.0F : 1.0F; }  ///< for a matrix product
};

/// What a lookup leaves behind: example r's gradient row belongs, times the weight, to each of its bag's ids.
struct SparseGradient {
  Parameter* parameter;
  Bag bag;
  MatrixView<const float> gradient;
};

/// A dense parameter's gradient of one tape.
struct DenseGradient {
  Parameter* parameter;
  MatrixView<const float> gradient;
};

/// A batch normalization's own mean and variance, to be mixed into the running ones.
struct NormStatistics {
  Parameter* mean;
  Parameter* variance;
  std::span<const float> batch_mean;
  std::span<const float> batch_variance;
};

/// Rows that stand for ids beyond an embedding's end: id rows + g is row g of these. So a new user's vector can be
/// tried out, and learned, without touching the embedding.
struct ExtraRows {
  const Parameter* parameter;
  MatrixView<const float> rows;
};

enum class Mode {
  train,  ///< random parts are random, statistics are the batch's, gradients are kept
  infer,  ///< as trained; no gradients
  probe,  ///< as trained, with gradients: to learn extra rows
};

/// Threads  one thread at a time; tapes of different threads may share parameters, which they only read
class Tape {
 public:
  /// Forgets all that was recorded and starts again. Random parts of the operations are keyed by `key` and the
  /// operation's place on the tape.
  void begin(Mode mode, std::uint64_t key = 0);
  Mode mode() const { return mode_; }
  bool keeps_gradients() const { return mode_ != Mode::infer; }
  std::uint64_t key() const { return key_; }
  std::size_t size() const { return nodes_.size(); }
  Arena& arena() { return arena_; }
  void set_extra_rows(std::span<const ExtraRows> extra_rows) { extra_rows_ = extra_rows; }
  std::span<const ExtraRows> extra_rows() const { return extra_rows_; }

  /// An operation's backward pass.
  template <class State>
  using Backward = std::type_identity_t<void (*)(const State&, Var)>;
  /// Records an operation with an uninitialized result of rows × cols, which the caller then fills in.
  ///
  /// state     what backward needs to know; trivially copyable, copied into the tape
  /// needs     whether any input needs a gradient; if not, flow is never called
  /// flow      void(const State&, Var result): reads gradient(result) and adds to target(input) of inputs that need it
  template <class State>
  Var record(std::string_view operation, std::size_t rows, std::size_t cols, bool needs, const State& state,
             Backward<State> flow) {
    return record_view(operation, allocate(rows, cols), needs, state, flow);
  }
  /// The same for a result that lies in memory of its own.
  template <class State>
  Var record_view(std::string_view operation, MatrixView<float> value, bool needs, const State& state,
                  Backward<State> flow) {
    static_assert(std::is_trivially_copyable_v<State>);
    State* kept = nullptr;
    if (needs && keeps_gradients()) {
      kept = arena_.allocate<State>(1).data();
      new (kept) State(state);
    }
    Node node;
    node.operation = operation;
    node.value = value;
    node.needs = kept != nullptr;
    node.state = kept;
    node.backward = +[](const Node& self, Var result) {
      reinterpret_cast<void (*)(const State&, Var)>(self.function)(*static_cast<const State*>(self.state), result);
    };
    node.function = reinterpret_cast<void (*)()>(flow);
    return add_node(node);
  }
  /// Records columns [begin, end) of a matrix, in place. Their gradient is those columns of the matrix's gradient, so
  /// that nothing is copied back, and columns that several such parts share add up.
  Var record_columns(Var whole, std::size_t begin, std::size_t end);

  /// A matrix that is not learned, used in place.
  Var constant(MatrixView<const float> value);
  /// A layer's weights, used in place.
  Var parameter(Parameter& parameter);

  /// Runs backward from a loss [1 × 1].
  void backward(Var loss);
  /// Runs backward from given gradients, of the results' shapes: for losses that are computed outside of the tape.
  void backward(std::span<const std::pair<Var, MatrixView<const float>>> seeds);

  bool needs_gradient(Var var) const { return node(var).needs; }
  /// What flows into a result; zero-filled if nothing did.
  MatrixView<const float> gradient(Var var);
  /// Where to put an input's gradient. Only for inputs that need one. Targets that are fresh at the same time don't
  /// overlap.
  GradientTarget target(Var var);
  /// The same for an operation that takes numbers to numbers, one by one: where the input has no gradient yet, it may
  /// take over the memory of gradient(result), which the operation then overwrites in place.
  GradientTarget target_over(Var var, Var result);
  /// Lets an input's gradient be a part of a result's, if it has none yet; true if it could. The part must not be
  /// handed out again after this.
  bool lend_gradient(Var var, MatrixView<const float> part);

  void add_sparse(const SparseGradient& gradient) { sparse_.push_back(gradient); }
  void add_statistics(const NormStatistics& statistics) { statistics_.push_back(statistics); }
  std::span<const NormStatistics> statistics() const { return statistics_; }
  /// After backward(): of each lookup, and of each dense parameter that was used.
  std::span<const SparseGradient> sparse() const { return sparse_; }
  std::span<const DenseGradient> dense() const { return dense_; }

  /// Uninitialized memory that lasts until begin().
  MatrixView<float> allocate(std::size_t rows, std::size_t cols) {
    return {arena_.allocate<float>(rows * cols).data(), rows, cols};
  }

 private:
  friend class Var;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Node {
    std::string_view operation;
    MatrixView<float> value;
    MatrixView<float> gradient;  // data is null until something flows in
    bool needs = false;
    bool written = false;  // all of the gradient holds numbers, not only some columns
    const void* state = nullptr;
    void (*backward)(const Node&, Var) = nullptr;
    void (*function)() = nullptr;
    // Of columns of a matrix: the matrix, the first column, and the next node that shows a part of the same matrix.
    std::uint32_t whole = kNone;
    std::size_t first_column = 0;
    std::uint32_t next_part = kNone;  // of a matrix: the first part
  };
  const Node& node(Var var) const { return nodes_[var.index_]; }
  Node& node(Var var) { return nodes_[var.index_]; }
  Var add_node(const Node& node) {
    nodes_.push_back(node);
    return Var(this, static_cast<std::uint32_t>(nodes_.size() - 1));
  }
  GradientTarget part_target(Node& part);
  void zero_unwritten(const Node& whole, std::size_t begin, std::size_t end);

  Arena arena_;
  std::vector<Node> nodes_;
  std::vector<SparseGradient> sparse_;
  std::vector<DenseGradient> dense_;
  std::vector<NormStatistics> statistics_;
  std::vector<std::pair<Parameter*, std::uint32_t>> parameters_;  // and their nodes
  std::span<const ExtraRows> extra_rows_;
  Mode mode_ = Mode::infer;
  std::uint64_t key_ = 0;
};

/// Error(internal): "dense: [512 × 128] and [64 × 32] do not fit." for shapes of two operands.
[[noreturn]] void shape_error(std::string_view operation, MatrixView<const float> a, MatrixView<const float> b);

}  // namespace gusto::nn
