#include <mutex>

#include <gmock/gmock.h>

#include "gusto/base/testing/allocations.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/losses.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/gradients.h"
#include "gusto/nn/testing/training.h"

namespace gusto::nn {
namespace {

using gusto::test::allocations;

TEST(Tape, AllocatesNothingAfterItsFirstStep) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  constexpr std::size_t kRows = 70;
  ParameterSet set;
  const auto add = [&](const char* name, ParameterKind kind, std::size_t rows, std::size_t cols) -> Parameter& {
    return set.add(name, kind, rows, cols, Start::normal(0.1F));
  };
  Parameter& users = add("users", ParameterKind::embedding, 30, 16);
  Parameter& items = add("items", ParameterKind::embedding, 20, 16);
  Parameter& user_biases = add("user biases", ParameterKind::embedding, 30, 1);
  Parameter& weights = add("weights", ParameterKind::weights, 48, 24);
  Parameter& bias = add("bias", ParameterKind::offsets, 1, 24);
  Parameter& last = add("last", ParameterKind::weights, 24, 1);
  Parameter& gain = add("gain", ParameterKind::offsets, 1, 24);
  Parameter& offset = add("offset", ParameterKind::offsets, 1, 24);
  Parameter& mean = set.add("mean", ParameterKind::offsets, 1, 24, Start::constant(0));
  Parameter& variance = set.add("variance", ParameterKind::offsets, 1, 24, Start::constant(1));
  std::vector<std::uint32_t> ids(kRows);
  for (std::uint32_t r = 0; r < kRows; ++r) ids[r] = r % 20;
  const std::vector<float> targets(kRows, 1), scaled(kRows, 0.5F);
  const Bag bag{kRows, ids, {}, {}}, weighted{kRows, ids, {}, scaled};

  Tape tape;
  const auto step = [&](std::uint64_t key) {
    tape.begin(Mode::train, key);
    const Lookup lookups[] = {{&users, bag}, {&items, weighted}, {&user_biases, bag}};
    const Var found = embedding_lookup(tape, lookups);
    const Var user = columns(found, 0, 16), item = columns(found, 16, 32), own = columns(found, 32, 33);
    const Var parts[] = {user, item, user * item};
    const Var hidden =
        dropout(relu(batch_norm(dense(concat(parts), weights, bias), {&gain, &offset, &mean, &variance})), 0.2);
    const Var pooled = row_sum(fm_pooling(columns(found, 0, 32), 2));
    const Var score = dense(layer_norm(gelu(hidden), gain, offset), last) + dot(user, item) + own + pooled;
    tape.backward(logistic_loss(score + cosine_logit(affine(cosine(user, item), 0.5F)), targets, 1.0F / kRows));
    return tape.sparse().size() + tape.dense().size();
  };
  const std::size_t gradients = step(0);
  EXPECT_EQ(gradients, 3 + 5U);
  const std::size_t bytes = tape.arena().bytes(), before = allocations;
  for (std::uint64_t key = 1; key < 5; ++key) step(key);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(tape.arena().bytes(), bytes);
  const std::vector<int> something(static_cast<std::size_t>(kRows));
  EXPECT_GT(allocations, before) << "the count counts";
}

/// Notes how many allocations there were when each batch began.
class WatchedTask : public test::SmallTask {
 public:
  WatchedTask() : SmallTask({.examples = 30000, .reg = 0.01F}) { at_batch.reserve(kMost); }
  Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override {
    const std::lock_guard lock(mutex_);
    if (at_batch.size() < kMost) at_batch.push_back(allocations);
    return SmallTask::loss(tape, examples, key, scale);
  }
  std::vector<std::size_t> at_batch;  ///< or more exactly, at each of its two shards

 private:
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex_;
};

TEST(Trainer, AllocatesNothingAfterItsFirstBatches) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  for (const unsigned threads : {1U, 2U}) {
    for (const test::NamedTraining& each : test::every_training()) {
      WatchedTask task;
      TrainingOptions options = each.options;
      options.epochs = 1;
      Context context({.threads = threads});
      train(task.parameters, task, options, {.name = each.name, .fingerprint = ""}, context);
      ASSERT_EQ(task.at_batch.size(), 2 * 75U);
      EXPECT_EQ(task.at_batch.back() - task.at_batch[10], 0U) << each.name << " on " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace gusto::nn
