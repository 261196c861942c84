#include "gusto/nn/trainer.h"

#include <atomic>
#include <map>
#include <mutex>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/epoch_order.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/training.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using test::every_training;
using test::learned;
using test::NamedTraining;
using test::small_training;
using test::SmallOptions;
using test::SmallTask;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

TrainingResult train_small(SmallTask& task, const TrainingOptions& options, ContextOptions surroundings = {},
                           std::uint64_t seed = 42) {
  if (surroundings.threads == 0) surroundings.threads = 1;
  Context context(std::move(surroundings));
  return train(task.parameters, task, options, {.name = "small", .fingerprint = "as always", .seed = seed}, context);
}

TEST(Trainer, LearnsASmallKnownFunction) {
  SmallTask task({.noisy = false});
  TrainingOptions options = small_training();
  options.epochs = 60;
  const TrainingResult result = train_small(task, options);
  EXPECT_LT(result.loss, 0.01);
  EXPECT_LT(result.validation, 0.01) << "of pairs that are ±1";
  EXPECT_EQ(result.epochs, 60U);
}

TEST(Trainer, RefusesOptionsThatTheOptimizerDoesNotHave) {
  SmallTask task({.noisy = false});
  TrainingOptions options = small_training();
  options.optimizer = OptimizerKind::adam;
  options.weight_decay = 0.1;
  const Error decay = error_of([&] { train_small(task, options); });
  EXPECT_EQ(decay.code(), ErrorCode::invalid_option);
  EXPECT_THAT(decay.message(), HasSubstr("weight_decay"));
  EXPECT_THAT(decay.hint(), HasSubstr("optimizer=adamw"));
  options.weight_decay = 0;
  options.momentum = 0.9;
  EXPECT_THAT(error_of([&] { train_small(task, options); }).message(), HasSubstr("momentum"));
}

class TrainerTest : public testing::TestWithParam<NamedTraining> {};

TEST_P(TrainerTest, HasTheSameBitsAtAnyNumberOfThreads) {
  const auto run = [](unsigned threads) {
    SmallTask task({.reg = 0.01F});
    TrainingOptions options = GetParam().options;
    options.batch_size = 1024;
    options.epochs = 3;
    const TrainingResult result = train_small(task, options, {.threads = threads});
    return std::pair(learned(task.parameters), std::pair(result.loss, result.validation));
  };
  const auto one = run(1);
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(5), one);
}

TEST_P(TrainerTest, LosesLessAndLess) {
  std::vector<double> losses;
  for (const int epochs : {1, 4, 20}) {
    SmallTask task({.noisy = false});
    TrainingOptions options = GetParam().options;
    options.epochs = epochs;
    options.batch_size = 100;
    losses.push_back(train_small(task, options).loss);
  }
  EXPECT_LT(losses[1], losses[0]);
  EXPECT_LT(losses[2], 0.95 * losses[1]);
}

INSTANTIATE_TEST_SUITE_P(Every, TrainerTest, testing::ValuesIn(every_training()),
                         [](const auto& each) { return each.param.name; });

TEST(Trainer, DrawsByTheSeed) {
  const auto run = [](std::uint64_t seed) {
    SmallTask task;  // starts from the same numbers
    train_small(task, small_training(), {}, seed);
    return learned(task.parameters);
  };
  EXPECT_NE(run(1), run(2));
}

/// A task whose validation errors are given, by epoch.
class ScriptedTask : public SmallTask {
 public:
  explicit ScriptedTask(std::vector<double> errors) : SmallTask({.held_out = 10}), errors_(std::move(errors)) {}
  double validation_error(Tape&, std::size_t begin, std::size_t end) override {
    return errors_.at(epoch_++) * static_cast<double>(end - begin);
  }

 private:
  std::vector<double> errors_;
  std::size_t epoch_ = 0;
};

TEST(Trainer, StopsAfterItsPatienceAndKeepsTheBestEpoch) {
  ScriptedTask task({5, 4, 3, 6, 3, 2, 1});
  TrainingOptions options = small_training();
  options.epochs = 7;
  options.patience = 2;
  const TrainingResult result = train_small(task, options);
  EXPECT_EQ(result.epochs, 5U) << "an error as good as the best is no better";
  EXPECT_EQ(result.best_epoch, 3U);
  EXPECT_EQ(result.validation, 3);

  SmallTask shorter({.held_out = 0});
  options.epochs = 3;
  EXPECT_EQ(train_small(shorter, options).best_epoch, 0U) << "nothing is measured where nothing is held out";
  EXPECT_EQ(learned(task.parameters), learned(shorter.parameters));
}

