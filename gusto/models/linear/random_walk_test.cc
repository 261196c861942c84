#include "gusto/models/linear/random_walk.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// Every walk of three steps from the user, one by one, in double.
std::vector<double> plain_walk(const Dataset& data, UserRow user, double alpha, double beta) {
  std::vector<double> reached(data.item_count());
  for (const ItemRow mine : data.history(user).items) {
    const auto people = data.item_events(mine).users;
    const double to_person = std::pow(1 / static_cast<double>(people.size()), alpha);
    for (const UserRow person : people) {
      const auto items = data.history(person).items;
      const double to_item = std::pow(1 / static_cast<double>(items.size()), alpha);
      for (const ItemRow item : items) {
        if (item == mine) continue;
        const auto events = static_cast<double>(data.item_events(item).size());
        reached[item.index] += to_person * to_item / std::pow(events, beta);
      }
    }
  }
  return reached;
}

TEST(RandomWalk, ScoresAreTheSumsOverAllWalks) {
  const auto data = test::three_tastes();
  for (const double beta : {0.0, 0.6}) {
    RandomWalkModel model({.neighbors = 1000, .alpha = 1.3, .beta = beta, .normalization = 0});
    Context context({.threads = 2});
    model.fit(data, Task::top_n, context);
    for (std::size_t u = 0; u < data->user_count(); ++u) {
      const std::vector<float> scores = test::scores_of(model, Query::known(UserRow(u)));
      const std::vector<double> expected = plain_walk(*data, UserRow(u), 1.3, beta);
      for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-5 * (1 + expected[i]));
    }
  }
}

TEST(RandomWalk, KeepsTheLikeliestEnds) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  RandomWalkModel all({.neighbors = 1000, .normalization = 0});
  RandomWalkModel some({.neighbors = 5, .normalization = 0});
  all.fit(data, Task::top_n, context);
  some.fit(data, Task::top_n, context);
  std::vector<float> before(data->item_count());
  std::vector<float> after(data->item_count());
  for (std::size_t j = 0; j + 1 < data->item_count(); ++j) {
    all.item_similarity(ItemRow(j), before);
    some.item_similarity(ItemRow(j), after);
    std::size_t kept = 0;
    float least_kept = 1e9F;
    float most_left = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (after[i] > 0) {
        EXPECT_EQ(after[i], before[i]);
        ++kept;
        least_kept = std::min(least_kept, before[i]);
      } else {
        most_left = std::max(most_left, before[i]);
      }
    }
    EXPECT_EQ(kept, 5U);
    EXPECT_GE(least_kept, most_left);
  }
}

TEST(RandomWalk, NormalizationMakesEveryItemPassOnAsMuch) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  RandomWalkModel model({.neighbors = 20, .normalization = 1});
  model.fit(data, Task::top_n, context);
  std::vector<float> weights(data->item_count());
  for (std::size_t j = 0; j + 1 < data->item_count(); ++j) {
    model.item_similarity(ItemRow(j), weights);
    double sum = 0;
    for (const float weight : weights) sum += static_cast<double>(weight);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(RandomWalk, StrongPowersLeaveNoNeighborOut) {
  // Two items that nearly everybody has one of, and one busy person both: 1 / (30000 · 1000 · 30000)⁴ ⁄ ¹⁺¹⁺¹ is no
  // float.
  constexpr std::size_t kAudience = 30000;
  constexpr std::size_t kBusy = 2 * kAudience;
  std::vector<Event> events;
  for (std::size_t u = 0; u < kBusy; ++u) events.push_back({UserRow(u), ItemRow(u % 2)});
  for (std::size_t i = 0; i < 1000; ++i) events.push_back({UserRow(kBusy), ItemRow(i)});
  RandomWalkModel model({.neighbors = 1000, .alpha = 4, .beta = 4, .normalization = 1});
  Context context({.threads = 1});
  model.fit(test::dataset_of(kBusy + 1, 1000, events), Task::top_n, context);
  std::vector<float> alike(1000);
  model.item_similarity(ItemRow(0), alike);
  EXPECT_GT(alike[1], 0);
  EXPECT_LT(alike[1], alike[2]);
}

}  // namespace
}  // namespace gusto
