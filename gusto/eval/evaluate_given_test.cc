// Sampled metrics, of rankings among given candidates, and folding.

#include <algorithm>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/json.h"
#include "gusto/base/testing/testing.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/testing/function_model.h"
#include "gusto/eval/testing/golden.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::first_items;
using test::golden;
using test::kClose;
using test::ScoreFunction;
using testing::ElementsAre;
using testing::HasSubstr;

Evaluation measure(const Fold& fold, const ScoreFunction& score, const EvaluateOptions& options, unsigned threads = 1) {
  Context context({.threads = threads});
  test::FunctionModel model(score);
  model.fit(fold.train, options.task, context);
  return evaluate(model, fold, first_items(fold.train->item_count()), options, context);
}

EvaluateOptions top_n(std::size_t k, std::vector<std::string> metrics = {}) {
  EvaluateOptions options;
  options.task = Task::top_n;
  options.k = {k};
  options.metrics = std::move(metrics);
  return options;
}

std::vector<std::string> names(const Evaluation& evaluation) {
  std::vector<std::string> result;
  for (const Estimate& estimate : evaluation.estimates) result.push_back(estimate.metric);
  return result;
}

double value(const Evaluation& evaluation, std::string_view metric) {
  for (const Estimate& estimate : evaluation.estimates) {
    if (estimate.metric == metric) return estimate.mean;
  }
  ADD_FAILURE() << "no " << metric;
  return 0;
}

// Two users over six items. User 0 has item 0 and is tested with 2 among 1 and 4; user 1 has 5 and is tested with 0
// among 2, 3.
Fold small_fold() {
  Fold fold;
  fold.train = test::dataset_of(2, 6, {{UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(5)}});
  fold.test = {{UserRow(0), ItemRow(2)}, {UserRow(1), ItemRow(0)}};
  fold.given.users = {UserRow(0), UserRow(1)};
  fold.given.offsets = {0, 3, 6};
  for (const int item : {1, 2, 4, 0, 2, 3}) fold.given.items.emplace_back(item);
  return fold;
}

TEST(EvaluateGiven, RanksTheGivenCandidatesAndNothingElse) {
  // By item: 5, 3 and 0 would be on top of full rankings. User 0 gets 4, 2, 1; user 1 gets 3, 2, 0.
  const ScoreFunction by_item = [](UserRow, ItemRow item) {
    return std::vector<float>{0.3F, 1, 2, 7, 3, 9}.at(item.index);
  };
  const Evaluation evaluation = measure(small_fold(), by_item, top_n(2));
  EXPECT_THAT(names(evaluation), ElementsAre("sampled-hit-rate@2", "sampled-ndcg@2", "sampled-mrr@2"));
  EXPECT_DOUBLE_EQ(value(evaluation, "sampled-hit-rate@2"), 0.5);
  EXPECT_DOUBLE_EQ(value(evaluation, "sampled-ndcg@2"), 0.5 / std::log2(3));
  EXPECT_DOUBLE_EQ(value(evaluation, "sampled-mrr@2"), 0.25);
}

TEST(EvaluateGiven, TiesGoToTheLowerRow) {
  const Evaluation evaluation = measure(
      small_fold(), [](UserRow, ItemRow) { return 1.0F; }, top_n(1));
  EXPECT_DOUBLE_EQ(value(evaluation, "sampled-hit-rate@1"), 0.5);  // item 1 before 2; item 0 before 2 and 3
}

TEST(EvaluateGiven, FullRankingsAreMeasuredWhenAskedFor) {
  const ScoreFunction by_item = [](UserRow, ItemRow item) { return static_cast<float>(item.index); };
  const Evaluation evaluation = measure(small_fold(), by_item, top_n(4, {"hit-rate", "sampled-hit-rate"}));
  EXPECT_THAT(names(evaluation), ElementsAre("hit-rate@4", "sampled-hit-rate@4"));
  EXPECT_DOUBLE_EQ(value(evaluation, "hit-rate@4"), 0.5);  // 5 4 3 2, and 4 3 2 1
  EXPECT_DOUBLE_EQ(value(evaluation, "sampled-hit-rate@4"), 1);
}

