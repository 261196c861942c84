// Test users who bring a history instead of being trained on, and items that are withheld.

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/testing/function_model.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using testing::ElementsAre;

std::unique_ptr<Model> make_following(const Settings&);

Abilities following_abilities() {
  Abilities abilities;
  abilities.personalized = true;
  abilities.predicts_ratings = true;
  abilities.fold_in = FoldIn::exact;
  return abilities;
}
const ModelInfo kFollowing{"following", "", "", {}, following_abilities(), make_following};
const ModelInfo kNoFoldIn{"told", "", "", {}, test::function_abilities(false), test::make_function_model};

// Scores the item after the last of the history best, then the one after that, and so on, around; predicts how many
// events the history has.
class FollowingModel : public Model {
 public:
  const ModelInfo& info() const override { return kFollowing; }
  Settings settings() const override { return {}; }
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}

 protected:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_predict(std::span<const Query> queries, std::span<const ItemRow>, std::span<float> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(queries[i].history.size());
  }
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const std::size_t last = queries[q].history.empty() ? 0 : queries[q].history.back().item.index;
      for (std::size_t i = 0; i < scores.cols; ++i) {
        scores(q, i) = static_cast<float>((last + scores.cols - i) % scores.cols);
      }
    }
  }
};
std::unique_ptr<Model> make_following(const Settings&) { return std::make_unique<FollowingModel>(); }

std::vector<ItemRow> items(std::size_t count) {
  std::vector<ItemRow> result;
  for (std::size_t i = 0; i < count; ++i) result.emplace_back(i);
  return result;
}

Evaluation measure(const Fold& fold, Task task, std::size_t k, std::vector<std::string> metrics, unsigned threads = 1) {
  EvaluateOptions options;
  options.task = task;
  options.k = {k};
  options.metrics = std::move(metrics);
  Context context({.threads = threads});
  FollowingModel model;
  model.fit(fold.train, task, context);
  return evaluate(model, fold, items(fold.train->item_count()), options, context);
}

// Users 1 and 2 are held out: 1 has item 2 and is to find 3 and 0; 2 has 4 and is to find 1.
Fold held_out() {
  Fold fold;
  fold.train = test::dataset_of(3, 6, {{UserRow(0), ItemRow(0), 1}, {UserRow(0), ItemRow(5), 9}});
  fold.test = {{UserRow(1), ItemRow(0), 2}, {UserRow(1), ItemRow(3), 2}, {UserRow(2), ItemRow(1), 3}};
  fold.histories.users = {UserRow(1), UserRow(2)};
  fold.histories.offsets = {0, 1, 2};
  fold.histories.events = {{ItemRow(2)}, {ItemRow(4)}};
  return fold;
}

TEST(EvaluateHistories, HeldOutUsersAreAskedForWithTheirHistory) {
  // User 1's list is 3 4, that of user 2 is 5 0; nobody is recommended what they bring.
  const Evaluation found = measure(held_out(), Task::top_n, 2, {"recall", "hit-rate"});
  EXPECT_EQ(found.users, 2U);
  ASSERT_EQ(found.estimates.size(), 2U);
  EXPECT_DOUBLE_EQ(found.estimates[0].mean, .5);   // hit-rate
  EXPECT_DOUBLE_EQ(found.estimates[1].mean, .25);  // recall
  const Evaluation all = measure(held_out(), Task::top_n, 6, {"recall", "precision"});
  EXPECT_DOUBLE_EQ(all.estimates[0].mean, (2. + 1.) / 6 / 2);
  EXPECT_DOUBLE_EQ(all.estimates[1].mean, 1);
}

TEST(EvaluateHistories, RatingsAreAskedForSoToo) {
  const Evaluation found = measure(held_out(), Task::ratings, 1, {"mae"});  // each history has one event
  EXPECT_DOUBLE_EQ(found.estimates[0].mean, (1. + 1. + 2.) / 3);
}

// User 0 goes 0 1 3 4, trained on the first two; user 1, who is new, goes 2 3.
Fold each_event() {
  Fold fold;
  fold.train = test::dataset_of(2, 5, {{UserRow(0), ItemRow(0), 1}, {UserRow(0), ItemRow(1), 4}});
  fold.test = {{UserRow(0), ItemRow(3), 2},
               {UserRow(0), ItemRow(4), 4},
               {UserRow(1), ItemRow(2), 1},
               {UserRow(1), ItemRow(3), 1}};
  fold.histories.users = {UserRow(0), UserRow(1)};
  fold.histories.offsets = {0, 4, 6};
  fold.histories.events = {{ItemRow(0)}, {ItemRow(1)}, {ItemRow(3)}, {ItemRow(4)}, {ItemRow(2)}, {ItemRow(3)}};
  fold.histories.before = {2, 3, 0, 1};
  return fold;
}

