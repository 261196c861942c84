#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/parallel.h"
#include "gusto/base/tensor_file.h"
#include "gusto/nn/parameters.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/update_kernels.h"

namespace gusto::nn {

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  double momentum = 0;       ///< of sgd
  double first_decay = 0.9;  ///< β₁ of Adam
  double second_decay = 0.999;
  double epsilon = 1e-8;
  double weight_decay =
      0;            ///< of adamw and sgd: w ← (1 − η · decay) w beside each step; biases and gains are left alone
  double clip = 0;  ///< greatest norm of the whole gradient; 0 for any
};

/// Turns the gradients of a batch's shards into one step.
///
/// Layers' weights are updated whole. Of an embedding only the rows that the batch looked up are: their optimizer state
/// stays as it was while they rest, and the weight decay of the steps in between is made up when they are next read.
/// Adam's bias corrections go by the number of steps, not of a row's own updates.
///
/// State      up to two matrices of each parameter's size
/// Cost       O(entries looked up · width + weights), memory-bound; no allocation once buffers have grown
/// Repeatable gradients are added in shard order, then in the batch's order, at any number of threads
class Optimizer {
 public:
  /// The parameters must outlive it; their decay is kept in them while it lives.
  Optimizer(ParameterSet& parameters, const OptimizerOptions& options);
  ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One step. `batch_share` is 1 / the batch's examples, the share of one lookup in the embeddings' regularization.
  void step(std::span<const Tape> shards, double learning_rate, double batch_share, ThreadPool& pool);

  /// Makes room for so many steps between two calls of settle(), so that none allocates.
  void reserve(std::size_t steps);

  /// Makes up all decay that was put off. Call before reading embeddings outside of a tape.
  void settle();

  std::uint64_t steps() const { return steps_; }
  /// State under prefix + the parameter's name, settled.
  void save(TensorWriter& out, std::string_view prefix) const;
  /// Errors   corrupt_file, naming the tensor
  void load(const TensorFile& in, std::string_view prefix);

 private:
  struct State {
    Matrix<float> first, second;
    std::vector<std::uint64_t>
        seen;  // of each row of an embedding: the step that saw it last, and its place in that step
  };
  /// Parameters that a batch uses the same way: embeddings looked up by the same ids, or one layer's weights.
  struct Group {
    std::vector<std::size_t> members;     // positions in the set
    std::vector<GradientSource> sources;  // of each member in turn, as many as there are lookups, or shards
    std::size_t lookups = 0;              // entries of the batch
  };
  /// A part of a step that one thread does: some rows of one group.
  struct Work {
    std::size_t group = 0;
    std::uint32_t part = 0;   // of an embedding: rows whose scattered id has this remainder …
    std::uint32_t parts = 1;  // … modulo this, a power of two
    std::vector<TouchedRow> rows;
    std::vector<std::uint32_t> tails;
    std::vector<GradientPiece> pieces;
    double norm = 0;
  };
  void find_structure(std::span<const Tape> shards);
  void group(std::span<const Tape> shards);
  void plan(unsigned threads);
  void collect(Work& work, std::span<const Tape> shards);
  void collect_dense(Work& work);
  void collect_sparse(Work& work, std::span<const Tape> shards);
  UpdateTarget target(std::size_t parameter, double batch_share);
  std::span<const GradientSource> sources(const Group& group, std::size_t member) const;

  ParameterSet& parameters_;
  OptimizerOptions options_;
  std::vector<State> states_;
  std::uint64_t steps_ = 0;
  // Of one shard of each kind: its lookups, and the layers that it used.
  std::vector<SparseGradient> sparse_structure_;
  std::vector<const Parameter*> dense_structure_;
  // Kept from step to step for their memory; the first so many are in use.
  std::vector<Group> groups_;
  std::size_t group_count_ = 0;
  std::vector<Work> works_;
  std::size_t work_count_ = 0;
};

}  // namespace gusto::nn
