#include "gusto/eval/report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gusto {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Tone = ReportRow::Tone;

Estimate estimate_at(std::string metric, double mean) {
  Estimate result;
  result.metric = std::move(metric);
  result.mean = mean;
  result.stderr_ = mean / 100;
  result.user_count = 50;
  result.higher_is_better = find_metric(result.metric).higher_is_better;
  return result;
}

ModelResult result_of(std::string label, std::vector<Estimate> estimates) {
  ModelResult result;
  result.label = std::move(label);
  result.estimates = std::move(estimates);
  result.fit_seconds = 2;
  result.score_seconds = 0.5;
  return result;
}

Difference gap_of(double mean, bool distinguishable) { return {mean, mean - 0.01, mean + 0.01, distinguishable}; }

FoldSummary fold_named(std::string name = "test") {
  SplitReceipt receipt;
  receipt.train_events = 9000;
  receipt.test_events = 1000;
  receipt.test_users = 50;
  receipt.train_first = 86'400;
  receipt.unseen_user_share = 0.125;
  receipt.hash = "00ff";
  return {std::move(name), receipt};
}

// "good" is best, "near" cannot be told from it, and "far" can.
Comparison lists_compared() {
  Comparison comparison;
  comparison.experiment.data_recipe.name = "ml-1m";
  comparison.experiment.evaluate.task = Task::top_n;
  comparison.experiment.split.spec = parse_split("holdout:0.2");
  comparison.folds = {fold_named()};
  comparison.candidates = 1200;
  comparison.primary_metric = "ndcg@10";
  const auto measured = [](double scale) {
    return std::vector<Estimate>{estimate_at("hit-rate@10", .6 * scale), estimate_at("recall@10", .2 * scale),
                                 estimate_at("ndcg@10", .3 * scale), estimate_at("coverage@10", .1 * scale)};
  };
  const auto differ = [](ModelResult result, double mean, bool distinguishable) {
    result.differences.assign(4, gap_of(mean, distinguishable));
    return result;
  };
  comparison.results = {differ(result_of("far", measured(0.5)), -.15, true), result_of("good", measured(1)),
                        differ(result_of("near", measured(0.99)), -.003, false)};
  comparison.best = 1;
  return comparison;
}

std::vector<std::string> heads_of(const ReportTable& table) {
  std::vector<std::string> result;
  for (const ReportColumn& column : table.columns) result.push_back(column.head);
  return result;
}

TEST(Report, RanksModelsAndMarksTheWinnerAndTies) {
  const ComparisonReport report = report_comparison(lists_compared());
  EXPECT_EQ(report.question, "ml-1m · task top-n · split holdout:0.2 · seed 42");
  ASSERT_TRUE(report.ranking);
  EXPECT_THAT(heads_of(*report.ranking),
              ElementsAre("model", "ndcg@10", "vs best", "95 % interval", "recall@10", "fit s", "score s"));
  const std::vector<ReportRow>& rows = report.ranking->rows;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].tone, Tone::best);
  EXPECT_EQ(rows[1].tone, Tone::tied);
  EXPECT_EQ(rows[2].tone, Tone::plain);
  EXPECT_EQ(std::get<std::string>(rows[0].cells[0]), "good");
  EXPECT_EQ(std::get<ValueCell>(rows[0].cells[1]).mean, .3);
  EXPECT_EQ(std::get<ValueCell>(rows[0].cells[1]).stderr_, .3 / 100);
  EXPECT_EQ(std::get<std::string>(rows[0].cells[2]), "best");
  EXPECT_EQ(std::get<GapCell>(rows[1].cells[2]).mean, -.003);
  EXPECT_FALSE(std::get<GapCell>(rows[1].cells[2]).distinguishable);
  EXPECT_DOUBLE_EQ(std::get<IntervalCell>(rows[2].cells[3]).high, -.14);
  EXPECT_EQ(std::get<SecondsCell>(rows[2].cells[5]).seconds, 2);
  EXPECT_EQ(report.verdict, "Best by ndcg@10: good, but these data cannot tell it from near.");
  EXPECT_THAT(report.legend, HasSubstr("ndcg@10: higher is better."));
}

TEST(Report, OtherMetricsComeByKind) {
  const ComparisonReport report = report_comparison(lists_compared());
  ASSERT_THAT(report.further, SizeIs(2));
  EXPECT_EQ(report.further[0].title, "Other metrics, lists of 10");
  EXPECT_THAT(heads_of(report.further[0]), ElementsAre("model", "hit-rate", "recall", "ndcg"));
  EXPECT_EQ(report.further[1].title, "Beyond accuracy, lists of 10");
  EXPECT_THAT(heads_of(report.further[1]), ElementsAre("model", "coverage"));
  EXPECT_EQ(std::get<ValueCell>(report.further[1].rows[0].cells[1]).mean, .1);
}

TEST(Report, AClearWinnerAndASingleModelAreToldSo) {
  Comparison comparison = lists_compared();
  comparison.results.pop_back();
  EXPECT_EQ(report_comparison(comparison).verdict,
            "Best by ndcg@10: good, and the difference to every other model is larger than chance explains.");
  comparison.results = {comparison.results[1]};
  comparison.best = 0;
  EXPECT_EQ(report_comparison(comparison).verdict, "There was nothing to compare it with.");
}

