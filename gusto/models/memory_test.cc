// What models say that they need, and what they take.

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/allocations.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// Events of a few popular items and many others, at times in order.
std::shared_ptr<const Dataset> long_tail(std::size_t users, std::size_t items, std::size_t most_each) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < users; ++u) {
    Random random(7, "long tail", u);
    std::vector<bool> has(items);
    for (std::size_t n = 0; n < 1 + u % most_each; ++n) {
      const double draw = random.uniform();
      const auto item = static_cast<std::size_t>(draw * draw * draw * static_cast<double>(items));
      if (has[item]) continue;
      has[item] = true;
      events.push_back(
          {UserRow(u), ItemRow(item), static_cast<float>(1 + random.below(5)), static_cast<std::int64_t>(n)});
    }
  }
  return test::dataset_of(users, items, events);
}

struct Case {
  const char* model;
  Settings settings;
  Task task = Task::top_n;
  std::size_t users = 6000;
  std::size_t items = 800;
};

std::vector<Case> cases() {
  return {
      {"ials", {{"dim", 64}, {"epochs", 1}}},
      {"ials", {{"dim", 8}, {"epochs", 1}}, Task::likes},
      {"als", {{"dim", 64}, {"epochs", 1}}},
      {"als", {{"dim", 16}, {"epochs", 1}}, Task::ratings},
      {"ease", {}},
      {"ease", {{"window", 0}}, Task::likes, 400, 1500},
      {"slim", {{"neighbors", 50}}, Task::top_n, 3000, 600},
      {"slim", {}, Task::likes, 2000, 300},
      {"graph", {{"dim", 64}}},
      {"graph", {}, Task::likes},
      {"random-walk", {}},
      {"random-walk", {{"neighbors", 20}}, Task::likes},
      {"svd", {{"dim", 64}}},
      {"svd", {}, Task::ratings},
      {"item-knn", {}},
      {"item-knn", {}, Task::ratings},
  };
}

TEST(Memory, FittingAndScoringTakeNoMoreThanWasSaid) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  for (const Case& of : cases()) {
    const auto data = long_tail(of.users, of.items, 60);
    Context context({.threads = 3});
    const std::unique_ptr<Model> model = make_model(of.model, of.settings);
    const std::uint64_t need = model->memory_need(*data, of.task, context.threads());
    const std::size_t peak = test::peak_of([&] {
      model->fit(data, of.task, context);
      test::scores_of(*model, Query::known(UserRow(1)));
    });
    EXPECT_LE(peak, need) << of.model << " for " << to_string(of.task);
    EXPECT_GE(peak, need / 4) << of.model << " for " << to_string(of.task) << " asks for far too much";
  }
}

}  // namespace
}  // namespace gusto
