#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/parallel.h"
#include "gusto/nn/parameters.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/training.h"

namespace gusto::nn {

/// What a network is trained on: examples, numbered from 0, and the gradients of their loss.
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;
  /// How many examples an epoch has.
  virtual std::size_t size() const = 0;
  /// How strongly each example counts: an epoch draws them in proportion (EpochOrder). Empty: each comes once.
  virtual std::vector<float> strengths() const { return {}; }
  /// How many tapes a step over so many examples may need.
  virtual std::size_t tapes(std::size_t examples) const = 0;
  /// Forward and backward passes over a batch: leaves the gradients of its mean loss on the tapes, all of which it
  /// begins, and returns that loss. `key` keys what is random in it. Nothing runs backward from a loss that is not
  /// finite.
  virtual double run(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes,
                     ThreadPool& pool) = 0;

  /// How many examples are held out to stop early; 0 for none.
  virtual std::size_t validation_size() const { return 0; }
  /// Called after an epoch, before its errors are asked for.
  virtual void begin_validation(ThreadPool&) {}
  /// The sum of the errors of held-out examples [begin, end); the least mean is best. Called concurrently.
  virtual double validation_error(Tape& tape, std::size_t begin, std::size_t end);
  /// The mean error as people know it: rmse, say.
  virtual ProgressMetric validation_metric(double mean) const;
};

/// A batch is cut into shards of so many examples, and each shard runs on one tape: the same shards at any number of
/// threads, so the same bits.
inline constexpr std::size_t kShardSize = 256;
/// Held-out examples that one tape measures at once.
inline constexpr std::size_t kValidationBlock = 1024;

/// A task whose loss is a sum over examples, so that every shard runs by itself.
class ShardedTask : public TrainingTask {
 public:
  /// Records the sum of the losses of these examples times `scale`, as [1 × 1]. `key` keys what is random in it.
  /// Threads  called concurrently, with different tapes
  virtual Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) = 0;

  std::size_t tapes(std::size_t examples) const final { return (examples + kShardSize - 1) / kShardSize; }
  double run(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes, ThreadPool& pool) final;

 private:
  std::vector<float> losses_;  // by shard
};

/// Which training it is.
struct TrainingRun {
  std::string_view name;    ///< the model's, for messages and progress
  std::string fingerprint;  ///< tells model, options and data from others, so that another run's checkpoint is refused
  std::uint64_t seed = 42;
  std::filesystem::path checkpoint = {};  ///< empty: none
};

/// What training came to.
struct TrainingResult {
  std::size_t epochs = 0;      ///< run
  std::size_t best_epoch = 0;  ///< kept, counted from 1
  double loss = 0;             ///< mean over the last epoch's examples
  double validation = 0;       ///< mean error of the best epoch, if there was something held out
};

/// Trains parameters by stochastic gradient descent.
///
/// Each epoch goes through all examples in an order of its own, keyed by (seed, epoch), or draws as many by their
/// strengths. With held-out examples,
/// training ends when `patience` epochs in a row brought no better error, and the parameters of the best epoch are
/// kept.
///
/// If the run names a checkpoint file, the state is written there after every epoch; a file that is there already is
/// resumed from, so that a run stopped and resumed equals an uninterrupted one, byte for byte. The file stays after the
/// last epoch: whoever has put the result away removes it.
///
/// Errors     invalid_option, for one that the optimizer does not have; canceled; not_finite, naming epoch and batch,
///            if the loss is no finite number; invalid_input, for a checkpoint of another run; corrupt_file; io
/// Memory     three to four times the parameters, and the tapes of one batch
/// Repeatable same bits at any number of threads, for one seed and one CPU level
TrainingResult train(ParameterSet& parameters, TrainingTask& task, const TrainingOptions& options,
                     const TrainingRun& run, Context& context);

}  // namespace gusto::nn
