#include "gusto/eval/metrics.h"

#include <cmath>
#include <fstream>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/eval/estimate.h"
#include "gusto/eval/metric_formulas.h"
#include "gusto/eval/testing/golden.h"

namespace gusto {
namespace {

using test::golden;
using test::kClose;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<UserRow> one_user_each(std::size_t events) {
  std::vector<UserRow> users;
  for (std::size_t i = 0; i < events; ++i) users.emplace_back(i);
  return users;
}

Hits hits_of(const std::vector<std::uint32_t>& positions, std::size_t test_items, std::size_t k) {
  return {positions, test_items, k};
}

TEST(Metrics, ErrorsAgreeWithScikitLearn) {
  for (const auto& row : golden()["ratings"]) {
    const auto predicted = row["predicted"].get<std::vector<double>>();
    const auto actual = row["actual"].get<std::vector<double>>();
    std::vector<double> squared, absolute;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      squared.push_back(squared_error(predicted[i], actual[i]));
      absolute.push_back(absolute_error(predicted[i], actual[i]));
    }
    const std::vector<UserRow> users = one_user_each(actual.size());
    const std::vector<double> ones(actual.size(), 1);
    EXPECT_NEAR(ratio_estimate("rmse", users, squared, ones, false, true).mean, row["rmse"].get<double>(), kClose);
    EXPECT_NEAR(ratio_estimate("mse", users, squared, ones, false).mean, row["mse"].get<double>(), kClose);
    EXPECT_NEAR(ratio_estimate("mae", users, absolute, ones, false).mean, row["mae"].get<double>(), kClose);
  }
}

TEST(Metrics, LikesAgreeWithScikitLearn) {
  for (const auto& row : golden()["likes"]) {
    const auto score = row["score"].get<std::vector<float>>();
    const auto liked = row["liked"].get<std::vector<std::uint8_t>>();
    const AreaUnderCurve area = area_under_curve(score, liked);
    EXPECT_NEAR(area.value, row["auc"].get<double>(), kClose);
    double loss = 0, right = 0;
    for (std::size_t i = 0; i < score.size(); ++i) {
      loss += log_loss(score[i], liked[i] != 0) / static_cast<double>(score.size());
      right += accuracy(score[i], liked[i] != 0) / static_cast<double>(score.size());
    }
    EXPECT_NEAR(loss, row["log_loss"].get<double>(), 1e-9);
    EXPECT_NEAR(right, row["accuracy"].get<double>(), kClose);
  }
}

TEST(Metrics, PlacementsGiveDeLongsVariance) {
  for (const auto& row : golden()["likes"]) {
    const auto liked = row["liked"].get<std::vector<std::uint8_t>>();
    const AreaUnderCurve area = area_under_curve(row["score"].get<std::vector<float>>(), liked);
    double of_liked = 0, of_other = 0;
    for (std::size_t i = 0; i < liked.size(); ++i) {
      (liked[i] != 0 ? of_liked : of_other) += std::pow(area.placements[i] - area.value, 2);
    }
    const auto m = static_cast<double>(area.liked), n = static_cast<double>(area.other);
    EXPECT_NEAR(of_liked / (m * (m - 1)) + of_other / (n * (n - 1)), row["delong_variance"].get<double>(), kClose);
  }
}

TEST(Metrics, ListsAgreeWithRanx) {
  for (const auto& row : golden()["lists"]) {
    const auto positions = row["positions"].get<std::vector<std::uint32_t>>();
    const Hits hits = hits_of(positions, row["test_items"].get<std::size_t>(), row["k"].get<std::size_t>());
    const auto& values = row["values"];
    EXPECT_NEAR(hit_rate(hits), values["hit-rate"].get<double>(), kClose);
    EXPECT_NEAR(precision(hits), values["precision"].get<double>(), kClose);
    EXPECT_NEAR(recall(hits), values["recall"].get<double>(), kClose);
    EXPECT_NEAR(recall_min(hits), values["recall-min"].get<double>(), kClose);
    EXPECT_NEAR(ndcg(hits), values["ndcg"].get<double>(), kClose);
    EXPECT_NEAR(average_precision(hits), values["map"].get<double>(), kClose);
    EXPECT_NEAR(reciprocal_rank(hits), values["mrr"].get<double>(), kClose);
  }
}

TEST(Metrics, ListsByHand) {
  const std::vector<std::uint32_t> positions{0, 2};  // first and third of 4, with 3 test items
  const Hits hits = hits_of(positions, 3, 4);
  EXPECT_DOUBLE_EQ(precision(hits), 0.5);
  EXPECT_DOUBLE_EQ(recall(hits), 2.0 / 3);
  EXPECT_DOUBLE_EQ(average_precision(hits), (1.0 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(ndcg(hits), 1.5 / (1 + 1 / std::log2(3.0) + 0.5));
  EXPECT_DOUBLE_EQ(reciprocal_rank(hits), 1);
  const std::vector<std::uint32_t> none;
  for (const auto metric : {hit_rate, precision, recall, recall_min, ndcg, average_precision, reciprocal_rank}) {
    EXPECT_EQ(metric(hits_of(none, 3, 4)), 0);
  }
}

TEST(Metrics, PerfectListsReachOneEvenWithMoreTestItemsThanPlaces) {
  const std::vector<std::uint32_t> positions{0, 1, 2};
  for (const std::size_t test_items : {std::size_t{3}, std::size_t{8}}) {
    const Hits hits = hits_of(positions, test_items, 3);
    for (const auto metric : {hit_rate, precision, recall_min, ndcg, average_precision, reciprocal_rank}) {
      EXPECT_DOUBLE_EQ(metric(hits), 1);
    }
  }
}

TEST(Metrics, TiesAreWorthHalf) {
  const std::vector<std::uint8_t> liked{1, 0, 0, 1, 0};
  EXPECT_EQ(area_under_curve(std::vector<float>(5, 3.0f), liked).value, 0.5);
  // one liked event above all, one tied with two of three others: (3 + 0.5 + 0.5) / 6
  EXPECT_DOUBLE_EQ(area_under_curve(std::vector<float>{9, 1, 1, 1, 2}, liked).value, 4.0 / 6);
}

TEST(Metrics, AreaNeedsBothKinds) {
  const AreaUnderCurve area = area_under_curve(std::vector<float>{1, 2}, std::vector<std::uint8_t>{1, 1});
  EXPECT_EQ(area.liked, 2u);
  EXPECT_EQ(area.other, 0u);
  EXPECT_EQ(area.value, 0);
  EXPECT_THROW(area_under_curve(std::vector<float>{1, NAN}, std::vector<std::uint8_t>{1, 0}), Error);
}

RC_GTEST_PROP(Metrics, AreaEqualsTheShareOfPairs, ()) {
  const auto numbers = *rc::gen::container<std::vector<int>>(20, rc::gen::inRange(0, 6));
  auto flags = *rc::gen::container<std::vector<std::uint8_t>>(20, rc::gen::inRange<std::uint8_t>(0, 2));
  flags[0] = 1;
  flags[1] = 0;
  const std::vector<float> scores(numbers.begin(), numbers.end());
  double above = 0, pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (flags[i] == 0 || flags[j] != 0) continue;
      above += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  const AreaUnderCurve area = area_under_curve(scores, flags);
  RC_ASSERT(std::abs(area.value - above / pairs) < kClose);
  double of_liked = 0, of_other = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) (flags[i] != 0 ? of_liked : of_other) += area.placements[i];
  RC_ASSERT(std::abs(of_liked / static_cast<double>(area.liked) - area.value) < kClose);
  RC_ASSERT(std::abs(of_other / static_cast<double>(area.other) - area.value) < kClose);
}

TEST(Metrics, LogLossOfCertaintyIsFinite) {
  EXPECT_LT(log_loss(0, true), 37);
  EXPECT_LT(log_loss(1, false), 37);
  EXPECT_NEAR(log_loss(1, true), 0, 1e-15);
}

TEST(Metrics, NamesFollowTheTable) {
  EXPECT_THAT(metric_names(Task::ratings, {}), ElementsAre("rmse", "mae", "mse"));
  const std::vector<std::size_t> k{5, 10};
  const std::vector<std::string> names = metric_names(Task::top_n, k);
  EXPECT_EQ(names[0], "hit-rate@5");
  EXPECT_EQ(names[1], "hit-rate@10");
  EXPECT_EQ(primary_metric(Task::top_n, k, names), "ndcg@5");
  EXPECT_EQ(primary_metric(Task::ratings, {}, metric_names(Task::ratings, {})), "rmse");
  const std::vector<std::string> only{"mae"};
  EXPECT_EQ(primary_metric(Task::ratings, {}, only), "mae");
}

TEST(Metrics, SelectionAcceptsNamesWithAndWithoutLength) {
  const std::vector<std::size_t> k{5, 10};
  EXPECT_THAT(select_metrics(Task::top_n, k, std::vector<std::string>{"recall@10", "ndcg"}),
              ElementsAre("recall@10", "ndcg@5", "ndcg@10"));
  const auto message = [&](Task task, const std::string& name) {
    try {
      select_metrics(task, k, std::vector<std::string>{name});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_option);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message(Task::top_n, "ndgc@10"), HasSubstr("ndcg"));
  EXPECT_THAT(message(Task::top_n, "ndcg@20"), HasSubstr("ndcg@5"));
  EXPECT_THAT(message(Task::ratings, "auc"), HasSubstr("likes"));
  EXPECT_THAT(message(Task::ratings, "rmse@10"), HasSubstr("rmse"));
}

// The first and the last column of the tables of metrics: "ndcg@k", "higher".
std::vector<std::pair<std::string, std::string>> documented_metrics() {
  std::vector<std::pair<std::string, std::string>> rows;
  std::ifstream file(GUSTO_SOURCE_DIR "/docs/reference/metrics.md");
  bool metrics = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) metrics = line.starts_with("## Task ");
    if (!metrics || !line.starts_with("| `") || !line.ends_with(" |")) continue;
    const std::size_t last = line.rfind("| ", line.size() - 3) + 2;
    rows.emplace_back(line.substr(3, line.find('`', 3) - 3), line.substr(last, line.size() - last - 2));
  }
  return rows;
}

TEST(Metrics, DocsHaveARowForEachInTheTablesOrder) {
  std::vector<std::pair<std::string, std::string>> expected;
  for (const MetricInfo& metric : metric_table()) {
    expected.emplace_back(std::string(metric.name) + (metric.at_k ? "@k" : ""),
                          metric.higher_is_better ? "higher" : "lower");
  }
  EXPECT_EQ(documented_metrics(), expected);
}

}  // namespace
}  // namespace gusto
