#include "gusto/eval/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/eval/metric_inputs.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/testing/function_model.h"

namespace gusto {
namespace {

using testing::Contains;
using testing::Not;

using test::FunctionModel;
using test::kFunctionInfo;
using test::kProbabilityInfo;
using test::ScoreFunction;

constexpr int kUsers = 40;
constexpr int kItems = 30;

float value_of(int user, int item) { return static_cast<float>(1 + (user * 7 + item * 3 + user * item) % 5); }

// Everybody has 12 items; every third of them is a test event, for all but the last two users, one of which has no
// training events either.
Fold make_fold() {
  auto catalog = std::make_shared<Catalog>();
  for (int u = 0; u < kUsers; ++u) catalog->users.add("u" + std::to_string(u));
  for (int i = 0; i < kItems; ++i) catalog->items.add("i" + std::to_string(i));
  Fold fold;
  fold.name = "test";
  std::vector<Event> train;
  for (int u = 0; u + 1 < kUsers; ++u) {
    for (int n = 0; n < 12; ++n) {
      const int item = (u + 2 * n) % kItems;
      const Event event{UserRow(u), ItemRow(item), value_of(u, item)};
      (n % 3 == 0 && u + 2 < kUsers ? fold.test : train).push_back(event);
    }
  }
  std::sort(fold.test.begin(), fold.test.end(),
            [](const Event& a, const Event& b) { return std::pair(a.user, a.item) < std::pair(b.user, b.item); });
  fold.train = std::make_shared<Dataset>(catalog, train);
  return fold;
}

std::vector<ItemRow> all_items() {
  std::vector<ItemRow> items;
  for (int i = 0; i < kItems; ++i) items.emplace_back(i);
  return items;
}

bool in_test(const Fold& fold, UserRow user, ItemRow item) {
  return std::any_of(fold.test.begin(), fold.test.end(),
                     [&](const Event& e) { return e.user == user && e.item == item; });
}

class Evaluate : public testing::Test {
 protected:
  Evaluation run(const ScoreFunction& score, EvaluateOptions options, unsigned threads = 1,
                 const ModelInfo& info = kFunctionInfo) {
    ContextOptions context_options;
    context_options.threads = threads;
    Context context(context_options);
    FunctionModel model(score, info);
    model.fit(fold_.train, options.task, context);
    return evaluate(model, fold_, candidates_, options, context);
  }
  static double value(const Evaluation& evaluation, const std::string& metric) {
    for (const Estimate& estimate : evaluation.estimates) {
      if (estimate.metric == metric) return estimate.mean;
    }
    ADD_FAILURE() << "no " << metric;
    return 0;
  }
  static std::vector<std::string> names(const Evaluation& evaluation) {
    std::vector<std::string> result;
    for (const Estimate& estimate : evaluation.estimates) result.push_back(estimate.metric);
    return result;
  }
  ScoreFunction perfect() const {
    return [this](UserRow user, ItemRow item) { return in_test(fold_, user, item) ? 1.0f : 0.0f; };
  }