TEST(Trainer, KeepsTheBestEpochOfThoseItHas) {
  ScriptedTask task({2, 1, 3});
  TrainingOptions options = small_training();
  options.epochs = 3;
  EXPECT_EQ(train_small(task, options).epochs, 3U);
  ScriptedTask shorter({2, 1});
  options.epochs = 2;
  train_small(shorter, options);
  EXPECT_EQ(learned(task.parameters), learned(shorter.parameters));
}

TEST(Trainer, NamesEpochAndBatchWhereTheLossIsNoNumber) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    SmallTask task;
    constexpr std::uint32_t kBad = 77;
    task.targets[kBad] = bad;
    Context context({.threads = 1});
    EpochOrder order;
    const auto examples = order.shuffle(task.size(), 0, 42, context);
    const auto place = static_cast<std::size_t>(std::find(examples.begin(), examples.end(), kBad) - examples.begin());
    const TrainingOptions options = small_training();
    const Error error = error_of([&] { train_small(task, options); });
    EXPECT_EQ(error.code(), ErrorCode::not_finite);
    const std::size_t batch = place / static_cast<std::size_t>(options.batch_size) + 1;
    EXPECT_THAT(error.message(), HasSubstr("small diverged"));
    EXPECT_THAT(error.message(), HasSubstr("in epoch 1, batch " + std::to_string(batch) + "."));
    EXPECT_THAT(error.hint(), AllOf(HasSubstr("learning_rate (it is 0.01)"), HasSubstr("clip = 1")));
  }
}