TEST(Report, NamesModelsThatLoseToPopularity) {
  Comparison comparison = lists_compared();
  EXPECT_THAT(report_comparison(comparison).warning, IsEmpty());
  ModelResult popular = result_of("top", {estimate_at("ndcg@10", .2)});
  popular.model = "popularity";
  comparison.results.push_back(popular);
  EXPECT_THAT(report_comparison(comparison).warning,
              StartsWith("Worse than popularity here, which knows nobody: far."));
  comparison.results.back() = result_of("top", {estimate_at("ndcg@10", .1501)});
  comparison.results.back().model = "popularity";
  EXPECT_THAT(report_comparison(comparison).warning, IsEmpty()) << "within the errors";
}

TEST(Report, LowerIsBetterForErrors) {
  Comparison comparison = lists_compared();
  comparison.experiment.evaluate.task = Task::ratings;
  comparison.primary_metric = "rmse";
  comparison.results = {result_of("only", {estimate_at("rmse", .9), estimate_at("mae", .7)})};
  comparison.best = 0;
  const ComparisonReport report = report_comparison(comparison);
  EXPECT_THAT(report.legend, HasSubstr("rmse: lower is better."));
  EXPECT_THAT(heads_of(*report.ranking), testing::Contains("mae"));
  EXPECT_THAT(report.further, IsEmpty()) << "both are in the ranking";
}

TEST(Report, RefusalsHaveASentenceAndNoRow) {
  Comparison comparison = lists_compared();
  comparison.results[0] = result_of("far", {});
  comparison.results[0].refusal = Error(ErrorCode::out_of_memory, "far needs too much.");
  const ComparisonReport report = report_comparison(comparison);
  EXPECT_THAT(report.ranking->rows, SizeIs(2));
  EXPECT_THAT(report.refusals, ElementsAre("No result for far: far needs too much."));

  comparison.best.reset();
  comparison.results = {comparison.results[0]};
  const ComparisonReport nothing = report_comparison(comparison);
  EXPECT_FALSE(nothing.ranking);
  EXPECT_THAT(nothing.verdict, IsEmpty());
  EXPECT_THAT(nothing.refusals, SizeIs(1));
}

TEST(Report, OneFoldIsToldByItsParts) {
  const std::vector<FoldSummary> folds{fold_named()};
  const SplitReport report = report_split(folds, 1200, {});
  EXPECT_THAT(heads_of(report.parts), ElementsAre("part", "events", "users", "items", "from", "to"));
  ASSERT_THAT(report.parts.rows, SizeIs(2));
  EXPECT_EQ(std::get<CountCell>(report.parts.rows[0].cells[1]).value, 9000u);
  EXPECT_EQ(std::get<DayCell>(report.parts.rows[0].cells[4]).time, 86'400);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(report.parts.rows[0].cells[5])) << "no time is known";
  EXPECT_THAT(report.notes, ElementsAre("Unseen in training: the user of 12.5 % of test events, the item of 0.0 %.",
                                        "1,200 items may be recommended. Split hash 00ff."));
}

TEST(Report, SeveralFoldsHaveARowEach) {
  std::vector<FoldSummary> folds{fold_named("u1"), fold_named("u2")};
  folds[0].receipt.withheld = 7;
  const SplitReport report = report_split(folds, 1200, {});
  ASSERT_THAT(report.parts.rows, SizeIs(2));
  EXPECT_EQ(std::get<std::string>(report.parts.rows[1].cells[0]), "u2");
  EXPECT_EQ(std::get<ShareCell>(report.parts.rows[1].cells[3]).value, 0.125);
  EXPECT_THAT(report.notes, ElementsAre("Withheld: 7 events, in neither part and not recommended to their users."));
}

TEST(Report, SampledFiguresAreNeverTakenForOthers) {
  std::vector<FoldSummary> folds{fold_named()};
  folds[0].receipt.negatives = 4950;
  folds[0].receipt.drawn = true;
  folds[0].receipt.own_negatives = 1;
  EvaluateOptions options;
  options.task = Task::top_n;
  const auto sampled = AllOf(HasSubstr("among drawn negatives only (4,950 for 50 users)"),
                             HasSubstr("For 1 user the test item is among its own negatives"));
  EXPECT_THAT(report_split(folds, 1200, options).notes, testing::Contains(sampled));
  EXPECT_THAT(report_split(folds, 1200, options).notes, Not(testing::Contains(HasSubstr("may be recommended"))));
  options.metrics = {"ndcg"};
  EXPECT_THAT(report_split(folds, 1200, options).notes, Not(testing::Contains(sampled)))
      << "full rankings were asked for";
}

TEST(Report, FiltersSayWhatTheyLeftOut) {
  FilterOptions filter;
  filter.positives = 4;
  filter.min_user_events = 10;
  EXPECT_EQ(report_filters(filter, {}), "");
  const std::vector<FilterStep> steps{{FilterStep::Kind::positives, 1, 0, 0}};
  EXPECT_EQ(report_filters(filter, steps), "Left out: 1 event below 4.");
}

TEST(Report, EstimatesOfOneModelSayWhatIsBetter) {
  const std::vector<Estimate> estimates{estimate_at("rmse", .9), estimate_at("ndcg@10", .3)};
  const ReportTable table = report_estimates(estimates);
  ASSERT_THAT(table.rows, SizeIs(2));
  EXPECT_EQ(std::get<std::string>(table.rows[0].cells[4]), "lower");
  EXPECT_EQ(std::get<std::string>(table.rows[1].cells[4]), "higher");
  EXPECT_EQ(std::get<CountCell>(table.rows[0].cells[3]).value, 50u);
}

}  // namespace
}  // namespace gusto