  const Fold fold_ = make_fold();
  const std::vector<ItemRow> candidates_ = all_items();
};

constexpr auto kConstant = [](UserRow, ItemRow) { return 3.0f; };
constexpr auto kTruth = [](UserRow user, ItemRow item) {
  return value_of(static_cast<int>(user.index), static_cast<int>(item.index));
};

EvaluateOptions options_for(Task task, std::vector<std::string> metrics = {}) {
  EvaluateOptions options;
  options.task = task;
  options.k = {3, 10};
  options.metrics = std::move(metrics);
  return options;
}

TEST_F(Evaluate, CountsWhoWasMeasuredAndWhoWasNot) {
  const Evaluation evaluation = run(kConstant, options_for(Task::ratings));
  EXPECT_EQ(evaluation.users, 38u);
  EXPECT_EQ(evaluation.users_left_out, 1u);
  for (const Estimate& estimate : evaluation.estimates) EXPECT_EQ(estimate.user_count, 38u);
}

TEST_F(Evaluate, RatingsOfTheTruthHaveNoErrorAndAreClippedToTheScale) {
  const Evaluation exact = run(kTruth, options_for(Task::ratings));
  for (const Estimate& estimate : exact.estimates) EXPECT_EQ(estimate.mean, 0) << estimate.metric;
  const Evaluation far = run([](UserRow, ItemRow) { return 1e6f; }, options_for(Task::ratings));
  const Evaluation highest = run([](UserRow, ItemRow) { return 5.0f; }, options_for(Task::ratings));
  EXPECT_EQ(value(far, "rmse"), value(highest, "rmse"));
  EXPECT_NEAR(value(far, "mse"), std::pow(value(far, "rmse"), 2), 1e-12);
}

TEST_F(Evaluate, LikesOfAConstantAreWorthNothing) {
  const Evaluation evaluation = run(kConstant, options_for(Task::likes, {"auc"}));
  EXPECT_EQ(value(evaluation, "auc"), 0.5);
  EXPECT_EQ(evaluation.estimates[0].stderr_, 0);
  EXPECT_EQ(value(run(kTruth, options_for(Task::likes, {"auc"})), "auc"), 1);
}

TEST_F(Evaluate, ProbabilitiesAreTakenAtTheirWordOnlyWhenDeclared) {
  const ScoreFunction likes = [](UserRow user, ItemRow item) { return kTruth(user, item) >= 4 ? 0.9f : 0.1f; };
  const Evaluation declared = run(likes, options_for(Task::likes), 1, kProbabilityInfo);
  EXPECT_NEAR(value(declared, "log-loss"), -std::log(0.9), 1e-6);
  EXPECT_EQ(value(declared, "accuracy"), 1);
  // The same numbers as ratings go through a curve, which was fitted on a model that knows nothing of them.
  const Evaluation calibrated = run(likes, options_for(Task::likes));
  EXPECT_GT(value(calibrated, "log-loss"), 0.5);
  EXPECT_EQ(value(calibrated, "auc"), value(declared, "auc"));
}

TEST_F(Evaluate, ThresholdOfLikesIsReachedByTheValueItself) {
  Fold tenths = make_fold();
  for (Event& event : tenths.test) event.value /= 10;
  EvaluateOptions options = options_for(Task::likes, {"accuracy"});
  options.like_threshold = 0.3;
  Context context({.threads = 1});
  FunctionModel model([](UserRow user, ItemRow item) { return kTruth(user, item) >= 3 ? 0.9f : 0.1f; },
                      kProbabilityInfo);
  model.fit(tenths.train, Task::likes, context);
  EXPECT_EQ(value(evaluate(model, tenths, candidates_, options, context), "accuracy"), 1);
}

TEST_F(Evaluate, AreaIsMissingWhereEverythingIsLiked) {
  EvaluateOptions options = options_for(Task::likes);
  options.like_threshold = 1;
  const Evaluation evaluation = run(kConstant, options);
  EXPECT_THAT(names(evaluation), Not(Contains("auc")));
  EXPECT_THAT(names(evaluation), Contains("log-loss"));
}

TEST_F(Evaluate, PerfectRankingReachesOne) {
  const Evaluation evaluation = run(perfect(), options_for(Task::top_n));
  for (const char* metric :
       {"hit-rate@3", "precision@3", "recall-min@3", "ndcg@3", "map@3", "mrr@3", "recall@10", "ndcg@10"}) {
    EXPECT_DOUBLE_EQ(value(evaluation, metric), 1) << metric;
  }
  EXPECT_DOUBLE_EQ(value(evaluation, "precision@10"), 0.4);
  EXPECT_DOUBLE_EQ(value(evaluation, "recall@3"), 0.75);
  EXPECT_DOUBLE_EQ(value(evaluation, "topk-accuracy@10"), 1);
  EXPECT_THAT(names(evaluation), Not(Contains("diversity@10")));
  EXPECT_THAT(names(evaluation), Contains("gini@10"));
}

TEST_F(Evaluate, ConstantScorerGetsItemsInOrderOfRowAndNothingFromTies) {
  const Evaluation evaluation = run(kConstant, options_for(Task::top_n));
  double hits = 0, hits_seen_kept = 0;
  for (int u = 0; u < 38; ++u) {
    int listed = 0;
    for (int i = 0; i < kItems; ++i) {
      const bool test = in_test(fold_, UserRow(u), ItemRow(i));
      if (i < 3) hits_seen_kept += test ? 1 : 0;
      const History history = fold_.train->history(UserRow(u));
      if (std::find(history.items.begin(), history.items.end(), ItemRow(i)) != history.items.end()) continue;
      if (listed++ < 3) hits += test ? 1 : 0;
    }
  }
  EXPECT_NEAR(value(evaluation, "precision@3"), hits / 38 / 3, 1e-12);
  EXPECT_NEAR(value(evaluation, "topk-accuracy@3"), hits_seen_kept / static_cast<double>(fold_.test.size()), 1e-12);
}

TEST_F(Evaluate, OnlyCandidatesAreRanked) {
  const std::vector<ItemRow> few{ItemRow(4), ItemRow(9)};
  Context context;
  FunctionModel model(kConstant);
  model.fit(fold_.train, Task::top_n, context);
  const Evaluation evaluation =
      evaluate(model, fold_, few, options_for(Task::top_n, {"coverage", "precision@10"}), context);
  EXPECT_EQ(value(evaluation, "coverage@10"), 1);
  EXPECT_LE(value(evaluation, "precision@10"), 0.2);  // two places of ten, and still divided by ten
}

TEST_F(Evaluate, HasTheSameBitsAtAnyNumberOfThreads) {
  const ScoreFunction scores = [](UserRow user, ItemRow item) {
    return 1 + static_cast<float>((user.index * 31 + item.index * item.index * 17) % 97) / 24;
  };
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    const Evaluation one = run(scores, options_for(task), 1);
    for (const unsigned threads : {2u, 7u}) {
      const Evaluation many = run(scores, options_for(task), threads);
      ASSERT_EQ(names(many), names(one));
      for (std::size_t i = 0; i < one.estimates.size(); ++i) {
        EXPECT_EQ(many.estimates[i].mean, one.estimates[i].mean);
        EXPECT_EQ(many.estimates[i].stderr_, one.estimates[i].stderr_);
        EXPECT_EQ(many.estimates[i].influence, one.estimates[i].influence);
      }
    }
  }
}

TEST_F(Evaluate, KeepsTheMetricsAskedForInTheTablesOrder) {
  EXPECT_THAT(names(run(kConstant, options_for(Task::top_n, {"mrr@10", "ndcg"}))),
              testing::ElementsAre("ndcg@3", "ndcg@10", "mrr@10"));
  EXPECT_THAT(names(run(kConstant, options_for(Task::ratings, {"mse", "mae"}))), testing::ElementsAre("mae", "mse"));
}

// One row of each kind that gusto does not have.
constexpr std::array kOwnMetrics{
    MetricInfo{"bias", Task::ratings, MetricCategory::accuracy, false, false, "mean of prediction minus value",
               ErrorMean{[](double predicted, double actual) { return predicted - actual; }}, MetricRole::primary},
    MetricInfo{"sureness", Task::likes, MetricCategory::calibration, false, true, "mean probability",
               ProbabilityMean{[](double probability, bool) { return probability; }}},
    MetricInfo{
        "events", Task::likes, MetricCategory::ranking, false, true, "how many events there are",
        EventSetMetric{[](const ScoredEvents& events) -> std::optional<SetFigure> {
          return SetFigure{static_cast<double>(events.scores.size()), std::vector<double>(events.offsets.size() - 1)};
        }}},
    MetricInfo{"length", Task::top_n, MetricCategory::beyond_accuracy, true, true, "items in the list",
               ListMean{[](const UserList& list) -> std::optional<double> {
                 if (list.user == UserRow(0)) return std::nullopt;
                 return static_cast<double>(list.items.size());
               }}},
    MetricInfo{"seen-length", Task::top_n, MetricCategory::beyond_accuracy, false, true, "items by test event",
               SeenListRatio{[](const UserList& list) { return static_cast<double>(list.items.size()); }}},
    MetricInfo{"candidates", Task::top_n, MetricCategory::beyond_accuracy, true, true, "how many there are",
               ListSetMetric{[](const AllLists& all) -> std::optional<SetFigure> {
                 return SetFigure{static_cast<double>(all.candidates.size()), std::vector<double>(all.lists.size())};
               }}},
};

TEST_F(Evaluate, MeasuresRowsOfTheCallersOwnTable) {
  const auto measured = [&](Task task, const ModelInfo& info = kFunctionInfo) {
    EvaluateOptions options = options_for(task);
    options.table = kOwnMetrics;
    return run(kTruth, options, 1, info);
  };
  const Evaluation ratings = measured(Task::ratings);
  EXPECT_THAT(names(ratings), testing::ElementsAre("bias"));
  EXPECT_EQ(value(ratings, "bias"), 0);
  EXPECT_FALSE(ratings.estimates[0].higher_is_better);
  const Evaluation likes = measured(Task::likes, kProbabilityInfo);
  EXPECT_THAT(names(likes), testing::ElementsAre("sureness", "events"));
  EXPECT_GT(value(likes, "sureness"), 1) << "what the model says, and it says 1 to 5";
  EXPECT_EQ(value(likes, "events"), static_cast<double>(fold_.test.size()));
  const Evaluation lists = measured(Task::top_n);
  EXPECT_THAT(names(lists),
              testing::ElementsAre("length@3", "length@10", "seen-length", "candidates@3", "candidates@10"));
  EXPECT_EQ(value(lists, "length@3"), 3);
  EXPECT_EQ(lists.estimates[0].user_count, 37u) << "one user has no value";
  EXPECT_EQ(value(lists, "seen-length"), 2.5) << "10 items for 4 test events";
  EXPECT_EQ(value(lists, "candidates@10"), kItems);
  EXPECT_EQ(primary_metric(Task::ratings, {}, {}, kOwnMetrics), "bias");
}

TEST_F(Evaluate, AFunctionOfAnotherTaskIsRefused) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    const MetricInfo& of = kOwnMetrics[task == Task::ratings ? 3 : 0];
    const std::array rows{MetricInfo{"odd", task, of.category, false, true, "", of.measure}};
    EvaluateOptions options = options_for(task);
    options.table = rows;
    EXPECT_THROW(run(kTruth, options, 1, kProbabilityInfo), Error) << to_string(task);
  }
}

