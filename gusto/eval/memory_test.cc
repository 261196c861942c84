// What models say that they need, and what fitting and measuring them takes.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/allocations.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/compare_entry.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

/// Events of a few popular items and many others, at times in order, and the last tenth of them as a test part.
Fold fold_with_long_tail(std::size_t users, std::size_t items, std::size_t most_each) {
  std::vector<Event> train, test;
  for (std::size_t u = 0; u < users; ++u) {
    Random random(7, "long tail", u);
    std::vector<bool> has(items);
    for (std::size_t n = 0; n < 1 + u % most_each; ++n) {
      const double draw = random.uniform();
      const auto item = static_cast<std::size_t>(draw * draw * draw * static_cast<double>(items));
      if (has[item]) continue;
      has[item] = true;
      const auto value = static_cast<float>(1 + random.below(5));
      (n % 10 == 9 ? test : train).push_back({UserRow(u), ItemRow(item), value, static_cast<std::int64_t>(n)});
    }
  }
  Fold fold;
  fold.train = test::dataset_of(users, items, train);
  std::sort(test.begin(), test.end(),
            [](const Event& a, const Event& b) { return std::pair(a.user, a.item) < std::pair(b.user, b.item); });
  fold.test = std::move(test);
  return fold;
}

struct MemorySize {
  std::size_t users, items;
  unsigned threads;
  // What is stated is no more than so many times what it takes; 0: not checked. Of several threads it is up to the
  // system how many work at the same moment.
  std::size_t tightness;
};

class MemoryTest : public ::testing::TestWithParam<test::ConformanceCase> {};

TEST_P(MemoryTest, FittingAndMeasuringTakeNoMoreThanWasSaid) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  const auto& [info, task] = GetParam();
  if (!can_do(*info, task)) GTEST_SKIP() << "it can't do that";
  Settings settings;
  for (const Field& field : info->fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 1);
  }
  for (const MemorySize& size : {MemorySize{400, 900, 1, 4}, {4000, 500, 1, 3}, {4000, 500, 3, 0}}) {
    Fold fold = fold_with_long_tail(size.users, size.items, 50);
    if (test::needs_features(*info)) fold.train = test::with_features(*fold.train, 3);
    std::vector<ItemRow> candidates;
    for (std::size_t i = 0; i < size.items; ++i) candidates.emplace_back(i);
    Context context({.threads = size.threads});
    const std::unique_ptr<Model> model = info->make(settings);
    EvaluateOptions options;
    options.task = task;
    const std::uint64_t need = model->memory_need(*fold.train, task, context.threads()) +
                               detail::evaluation_memory(*model, fold, options, context.threads());
    const std::size_t before = test::live_bytes;
    const std::size_t fit = test::peak_of([&] { model->fit(fold.train, task, context); });
    const std::size_t kept = test::live_bytes - before;
    const std::size_t measured = test::peak_of([&] { evaluate(*model, fold, candidates, options, context); });
    const std::size_t peak = std::max(fit, kept + measured);
    EXPECT_LE(peak, need) << size.users << " users, " << size.threads << " threads: fit " << fit << ", measured "
                          << kept << " + " << measured;
    if (size.tightness == 0) continue;
    EXPECT_GE(peak, need / size.tightness) << size.users << " users: it asks for far too much";
  }
}

INSTANTIATE_TEST_SUITE_P(Every, MemoryTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
