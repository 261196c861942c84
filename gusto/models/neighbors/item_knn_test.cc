#include "gusto/models/neighbors/item_knn.h"

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

float predict(const Model& model, const Query& query, ItemRow item) {
  float result = 0;
  model.predict({&query, 1}, {&item, 1}, {&result, 1});
  return result;
}

TEST(ItemKnn, PredictsAHandComputedCase) {
  // Biases are held at zero, so x = r − μ with μ = 3.4: item 0 has (1.6, −2.4, 1.6), item 1 has (1.6, −2.4).
  const auto data = dataset_of(3, 2, {event(0, 0, 5), event(0, 1, 5), event(1, 0, 1), event(1, 1, 1), event(2, 0, 5)});
  Context context({.threads = 1});
  ItemKnnModel model({.shrinkage = 2, .power = 2, .damping = 0.5, .reg_item = 1e6, .reg_user = 1e6});
  model.fit(data, Task::ratings, context);
  const double cosine = (1.6 * 1.6 + 2.4 * 2.4) / std::sqrt((2 * 1.6 * 1.6 + 2.4 * 2.4) * (1.6 * 1.6 + 2.4 * 2.4));
  const double weight = std::pow(cosine * 2 / (2 + 2), 2);
  EXPECT_NEAR(predict(model, Query::known(UserRow(2)), ItemRow(1)), 3.4 + weight * 1.6 / (weight + 0.5), 1e-4);
  EXPECT_NEAR(scores_of(model, Query::known(UserRow(2)))[1], 3.4 + weight * 1.6 / (weight + 0.5), 1e-4);
}

TEST(ItemKnn, RanksAHandComputedCase) {
  // n = 4, 2, 1; in common: items 0 and 1 two users, items 0 and 2 one.
  const auto data =
      dataset_of(4, 3, {event(0, 0), event(0, 1), event(1, 0), event(1, 1), event(2, 0), event(2, 2), event(3, 0)});
  Context context({.threads = 1});
  ItemKnnOptions options{.shrinkage = 0, .power = 1, .vote_power = 0, .popularity_power = 0, .normalization = 0};
  ItemKnnModel plain(options);
  plain.fit(data, Task::top_n, context);
  const std::vector<float> scores = scores_of(plain, Query::known(UserRow(3)));
  EXPECT_FLOAT_EQ(scores[0], 0);
  EXPECT_FLOAT_EQ(scores[1], 2 / std::sqrt(8.0F));
  EXPECT_FLOAT_EQ(scores[2], 1 / std::sqrt(4.0F));

  // Users' histories have 2, 2, 2 and 1 events, 7/4 on average: votes of 7/8 and 7/4.
  options.vote_power = 1;
  ItemKnnModel voted(options);
  voted.fit(data, Task::top_n, context);
  const float n_0 = 3 * 0.875F + 1.75F;
  EXPECT_FLOAT_EQ(scores_of(voted, Query::known(UserRow(3)))[1], 1.75F / std::sqrt(n_0 * 1.75F));
  EXPECT_FLOAT_EQ(scores_of(voted, Query::known(UserRow(3)))[2], 0.875F / std::sqrt(n_0 * 0.875F));

  // A whole normalization makes a score the share of an item's neighbors that were seen.
  options.normalization = 1;
  ItemKnnModel shares(options);
  shares.fit(data, Task::top_n, context);
  EXPECT_FLOAT_EQ(scores_of(shares, Query::known(UserRow(3)))[1], 1);
}

TEST(ItemKnn, ListsAreTheSameHoweverTheirCellsAreVisited) {
  const std::vector<Event> events = random_events(60, 20);
  // Among so many items without events, a row's cells are found by going through the histories again.
  const auto dense = dataset_of(60, 20, events);
  const auto sparse = dataset_of(60, 100000, events);
  for (const Task task : {Task::ratings, Task::top_n}) {
    Context context({.threads = 3});
    ItemKnnModel a({.similarity = Similarity::cosine, .neighbors = 5}), b({.neighbors = 5});
    a.fit(dense, task, context);
    b.fit(sparse, task, context);
    std::vector<float> in_dense(20), in_sparse(100000);
    for (std::size_t i = 0; i < 20; ++i) {
      a.item_similarity(ItemRow(i), in_dense);
      b.item_similarity(ItemRow(i), in_sparse);
      in_sparse.resize(20);
      EXPECT_THAT(in_sparse, testing::Pointwise(testing::FloatEq(), in_dense));
      in_sparse.resize(100000);
    }
  }
}

TEST(ItemKnn, ContributionsSumToTheScoreForKnownAndNewUsers) {
  const auto data = dataset_of(60, 20, random_events(60, 20));
  const std::vector<HistoryEvent> history{{ItemRow(3), 5}, {ItemRow(8), 2}, {ItemRow(11), 4}};
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    Context context({.threads = 2});
    ItemKnnModel model({.neighbors = 4, .damping = 0.1});
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

TEST(ItemKnn, UsesNoMoreNeighborsThanAsked) {
  const auto data = dataset_of(60, 20, random_events(60, 20));
  Context context({.threads = 1});
  ItemKnnModel model({.neighbors = 2, .stored_neighbors = 6});
  model.fit(data, Task::ratings, context);
  std::vector<float> similarity(20);
  model.item_similarity(ItemRow(0), similarity);
  EXPECT_LE(std::count_if(similarity.begin(), similarity.end(), [](float s) { return s > 0; }), 6);
  const auto parts = model.explain(Query::known(UserRow(1)), ItemRow(0));
  EXPECT_LE(std::count_if(parts.begin(), parts.end(), [](const Contribution& c) { return c.item.has_value(); }), 2);
}

}  // namespace
}  // namespace gusto