TEST_F(Evaluate, EveryMetricOfTheTableIsMeasured) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    const Evaluation found = run(kTruth, options_for(task), 1, kProbabilityInfo);
    for (const MetricInfo& metric : metric_table()) {
      // There are no given candidates, no features, and one group of users.
      if (metric.task != task || metric.sampled() || metric.name == "diversity" || metric.name == "folding") continue;
      EXPECT_THAT(names(found), Contains(metric_name(metric, 3)));
    }
    for (const Estimate& estimate : found.estimates) {
      EXPECT_EQ(estimate.higher_is_better, find_metric(estimate.metric).higher_is_better) << estimate.metric;
    }
  }
}

TEST_F(Evaluate, MistakesGetASentence) {
  const auto code = [&](const EvaluateOptions& options, const Fold& fold, std::span<const ItemRow> candidates) {
    Context context;
    FunctionModel model(kConstant);
    model.fit(fold.train, Task::ratings, context);
    try {
      evaluate(model, fold, candidates, options, context);
    } catch (const Error& error) {
      return std::string(to_string(error.code()));
    }
    return std::string("none");
  };
  EvaluateOptions options = options_for(Task::top_n);
  EXPECT_EQ(code(options, fold_, {}), "empty_dataset");
  options.k = {10, 10};
  EXPECT_EQ(code(options, fold_, candidates_), "invalid_option");
  options.k = {0};
  EXPECT_EQ(code(options, fold_, candidates_), "invalid_option");
  options.k = {};
  EXPECT_EQ(code(options, fold_, candidates_), "invalid_option");
  EXPECT_EQ(code(options_for(Task::ratings, {"rmsd"}), fold_, candidates_), "invalid_option");
  Fold empty = make_fold();
  empty.test.clear();
  EXPECT_EQ(code(options_for(Task::ratings), empty, candidates_), "empty_dataset");
}

TEST_F(Evaluate, CanBeCanceled) {
  CancelToken token;
  ContextOptions options;
  options.cancel = &token;
  Context context(options);
  FunctionModel model(kConstant);
  model.fit(fold_.train, Task::ratings, context);
  token.cancel();
  EXPECT_THROW(evaluate(model, fold_, candidates_, options_for(Task::ratings), context), Error);
}

}  // namespace
}  // namespace gusto
