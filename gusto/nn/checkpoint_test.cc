#include "gusto/nn/checkpoint.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/nn/testing/training.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using gusto::test::TemporaryFolder;
using test::every_training;
using test::learned;
using test::NamedTraining;
using test::small_training;
using test::SmallTask;
using testing::HasSubstr;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A training with a checkpoint. After `stop_after` epochs, counted in all, it is asked to stop.
struct Trained {
  std::vector<float> parameters;
  TrainingResult result;
  std::size_t epochs = 0;  // of this run
};
Trained run(const std::filesystem::path& file, const TrainingOptions& options, std::size_t stop_after = 0,
            unsigned threads = 1, std::uint64_t seed = 42, std::string_view fingerprint = "as always",
            std::string_view name = "small") {
  Trained trained;
  CancelToken cancel;
  ContextOptions surroundings;
  surroundings.threads = threads;
  surroundings.cancel = &cancel;
  surroundings.progress = [&](const ProgressEvent& event) {
    if (event.epoch) ++trained.epochs;
    if (event.epoch == stop_after) cancel.cancel();
  };
  Context context(surroundings);
  SmallTask task({.reg = 0.001F});
  const auto begin = [&] {
    trained.result = train(task.parameters, task, options, {name, std::string(fingerprint), seed, file}, context);
  };
  if (stop_after > 0) {
    EXPECT_EQ(error_of(begin).code(), ErrorCode::canceled);
  } else {
    begin();
  }
  trained.parameters = learned(task.parameters);
  return trained;
}

class Checkpoints : public testing::Test {
 protected:
  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "checkpoint";
};
class CheckpointTest : public Checkpoints, public testing::WithParamInterface<NamedTraining> {};

TEST_P(CheckpointTest, StoppedAfterAnyEpochAndResumedEqualsUninterrupted) {
  TrainingOptions options = GetParam().options;
  options.epochs = 4;
  const Trained whole = run(folder.path() / "whole", options);
  ASSERT_EQ(whole.epochs, 4U);
  EXPECT_EQ(whole.parameters, run({}, options).parameters) << "a checkpoint changes nothing";
  for (std::size_t stop = 1; stop < 4; ++stop) {
    std::filesystem::remove(file);
    EXPECT_EQ(run(file, options, stop).epochs, stop);
    const Trained rest = run(file, options, 0, /*threads=*/2);
    EXPECT_EQ(rest.epochs, 4 - stop);
    EXPECT_EQ(rest.parameters, whole.parameters);
    EXPECT_EQ(rest.result.best_epoch, whole.result.best_epoch);
    EXPECT_EQ(rest.result.loss, whole.result.loss);
    EXPECT_EQ(rest.result.validation, whole.result.validation);
    EXPECT_EQ(bytes_of(file), bytes_of(folder.path() / "whole"));
  }
}

TEST_P(CheckpointTest, StoppedAfterEachEpochInTurnEqualsUninterrupted) {
  TrainingOptions options = GetParam().options;
  options.epochs = 4;
  for (std::size_t stop = 1; stop < 4; ++stop) EXPECT_EQ(run(file, options, stop).epochs, 1U);
  EXPECT_EQ(run(file, options).parameters, run({}, options).parameters);
}

INSTANTIATE_TEST_SUITE_P(Every, CheckpointTest, testing::ValuesIn(every_training()),
                         [](const auto& each) { return each.param.name; });

TEST_F(Checkpoints, AFinishedRunIsNotTrainedFurther) {
  const Trained first = run(file, small_training());
  const Trained again = run(file, small_training());
  EXPECT_EQ(again.epochs, 0U);
  EXPECT_EQ(again.parameters, first.parameters);
}