TEST(EvaluateGiven, SampledMetricsNeedGivenCandidates) {
  Fold fold = small_fold();
  fold.given = {};
  const auto constant = [](UserRow, ItemRow) { return 1.0F; };
  for (const std::string& name : names(measure(fold, constant, top_n(2)))) {
    EXPECT_FALSE(name.starts_with("sampled-")) << name;
  }
  const Error error = test::error_of([&] { measure(fold, constant, top_n(2, {"sampled-ndcg"})); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("\"sampled-ndcg@2\""));
  fold = small_fold();
  fold.given.users[1] = UserRow(7);
  EXPECT_EQ(test::code_of([&] { measure(fold, constant, top_n(2)); }), ErrorCode::invalid_input);
}

struct NoOptions {};
extern const ModelInfo kLongInfo;

/// Its vectors are so long that scores overflow.
class LongModel final : public ModelWith<NoOptions, kLongInfo> {
 public:
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}
  MatrixView<const float> item_vectors() const override { return vectors_.view(); }

 private:
  void do_fit(const Dataset& data, const FitOptions&, Context&) override {
    vectors_ = Matrix<float>(data.item_count(), 1);
    for (std::size_t i = 0; i < data.item_count(); ++i) vectors_(i, 0) = 1e30F;
  }
  void do_load(const TensorFile&) override {}
  void do_score(std::span<const Query>, MatrixView<float>) const override {}
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) out(q, 0) = 1e30F;
  }

  Matrix<float> vectors_;
};
constexpr ModelInfo kLongInfo{
    .name = "long", .summary = "", .about = "", .fields = {}, .abilities = {.item_vectors = true}, .make = nullptr};