TEST(EvaluateHistories, EachEventIsAskedForWithTheHistoryUpToIt) {
  // After 0 1 comes 2: a miss; after 3 comes 4: a hit; without a history comes 1; after 2 comes 3: a hit.
  const Evaluation found = measure(each_event(), Task::top_n, 1, {"hit-rate"});
  EXPECT_EQ(found.users, 2U);
  EXPECT_DOUBLE_EQ(found.estimates[0].mean, .5);
  // The influences of a user's events add up: both users have one of two.
  EXPECT_THAT(found.estimates[0].influence, ElementsAre(0, 0));
  EXPECT_EQ(found.estimates[0].user_count, 2U);
  // Histories of 2, 3, 0 and 1 events, clipped to the scale from 1 to 4.
  const Evaluation rated = measure(each_event(), Task::ratings, 1, {"mae"});
  EXPECT_DOUBLE_EQ(rated.estimates[0].mean, (0. + 1. + 0. + 0.) / 4);
}

TEST(EvaluateHistories, MeansAreOverEventsAndErrorsOverUsers) {
  Fold fold = each_event();
  fold.test.pop_back();  // user 1 has one event left, a miss
  fold.histories.before.pop_back();
  const Estimate hits = measure(fold, Task::top_n, 1, {"hit-rate"}).estimates[0];
  EXPECT_DOUBLE_EQ(hits.mean, 1. / 3);
  ASSERT_EQ(hits.influence.size(), 2U);
  EXPECT_NEAR(hits.influence[0], (1 - 2. / 3) / 3, 1e-15);
  EXPECT_NEAR(hits.influence[1], (0 - 1. / 3) / 3, 1e-15);
}

TEST(EvaluateHistories, WhatIsSetAsideIsNotRecommended) {
  Fold fold = held_out();
  fold.withheld.users = {UserRow(1)};
  fold.withheld.offsets = {0, 2};
  fold.withheld.items = {ItemRow(4), ItemRow(5)};
  // User 1's list is 3 0 now.
  EXPECT_DOUBLE_EQ(measure(fold, Task::top_n, 2, {"recall"}).estimates[0].mean, .5);
  EXPECT_DOUBLE_EQ(measure(fold, Task::top_n, 2, {"precision"}).estimates[0].mean, .5);
}

TEST(EvaluateHistories, AFoldsOwnCandidatesAreRankedAlone) {
  Fold fold = held_out();
  fold.candidates = {ItemRow(0)};
  EXPECT_DOUBLE_EQ(measure(fold, Task::top_n, 5, {"coverage"}).estimates[0].mean, 1);
  EXPECT_LE(measure(fold, Task::top_n, 5, {"precision"}).estimates[0].mean, .2) << "a list of one";
}

// Users of two tastes, in order of time.
std::shared_ptr<const Dataset> two_tastes() {
  std::vector<Event> events;
  for (std::size_t u = 0; u < 40; ++u) {
    for (std::size_t i = 0; i < 8; ++i) {
      if ((u * 7 + i * 5) % 4 == 0) continue;
      events.push_back({UserRow(u), ItemRow(2 * i + u % 2), static_cast<float>(1 + (u + i) % 5),
                        static_cast<std::int64_t>(100 * ((3 * i + u) % 8) + u)});
    }
  }
  return test::dataset_of(40, 16, events);
}

Experiment experiment_of(std::string_view split) {
  Experiment experiment{.data = {two_tastes()}, .split = {.spec = parse_split(split)}};
  experiment.evaluate.task = Task::top_n;
  experiment.evaluate.k = {3};
  experiment.entries = {{"popularity"}, {"item-knn"}, {"svd"}};
  return experiment;
}

TEST(CompareHistories, ThreadsDoNotMatterAndTastesAreFound) {
  for (const char* split : {"users:0.25", "users:0.25,5", "prequential:0.5", "kfold:3", "rolling:2", "negatives:4"}) {
    const Experiment experiment = experiment_of(split);
    Context one({.threads = 1}), three({.threads = 3});
    const Comparison a = compare(experiment, one), b = compare(experiment, three);
    for (std::size_t m = 0; m < 3; ++m) {
      ASSERT_FALSE(a.results[m].refusal) << split;
      ASSERT_EQ(a.results[m].estimates.size(), b.results[m].estimates.size());
      for (std::size_t e = 0; e < a.results[m].estimates.size(); ++e) {
        EXPECT_EQ(a.results[m].estimates[e].mean, b.results[m].estimates[e].mean) << split;
        EXPECT_EQ(a.results[m].estimates[e].stderr_, b.results[m].estimates[e].stderr_) << split;
      }
    }
    // Half of what popularity recommends is of the other taste.
    const std::string metric = std::string_view(split) == "negatives:4" ? "sampled-ndcg@3" : "ndcg@3";
    EXPECT_GT(a.results[1].find(metric)->mean, a.results[0].find(metric)->mean) << split;
  }
}

TEST(CompareHistories, ModelsThatDoNotFoldInRefuse) {
  for (const char* split : {"users:0.25", "prequential:0.5"}) {
    Experiment experiment = experiment_of(split);
    experiment.entries = {{"popularity"}, {}};
    experiment.entries[1].info = &kNoFoldIn;
    Context context({.threads = 1});
    const Comparison comparison = compare(experiment, context);
    EXPECT_FALSE(comparison.results[0].refusal);
    ASSERT_TRUE(comparison.results[1].refusal) << split;
    EXPECT_EQ(comparison.results[1].refusal->code(), ErrorCode::unsupported);
    EXPECT_THAT(comparison.results[1].refusal->message(), testing::HasSubstr("only for users it was trained on"));
  }
}

}  // namespace
}  // namespace gusto