TEST(Trainer, SaysSoWhereLearningRunsAway) {
  SmallTask task({.noisy = false});
  TrainingOptions options = small_training();
  options.optimizer = OptimizerKind::sgd;
  options.learning_rate = 90;
  const Error error = error_of([&] { train_small(task, options); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_THAT(error.message(), ContainsRegex("epoch [0-9]+"));
  options.clip = 0.01;  // the remedy of its hint
  options.learning_rate = 1;
  EXPECT_NO_THROW(train_small(*std::make_unique<SmallTask>(), options));
}

TEST(Trainer, NamesTheEpochWhoseValidationIsNoNumber) {
  ScriptedTask task({5, std::numeric_limits<double>::quiet_NaN()});
  const Error error = error_of([&] { train_small(task, small_training()); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("inner validation part"), HasSubstr("after epoch 2")));
  EXPECT_THAT(error.hint(), HasSubstr("learning_rate"));
}

TEST(Trainer, TellsHowFarItIsByBatchesAndEpochs) {
  std::size_t batches = 0;
  std::size_t epochs = 0;
  ContextOptions surroundings;
  surroundings.progress = [&](const ProgressEvent& event) {
    EXPECT_EQ(event.stage, "small");
    EXPECT_EQ(event.total % 4, 0U);
    EXPECT_GT(event.total, 4U);
    if (!event.epoch) {
      EXPECT_EQ(event.done, batches++) << "the first one says that it begins";
      EXPECT_FALSE(event.loss || event.metric);
      return;
    }
    EXPECT_EQ(event.epoch, ++epochs);
    EXPECT_EQ(event.done, epochs * event.total / 4);
    ASSERT_TRUE(event.loss && event.metric && event.seconds_left);
    EXPECT_GT(*event.loss, 0);
    EXPECT_EQ(event.metric->name, "mse");
    EXPECT_GT(event.metric->value, 0);
    EXPECT_EQ(*event.seconds_left == 0, event.done == event.total);
  };
  SmallTask task;
  TrainingOptions options = small_training();
  options.epochs = 4;
  train_small(task, options, surroundings);
  EXPECT_EQ(epochs, 4U);
}

TEST(Trainer, StopsWithinAnEpochWhenAsked) {
  class Stopping : public SmallTask {
   public:
    Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override {
      if (++calls == 3) cancel.cancel();
      return SmallTask::loss(tape, examples, key, scale);
    }
    int calls = 0;
    CancelToken cancel;
  };
  Stopping task;
  EXPECT_EQ(error_of([&] { train_small(task, small_training(), {.cancel = &task.cancel}); }).code(),
            ErrorCode::canceled);
  EXPECT_LE(task.calls, 4) << "the batch's other shard may still run";
}

TEST(Trainer, GoesThroughAllExamplesEachEpoch) {
  class Counting : public SmallTask {
   public:
    Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override {
      EXPECT_LE(examples.size(), kShardSize);
      const std::lock_guard lock(mutex);
      for (const std::uint32_t example : examples) ++seen[example];
      ++keys[key];
      return SmallTask::loss(tape, examples, key, scale);
    }
    std::mutex mutex;
    std::map<std::uint32_t, int> seen;
    std::map<std::uint64_t, int> keys;
  };
  Counting task;
  TrainingOptions options = small_training();
  options.epochs = 3;
  train_small(task, options, {.threads = 3});
  EXPECT_EQ(task.seen.size(), task.size());
  for (const auto& [example, count] : task.seen) EXPECT_EQ(count, 3) << example;
  EXPECT_EQ(task.keys.size(), 3U * (3 * 2 + 2)) << "batches of 400, 400, 400 and 300 examples have two shards each";
  for (const auto& [key, count] : task.keys) EXPECT_EQ(count, 1) << "each shard draws numbers of its own";
}

TEST(Trainer, MovesRunningStatisticsATenthOfTheWayEachStep) {
  class Normalizing : public ShardedTask {
   public:
    Normalizing() {
      const auto add = [&](const char* name, float start) {
        return &parameters.add(name, ParameterKind::offsets, 1, 1, Start::constant(start));
      };
      norm = {add("gain", 1), add("offset", 0), add("mean", 2), add("variance", 5)};
    }
    std::size_t size() const override { return 2 * kShardSize; }
    Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t, float scale) override {
      const std::span<float> x = tape.arena().allocate<float>(examples.size());
      const std::span<float> targets = tape.arena().allocate<float>(examples.size());
      double shard_mean = 0, shard_variance = 0;
      for (std::size_t n = 0; n < x.size(); ++n) {
        targets[n] = 1;
        x[n] = std::sqrt(static_cast<float>(examples[n]));
        shard_mean += static_cast<double>(x[n]) / kShardSize;
      }
      for (const float one : x) shard_variance += std::pow(static_cast<double>(one) - shard_mean, 2) / kShardSize;
      mean += shard_mean / 2;
      variance += shard_variance / 2;
      return squared_loss(batch_norm(tape.constant(MatrixView<const float>(x.data(), x.size(), 1)), norm), targets,
                          scale);
    }
    ParameterSet parameters;
    BatchNormState norm{};
    double mean = 0, variance = 0;  // of the two shards, averaged
  };
  Normalizing task;
  TrainingOptions options = small_training();
  options.epochs = 1;
  options.batch_size = 2 * kShardSize;
  Context context({.threads = 1});
  train(task.parameters, task, options, {.name = "normalizing", .fingerprint = ""}, context);
  EXPECT_NEAR(task.norm.mean->values(0, 0), 2 + 0.1 * (task.mean - 2), 1e-4);
  EXPECT_NEAR(task.norm.variance->values(0, 0), 5 + 0.1 * (task.variance - 5), 1e-3);
}

TEST(Trainer, RefusesNothingToLearnFrom) {
  SmallTask task({.examples = 0});
  EXPECT_EQ(error_of([&] { train_small(task, small_training()); }).code(), ErrorCode::empty_dataset);
}

TEST(Trainer, ChoosesBatchesThatSuitTheData) {
  TrainingOptions options = small_training();
  EXPECT_EQ(chosen_batch_size(options, 7), 400U) << "as asked";
  options.batch_size = 0;
  EXPECT_EQ(chosen_batch_size(options, 7), 32U);
  EXPECT_EQ(chosen_batch_size(options, 100000000), 2048U);
  std::size_t last = 0;
  for (std::size_t examples = 1; examples < 10000000; examples = examples * 3 + 1) {
    const std::size_t size = chosen_batch_size(options, examples);
    EXPECT_GE(size, last);
    EXPECT_EQ(size & (size - 1), 0U);
    last = size;
  }
}

}  // namespace
}  // namespace gusto::nn