TEST(EvaluateGiven, ScoresThatAreNotFiniteAreRefused) {
  const Fold fold = small_fold();
  Context context({.threads = 1});
  LongModel model;
  model.fit(fold.train, Task::top_n, context);
  const Error error = test::error_of([&] { evaluate(model, fold, first_items(6), top_n(2), context); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_THAT(error.message(), HasSubstr("long gave a score that is not a finite number"));
}

TEST(EvaluateGiven, ModelsWithVectorsAndWithoutAreRankedByTheirScores) {
  const auto data = test::three_tastes();
  Fold fold;
  std::vector<Event> train;
  for (const Event& event : data->events()) {
    const bool first = fold.test.empty() || fold.test.back().user != event.user;
    (first ? fold.test : train).push_back(event);
  }
  fold.train = std::make_shared<const Dataset>(data->shared_catalog(), train);
  for (const Event& event : fold.test) {
    fold.given.users.push_back(event.user);
    for (std::size_t i = 0; i < data->item_count(); ++i) {
      if (i % 4 == event.user.index % 4 || ItemRow(i) == event.item) fold.given.items.emplace_back(i);
    }
    fold.given.offsets.push_back(fold.given.items.size());
  }
  for (const char* name : {"svd", "item-knn"}) {
    Context context({.threads = 2});
    const auto model = make_model(name);
    model->fit(fold.train, Task::top_n, context);
    double hits = 0;
    for (std::size_t u = 0; u < fold.test.size(); ++u) {
      const std::vector<float> scores = test::scores_of(*model, Query::known(fold.test[u].user));
      const ItemRow own = fold.test[u].item;
      const auto above = std::count_if(fold.given[u].begin(), fold.given[u].end(), [&](ItemRow item) {
        return scores[item.index] > scores[own.index] || (scores[item.index] == scores[own.index] && item < own);
      });
      hits += above < 3 ? 1 : 0;
    }
    const Evaluation evaluation =
        evaluate(*model, fold, first_items(data->item_count()), top_n(3, {"sampled-hit-rate"}), context);
    EXPECT_NEAR(value(evaluation, "sampled-hit-rate@3"), hits / static_cast<double>(fold.test.size()), kClose) << name;
  }
}

TEST(EvaluateGiven, SampledMetricsAgreeWithRanx) {
  for (const auto& row : golden()["sampled"]) {
    const auto items = row["items"].get<std::size_t>();
    Fold fold;
    std::vector<Event> train;
    std::vector<std::vector<float>> ranks;
    for (const auto& user : row["users"]) {
      const UserRow own(ranks.size());
      const auto test = user["test"].get<std::uint32_t>();
      train.push_back({own, ItemRow((test + 1) % items)});
      fold.test.push_back({own, ItemRow(test)});
      std::vector<ItemRow> candidates{ItemRow(test)};
      for (const auto& negative : user["negatives"]) candidates.emplace_back(negative.get<std::uint32_t>());
      std::sort(candidates.begin(), candidates.end());
      fold.given.users.push_back(own);
      fold.given.items.insert(fold.given.items.end(), candidates.begin(), candidates.end());
      fold.given.offsets.push_back(fold.given.items.size());
      ranks.push_back(user["rank"].get<std::vector<float>>());
    }
    fold.train = test::dataset_of(ranks.size(), items, train);
    const auto k = row["k"].get<std::size_t>();
    const ScoreFunction score = [&](UserRow user, ItemRow item) { return -ranks[user.index][item.index]; };
    for (const unsigned threads : {1U, 7U}) {
      const Evaluation evaluation = measure(fold, score, top_n(k), threads);
      for (const auto& [name, expected] : row["values"].items()) {
        EXPECT_NEAR(value(evaluation, name + "@" + std::to_string(k)), expected.get<double>(), kClose) << name;
      }
    }
  }
}

TEST(Folding, AgreesWithComponentsOfScipy) {
  for (const auto& row : golden()["folding"]) {
    const auto items = row["items"].get<std::size_t>();
    const auto ranks = row["ranks"].get<std::vector<std::vector<float>>>();
    const auto events_of = [&](const char* part) {
      std::vector<Event> events;
      for (const auto& pair : row[part]) {
        events.push_back({UserRow(pair[0].get<std::uint32_t>()), ItemRow(pair[1].get<std::uint32_t>())});
      }
      return events;
    };
    Fold fold;
    fold.train = test::dataset_of(ranks.size(), items, events_of("train"));
    fold.test = events_of("test");
    const auto k = row["k"].get<std::size_t>();
    const ScoreFunction score = [&](UserRow user, ItemRow item) { return -ranks[user.index][item.index]; };
    const Evaluation evaluation = measure(fold, score, top_n(k, {"folding"}));
    EXPECT_NEAR(value(evaluation, "folding@" + std::to_string(k)), row["value"].get<double>(), kClose);
  }
}

// Two audiences: users 0 and 1 with items 0 and 1, users 2 and 3 with items 2 and 3; nobody has item 4. Tested: user 0
// with item 2, of the other group, user 2 with item 3.
Fold two_groups() {
  Fold fold;
  fold.train = test::dataset_of(4, 5,
                                {{UserRow(0), ItemRow(0)},
                                 {UserRow(1), ItemRow(0)},
                                 {UserRow(1), ItemRow(1)},
                                 {UserRow(2), ItemRow(2)},
                                 {UserRow(3), ItemRow(2)},
                                 {UserRow(3), ItemRow(3)}});
  fold.test = {{UserRow(0), ItemRow(2)}, {UserRow(2), ItemRow(3)}};
  return fold;
}

TEST(Folding, IsWhatListsHoldOfForeignGroupsAboveTestItems) {
  // User 0 gets 4 3 2: two of three foreign, as is the test item. User 2 gets 4 3 1: one of three, the test item not.
  const ScoreFunction by_item = [](UserRow, ItemRow item) { return static_cast<float>(item.index); };
  const Evaluation evaluation = measure(two_groups(), by_item, top_n(3, {"folding"}));
  EXPECT_NEAR(value(evaluation, "folding@3"), ((2.0 / 3 - 1) + (1.0 / 3 - 0)) / 2, kClose);
  EXPECT_FALSE(evaluation.estimates[0].higher_is_better);
}

TEST(Folding, IsNotMeasuredWhereThereIsOneGroup) {
  Fold fold = two_groups();
  std::vector<Event> train = fold.train->events();
  train.push_back({UserRow(1), ItemRow(2)});
  fold.train = std::make_shared<const Dataset>(fold.train->shared_catalog(), train);
  fold.test[0].item = ItemRow(3);
  const auto constant = [](UserRow, ItemRow) { return 1.0F; };
  EXPECT_THAT(names(measure(fold, constant, top_n(3))), testing::Not(testing::Contains("folding@3")));
}

TEST(Folding, LeavesOutUsersWithoutHistory) {
  Fold fold = two_groups();
  std::vector<Event> train = fold.train->events();
  std::erase_if(train, [](const Event& event) { return event.user == UserRow(0); });
  fold.train = std::make_shared<const Dataset>(fold.train->shared_catalog(), train);
  const Evaluation evaluation = measure(
      fold, [](UserRow, ItemRow item) { return static_cast<float>(item.index); }, top_n(3, {"folding"}));
  EXPECT_EQ(evaluation.estimates.at(0).user_count, 1U);
  EXPECT_NEAR(value(evaluation, "folding@3"), 1.0 / 3, kClose);
}

}  // namespace
}  // namespace gusto
