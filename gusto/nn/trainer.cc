#include "gusto/nn/trainer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/base/steps.h"
#include "gusto/nn/checkpoint.h"
#include "gusto/nn/epoch_order.h"
#include "gusto/nn/schedule.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

class Training {
 public:
  Training(ParameterSet& parameters, TrainingTask& task, const TrainingOptions& options, const TrainingRun& run,
           Context& context)
      : parameters_(parameters),
        task_(task),
        options_(options),
        name_(run.name),
        seed_(run.seed),
        context_(context),
        optimizer_(parameters, optimizer_options(options)),
        checkpoint_(run.checkpoint, run.name, run.fingerprint, run.seed),
        batch_size_(chosen_batch_size(options, task.size())),
        epochs_(static_cast<std::size_t>(options.epochs)),
        batches_((task.size() + batch_size_ - 1) / batch_size_),
        order_(task.strengths()),
        tapes_(task.tapes(std::min(batch_size_, task.size()))) {}

  TrainingResult run() {
    checkpoint_.resume(parameters_, optimizer_, progress_);
    optimizer_.reserve(batches_);
    Steps steps(context_, name_, epochs_ * batches_, progress_.epoch * batches_);
    while (progress_.epoch < epochs_ && !waited_enough()) {
      progress_.loss = run_epoch(steps);
      ++progress_.epoch;
      optimizer_.settle();
      const std::optional<ProgressMetric> metric = measure();
      ProgressEvent event = steps.event();
      event.epoch = progress_.epoch;
      event.loss = progress_.loss;
      event.metric = metric;
      context_.progress(event);
      checkpoint_.write(parameters_, optimizer_, progress_);
      context_.check_canceled();
    }
    if (progress_.best_epoch > 0) parameters_.restore(progress_.best);
    return {progress_.epoch, progress_.best_epoch, progress_.loss, progress_.least_error};
  }

 private:
  static OptimizerOptions optimizer_options(const TrainingOptions& options) {
    return {.kind = options.optimizer,
            .momentum = options.momentum,
            .weight_decay = options.weight_decay,
            .clip = options.clip};
  }

  bool waited_enough() const {
    return task_.validation_size() > 0 &&
           progress_.epoch - progress_.best_epoch >= static_cast<std::size_t>(options_.patience);
  }

  /// The mean loss.
  double run_epoch(Steps& steps) {
    const std::span<const std::uint32_t> order = order_.shuffle(task_.size(), progress_.epoch, seed_, context_);
    double sum = 0;
    for (std::size_t batch = 0; batch < batches_; ++batch) {
      if (context_.canceled()) context_.check_canceled();
      const std::size_t begin = batch * batch_size_;
      const double loss = run_batch(order.subspan(begin, std::min(batch_size_, order.size() - begin)), batch);
      if (!std::isfinite(loss)) {
        throw Error(ErrorCode::not_finite,
                    fmt::format("{} diverged: its loss is not a finite number in epoch {}, batch {}.", name_,
                                progress_.epoch + 1, batch + 1),
                    fmt::format("Lower learning_rate (it is {}), set clip = 1, or look for extreme values in the data.",
                                options_.learning_rate));
      }
      sum += loss * static_cast<double>(std::min(batch_size_, order.size() - begin));
      steps.add(1);
    }
    return sum / static_cast<double>(order.size());
  }

  /// One step; the batch's mean loss.
  double run_batch(std::span<const std::uint32_t> examples, std::size_t batch) {
    const std::uint64_t key = Random(seed_, "network step", progress_.epoch * batches_ + batch).next();
    const std::span<Tape> tapes = std::span(tapes_).first(task_.tapes(examples.size()));
    const double loss = task_.run(examples, key, tapes, context_.pool());
    if (!std::isfinite(loss)) return loss;
    const std::size_t step = progress_.epoch * batches_ + batch;
    const double rate =
        options_.learning_rate * schedule_factor(options_.schedule, options_.warmup, step, epochs_ * batches_);
    optimizer_.step(tapes, rate, 1 / static_cast<double>(examples.size()), context_.pool());
    update_running_statistics(tapes);
    return loss;
  }

  /// Moves the running mean and variance of batch normalizations a tenth of the way toward the shards' mean.
  static void update_running_statistics(std::span<const Tape> tapes) {
    const auto norm_of = [](const Tape& tape) {
      return tape.statistics().empty() ? nullptr : tape.statistics().front().mean;
    };
    // Shards of one kind lie side by side.
    for (std::size_t begin = 0, end = 0; begin < tapes.size(); begin = end) {
      end = begin + 1;
      while (end < tapes.size() && norm_of(tapes[end]) == norm_of(tapes[begin])) ++end;
      if (norm_of(tapes[begin]) != nullptr) move_running_statistics(tapes.subspan(begin, end - begin));
    }
  }
  static void move_running_statistics(std::span<const Tape> tapes) {
    constexpr float kShare = 0.1F;
    for (std::size_t n = 0; n < tapes.front().statistics().size(); ++n) {
      const NormStatistics& first = tapes.front().statistics()[n];
      for (std::size_t c = 0; c < first.batch_mean.size(); ++c) {
        float mean = 0;
        float variance = 0;
        for (const Tape& tape : tapes) {
          mean += tape.statistics()[n].batch_mean[c];
          variance += tape.statistics()[n].batch_variance[c];
        }
        const auto count = static_cast<float>(tapes.size());
        float& running_mean = first.mean->values(0, c);
        float& running_variance = first.variance->values(0, c);
        running_mean += kShare * (mean / count - running_mean);
        running_variance += kShare * (variance / count - running_variance);
      }
    }
  }

