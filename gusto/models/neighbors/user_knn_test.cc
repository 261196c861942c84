#include "gusto/models/neighbors/user_knn.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::dataset_of;
using test::event;
using test::random_events;
using test::scores_of;

TEST(UserKnn, PredictsAHandComputedCase) {
  // Biases are held at zero, so x = r − μ with μ = 3: user 0 has (2, −2), user 1 (2, −2, 1), user 2 (−1, 0).
  const auto data = dataset_of(
      3, 3,
      {event(0, 0, 5), event(0, 1, 1), event(1, 0, 5), event(1, 1, 1), event(1, 2, 4), event(2, 1, 2), event(2, 2, 3)});
  Context context({.threads = 1});
  UserKnnModel model({.shrinkage = 1, .power = 2, .damping = 0.25, .reg_item = 1e6, .reg_user = 1e6});
  model.fit(data, Task::ratings, context);
  const double near = std::pow(8 / std::sqrt(8.0 * 9.0) * 2 / 3, 2);
  const double far = std::pow(2 / std::sqrt(8.0 * 1.0) * 1 / 2, 2);
  const Query query = Query::known(UserRow(0));
  const ItemRow item(2);
  float found = 0;
  model.predict({&query, 1}, {&item, 1}, {&found, 1});
  EXPECT_NEAR(found, 3 + (near * 1 + far * 0) / (near + far + 0.25), 1e-4);
  EXPECT_EQ(scores_of(model, query)[2], found);
}

TEST(UserKnn, RanksAHandComputedCase) {
  // User 0 has items 0 and 1. User 1 shares both and adds item 2; user 2 shares one and adds items 2 and 3.
  const auto data = dataset_of(
      3, 4, {event(0, 0), event(0, 1), event(1, 0), event(1, 1), event(1, 2), event(2, 1), event(2, 2), event(2, 3)});
  Context context({.threads = 1});
  UserKnnModel model({.shrinkage = 0, .power = 1, .vote_power = 0, .popularity_damping = 1});
  model.fit(data, Task::top_n, context);
  const std::vector<float> scores = scores_of(model, Query::known(UserRow(0)));
  const float near = 2 / std::sqrt(6.0F), far = 1 / std::sqrt(6.0F);
  EXPECT_FLOAT_EQ(scores[2], (near + far) / 2);
  EXPECT_FLOAT_EQ(scores[3], far / 1);
}

TEST(UserKnn, LeavesOutThoseWhoKnowNothingNew) {
  const auto data = dataset_of(3, 3, {event(0, 0), event(0, 1), event(1, 0), event(2, 0), event(2, 1), event(2, 2)});
  Context context({.threads = 1});
  UserKnnModel model({.neighbors = 1});
  model.fit(data, Task::top_n, context);
  const auto parts = model.explain(Query::known(UserRow(0)), ItemRow(2));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].user, UserRow(2));
  std::vector<float> similarity(3);
  model.user_similarity(Query::known(UserRow(0)), similarity);
  EXPECT_FLOAT_EQ(similarity[0], 1);
  EXPECT_GT(similarity[1], 0);
}

TEST(UserKnn, ContributionsSumToTheScoreForKnownAndNewUsers) {
  const auto data = dataset_of(60, 20, random_events(60, 20));
  const std::vector<HistoryEvent> history{{ItemRow(3), 5}, {ItemRow(8), 2}, {ItemRow(11), 4}};
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    Context context({.threads = 2});
    UserKnnModel model({.neighbors = 7, .damping = 0.1});
    model.fit(data, task, context);
    for (const Query& query : {Query::known(UserRow(5)), Query::with_history(history)}) {
      const std::vector<float> scores = scores_of(model, query);
      for (std::size_t i = 0; i < 20; ++i) {
        double sum = 0;
        for (const Contribution& part : model.explain(query, ItemRow(i))) sum += part.amount;
        EXPECT_NEAR(sum, scores[i], 1e-5);
      }
    }
  }
}

TEST(UserKnn, ATrainingUsersOwnHistoryGetsHerOwnScores) {
  const auto data = dataset_of(60, 20, random_events(60, 20));
  for (const Task task : {Task::ratings, Task::top_n}) {
    Context context({.threads = 2});
    UserKnnModel model;
    model.fit(data, task, context);
    for (std::size_t u = 0; u < 60; ++u) {
      const std::vector<HistoryEvent> events = events_of(data->history(UserRow(u)));
      EXPECT_EQ(scores_of(model, Query::known(UserRow(u))), scores_of(model, Query::with_history(events)));
    }
  }
}

}  // namespace
}  // namespace gusto