TEST_F(Checkpoints, EarlyStoppingRemembersItsPatience) {
  TrainingOptions options = small_training();
  options.learning_rate = 0.2;  // soon at its best
  options.epochs = 60;
  options.patience = 2;
  const Trained whole = run({}, options);
  ASSERT_LT(whole.epochs, 60U);
  ASSERT_GT(whole.epochs, 3U);
  run(file, options, whole.epochs - 1);
  const Trained rest = run(file, options);
  EXPECT_EQ(rest.epochs, 1U);
  EXPECT_EQ(rest.parameters, whole.parameters);
}

TEST_F(Checkpoints, OfAnotherRunAreRefused) {
  run(file, small_training());
  const std::string before = bytes_of(file);
  const auto refused = [&](std::uint64_t seed, std::string_view fingerprint, std::string_view name) {
    const Error error = error_of([&] { run(file, small_training(), 0, 1, seed, fingerprint, name); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_THAT(error.message(), HasSubstr(file.string()));
    EXPECT_THAT(error.message(), HasSubstr("is not a checkpoint of this training of " + std::string(name)));
    EXPECT_THAT(error.hint(), HasSubstr("options, data and seed"));
  };
  refused(43, "as always", "small");
  refused(42, "dim=8", "small");
  refused(42, "as always", "other");
  EXPECT_EQ(bytes_of(file), before) << "and left as they are";
}

TEST_F(Checkpoints, OtherFilesAreRefused) {
  TensorWriter out;
  out.set_metadata("format", "gusto-model");
  out.set_metadata("format_version", "1");
  out.add("epochs", std::vector<std::uint64_t>{1, 1});
  out.write(file);
  EXPECT_EQ(error_of([&] { run(file, small_training()); }).code(), ErrorCode::invalid_input);
}

TEST_F(Checkpoints, CutShortOrDamagedAreCorrupt) {
  run(file, small_training());
  const std::string whole = bytes_of(file);
  const auto corrupt = [&](const std::string& bytes) {
    const std::filesystem::path damaged = folder.write("damaged", bytes);
    const Error error = error_of([&] { run(damaged, small_training()); });
    EXPECT_EQ(error.code(), ErrorCode::corrupt_file) << error.what();
    EXPECT_THAT(error.message(), HasSubstr(damaged.string()));
  };
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    corrupt(whole.substr(0, length));
  }
  for (std::size_t at = whole.size() / 2; at < whole.size(); at += whole.size() / 7) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    corrupt(changed);
  }
}

TEST_F(Checkpoints, ThatContradictThemselvesAreCorrupt) {
  run(file, small_training());
  const auto rewrite = [&](std::vector<std::uint64_t> epochs) {
    const TensorFile in = TensorFile::open(file);
    TensorWriter out;
    for (const char* key : {"format", "format_version", "run"}) out.set_metadata(key, in.metadata(key));
    out.add("epochs", epochs);
    out.add("errors", in.vector<double>("errors", 2));
    out.add("optimizer/steps", in.vector<std::uint64_t>("optimizer/steps", 1));
    const SmallTask task;
    for (std::size_t p = 0; p < task.parameters.size(); ++p) {
      const Parameter& one = task.parameters[p];
      for (const char* part : {"parameters/", "optimizer/first/", "optimizer/second/", "best/"}) {
        out.add(part + one.name, in.matrix<float>(part + one.name, one.values.rows(), one.values.cols()));
      }
    }
    const std::filesystem::path made = folder.path() / "made";
    out.write(made);
    return error_of([&] { run(made, small_training()); }).code();
  };
  EXPECT_EQ(rewrite({4, 2}), ErrorCode::internal) << "no error: it could be one";
  EXPECT_EQ(rewrite({2, 4}), ErrorCode::corrupt_file) << "the best epoch is still to come";
}

TEST_F(Checkpoints, WhereNothingCanBeWrittenAreAnErrorOfTheSystem) {
  const Error error = error_of([&] { run(folder.path() / "missing" / "checkpoint", small_training()); });
  EXPECT_TRUE(error.code() == ErrorCode::io || error.code() == ErrorCode::not_found) << error.what();
}

}  // namespace
}  // namespace gusto::nn