  /// Looks at what is held out, and keeps the best; its error, if there is something.
  std::optional<ProgressMetric> measure() {
    const std::size_t held_out = task_.validation_size();
    if (held_out == 0) return std::nullopt;
    task_.begin_validation(context_.pool());
    std::vector<double> sums((held_out + kValidationBlock - 1) / kValidationBlock);
    // A worker's tape is its own while it runs, and which one it is makes no difference.
    std::vector<Tape> tapes(context_.threads());
    parallel_blocks(context_, held_out, kValidationBlock, [&](std::size_t begin, std::size_t end, unsigned worker) {
      tapes[worker].begin(Mode::infer);
      sums[begin / kValidationBlock] = task_.validation_error(tapes[worker], begin, end);
    });
    const double error = std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(held_out);
    if (!std::isfinite(error)) {
      throw Error(
          ErrorCode::not_finite,
          fmt::format("{} diverged: its error on the inner validation part is not a finite number after epoch {}.",
                      name_, progress_.epoch),
          fmt::format("Lower learning_rate (it is {}), or set clip = 1.", options_.learning_rate));
    }
    if (error < progress_.least_error) {
      progress_.least_error = error;
      progress_.best_epoch = progress_.epoch;
      parameters_.copy_to(progress_.best);
    }
    return task_.validation_metric(error);
  }

  ParameterSet& parameters_;
  TrainingTask& task_;
  const TrainingOptions options_;
  const std::string name_;
  const std::uint64_t seed_;
  Context& context_;
  Optimizer optimizer_;
  Checkpoint checkpoint_;
  std::size_t batch_size_;
  std::size_t epochs_;
  std::size_t batches_;
  EpochOrder order_;
  std::vector<Tape> tapes_;
  TrainingProgress progress_;
};

}  // namespace

std::size_t chosen_batch_size(const TrainingOptions& options, std::size_t examples) {
  constexpr std::size_t kSteps = 512;
  if (options.batch_size > 0) return static_cast<std::size_t>(options.batch_size);
  return std::clamp<std::size_t>(std::bit_ceil(examples / kSteps + 1) / 2, 32, 2048);
}

double ShardedTask::run(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes,
                        ThreadPool& pool) {
  const float scale = 1 / static_cast<float>(examples.size());
  losses_.resize(tapes.size());
  const auto run_shard = [&](std::size_t shard, unsigned) {
    const std::size_t begin = shard * kShardSize;
    Tape& tape = tapes[shard];
    tape.begin(Mode::train, mix(key + shard));
    const Var sum =
        loss(tape, examples.subspan(begin, std::min(kShardSize, examples.size() - begin)), mix(key + shard), scale);
    losses_[shard] = sum.value()(0, 0);
    tape.backward(sum);
  };
  pool.run(tapes.size(), std::ref(run_shard));
  double total = 0;
  for (std::size_t shard = 0; shard < tapes.size(); ++shard) total += static_cast<double>(losses_[shard]);
  return total;
}

double TrainingTask::validation_error(Tape&, std::size_t, std::size_t) { return 0; }
ProgressMetric TrainingTask::validation_metric(double mean) const { return {"error", mean}; }

namespace {

/// An option that the optimizer does not have would be ignored in silence.
void check_optimizer(const TrainingOptions& options) {
  const auto refuse = [&](std::string_view option, std::string_view owners, std::string_view instead) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The option {} is of {}, and the optimizer is {}.", option, owners,
                            kOptimizerNames[static_cast<std::size_t>(options.optimizer)]),
                fmt::format("Set optimizer={}, or leave {} at 0.", instead, option));
  };
  const bool decays = options.optimizer == OptimizerKind::adamw || options.optimizer == OptimizerKind::sgd;
  if (options.momentum > 0 && options.optimizer != OptimizerKind::sgd) refuse("momentum", "sgd", "sgd");
  if (options.weight_decay > 0 && !decays) refuse("weight_decay", "adamw and sgd", "adamw");
}

}  // namespace

TrainingResult train(ParameterSet& parameters, TrainingTask& task, const TrainingOptions& options,
                     const TrainingRun& run, Context& context) {
  check_optimizer(options);
  if (task.size() == 0) {
    throw Error(ErrorCode::empty_dataset, fmt::format("{} has no examples to train on.", run.name),
                "Lower validation, or give it more events.");
  }
  return Training(parameters, task, options, run, context).run();
}

}  // namespace gusto::nn
