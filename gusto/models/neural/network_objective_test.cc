#include "gusto/models/neural/network_objective.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/models/testing/networks.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

using test::error_of;
using test::four_values;
using testing::HasSubstr;

NetworkOptions with(NetworkLoss loss) {
  NetworkOptions options = test::small_network();
  options.loss = loss;
  return options;
}
double logit(double p) { return std::log(p / (1 - p)); }

/// The recorded loss of two outputs.
double loss_of(const NetworkObjective& objective, std::vector<float> z, std::vector<float> targets, float scale) {
  nn::Tape tape;
  tape.begin(nn::Mode::infer);
  const nn::Var outputs = tape.constant(MatrixView<const float>(z.data(), z.size(), 1));
  return static_cast<double>(objective.record(outputs, targets, scale).value()(0, 0));
}

// The values 1, 2, 4 and 5 have mean 3 and variance 2.5.
const double kUnit = std::sqrt(2.5);

TEST(NetworkObjective, RatingsAreSquaredInUnitsOfTheirSpread) {
  const NetworkObjective objective(*four_values(), Task::ratings, with(NetworkLoss::automatic), false);
  EXPECT_EQ(objective.loss(), NetworkLoss::squared);
  EXPECT_EQ(objective.negatives(), 0U);
  EXPECT_NEAR(objective.center(), 0, 1e-9) << "3 is the middle of 1 to 5";
  EXPECT_FLOAT_EQ(objective.output().predict(0), 3);
  EXPECT_FLOAT_EQ(objective.output().predict(1), static_cast<float>(1 + 4 / (1 + std::exp(-1.0))));
  EXPECT_NEAR(objective.output().predict(-50), 1, 1e-6);
  EXPECT_FLOAT_EQ(objective.target(4), static_cast<float>(4 / kUnit));
  const double z = 0.7, predicted = 1 + 4 / (1 + std::exp(-z));
  EXPECT_NEAR(loss_of(objective, {0.7F, 0}, {objective.target(4), objective.target(3)}, 0.5F),
              0.5 * std::pow(predicted - 4, 2) / 2.5, 1e-5);
  EXPECT_NEAR(objective.error(0.7F, objective.target(4)), std::pow(predicted - 4, 2), 1e-5) << "in units of the values";
  EXPECT_EQ(objective.metric(0.25).name, "rmse");
  EXPECT_DOUBLE_EQ(objective.metric(0.25).value, 0.5);
}

TEST(NetworkObjective, LinearOutputsCountInUnitsOfTheSpread) {
  const NetworkObjective objective(*four_values(), Task::ratings, with(NetworkLoss::squared), true);
  EXPECT_NEAR(objective.center(), 3 / kUnit, 1e-9);
  EXPECT_FLOAT_EQ(objective.output().predict(2), static_cast<float>(2 * kUnit));
  EXPECT_NEAR(objective.error(2, objective.target(1)), std::pow(2 * kUnit - 1, 2), 1e-4);
  EXPECT_NEAR(loss_of(objective, {2}, {objective.target(1)}, 1), std::pow(2 - 1 / kUnit, 2), 1e-5);
}

TEST(NetworkObjective, AbsoluteAndHuberLossesGoByTheirNames) {
  const NetworkObjective absolute(*four_values(), Task::ratings, with(NetworkLoss::absolute), true);
  EXPECT_NEAR(loss_of(absolute, {2}, {absolute.target(1)}, 1), 2 - 1 / kUnit, 1e-5);
  EXPECT_NEAR(absolute.error(2, absolute.target(1)), 2 * kUnit - 1, 1e-5);
  EXPECT_EQ(absolute.metric(0.25).name, "mae");
  EXPECT_DOUBLE_EQ(absolute.metric(0.25).value, 0.25);
  const NetworkObjective huber(*four_values(), Task::ratings, with(NetworkLoss::huber), true);
  EXPECT_NEAR(loss_of(huber, {2, 0.5F}, {huber.target(1), 0}, 1), 2 - 1 / kUnit - 0.5 + 0.125, 1e-5);
}

TEST(NetworkObjective, LogisticLossOfRatingsIsOfTheirPlaceInTheRange) {
  const NetworkObjective objective(*four_values(), Task::ratings, with(NetworkLoss::logistic), true);
  EXPECT_TRUE(objective.output().sigmoid) << "a linear output has no place in a range";
  EXPECT_FLOAT_EQ(objective.target(4), 0.75F);
  EXPECT_NEAR(loss_of(objective, {0.3F}, {0.75F}, 1), std::log(1 + std::exp(0.3)) - 0.75 * 0.3, 1e-5);
  EXPECT_NEAR(objective.error(0, 0.75F), 1, 1e-6) << "3 instead of 4";
}

TEST(NetworkObjective, OneValueAloneHasARangeAroundIt) {
  const auto data =
      test::dataset_of(1, 2, {{UserRow(0), ItemRow(0), 3, kNoTime}, {UserRow(0), ItemRow(1), 3, kNoTime}});
  const NetworkObjective objective(*data, Task::ratings, with(NetworkLoss::automatic), false);
  EXPECT_FLOAT_EQ(objective.output().predict(0), 3);
  EXPECT_NEAR(objective.center(), 0, 1e-9);
  EXPECT_FLOAT_EQ(objective.target(3), 3);
}

TEST(NetworkObjective, LikesReachTheThreshold) {
  NetworkOptions options = with(NetworkLoss::automatic);
  options.like_threshold = 2;
  const NetworkObjective objective(*four_values(), Task::likes, options, false);
  EXPECT_EQ(objective.loss(), NetworkLoss::logistic);
  EXPECT_EQ(objective.target(2), 1);
  EXPECT_EQ(objective.target(1.5F), 0);
  EXPECT_NEAR(objective.center(), logit(0.75), 1e-9);
  EXPECT_FLOAT_EQ(objective.output().predict(0), 0.5F);
  EXPECT_NEAR(loss_of(objective, {2}, {1}, 1), std::log1p(std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(objective.error(2, 1), std::log1p(std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(objective.error(2, 0), std::log1p(std::exp(2.0)), 1e-6);
  EXPECT_NEAR(objective.error(-800, 1), 800, 1e-6) << "no overflow";
  EXPECT_EQ(objective.metric(0.5).name, "log-loss");
  EXPECT_DOUBLE_EQ(objective.metric(0.5).value, 0.5);

  options.like_threshold = 4.1;
  EXPECT_EQ(NetworkObjective(*four_values(), Task::likes, options, false).target(4.1F), 1) << "as values are stored";
}

TEST(NetworkObjective, LikesCanBeSquaredToo) {
  const NetworkObjective objective(*four_values(), Task::likes, with(NetworkLoss::squared), true);
  EXPECT_NEAR(loss_of(objective, {0}, {1}, 1), 0.25, 1e-6) << "of the probability";
}

TEST(NetworkObjective, TopNStartsAtTheShareOfPositives) {
  const NetworkObjective objective(*four_values(), Task::top_n, with(NetworkLoss::automatic), false);
  EXPECT_EQ(objective.loss(), NetworkLoss::logistic);
  EXPECT_EQ(objective.negatives(), 3U);
  EXPECT_NEAR(objective.center(), logit(0.25), 1e-9);
  EXPECT_EQ(objective.target(1), 1) << "every event is a positive";
  EXPECT_EQ(objective.not_chosen(), 0);
  EXPECT_EQ(NetworkObjective(*four_values(), Task::top_n, with(NetworkLoss::bpr), false).center(), 0);
}

TEST(NetworkObjective, BprIsForRanking) {
  for (const Task task : {Task::ratings, Task::likes}) {
    const Error error = error_of([&] { NetworkObjective(*four_values(), task, with(NetworkLoss::bpr), false); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option);
    EXPECT_THAT(error.message(), HasSubstr("bpr"));
    EXPECT_THAT(error.message(), HasSubstr(std::string(to_string(task))));
    EXPECT_THAT(error.hint(), HasSubstr("top-n"));
  }
}

TEST(NetworkObjective, NoiseIsWhatItsLossLeaves) {
  const auto noise = [](NetworkLoss loss, double mean, bool is_error) {
    return NetworkObjective(*four_values(), Task::ratings, with(loss), false).noise(mean, is_error);
  };
  // Squared loss (p − t)² is 2σ² times the negative log likelihood (p − t)² / 2σ².
  EXPECT_NEAR(noise(NetworkLoss::squared, 0.75, true), 2 * 0.75 / 2.5, 1e-9);
  EXPECT_NEAR(noise(NetworkLoss::squared, 0.3, false), 2 * 0.3, 1e-9);
  // Huber's is half of that, and its mean loss half of the mean square.
  EXPECT_NEAR(noise(NetworkLoss::huber, 0.75, true), 0.75 / 2.5, 1e-9);
  EXPECT_NEAR(noise(NetworkLoss::huber, 0.15, false), 0.3, 1e-9);
  // Absolute loss is b times that of a Laplacian, |p − t| / b, whose mean error is b.
  EXPECT_NEAR(noise(NetworkLoss::absolute, 0.75, true), 0.75 / kUnit, 1e-9);
  EXPECT_NEAR(noise(NetworkLoss::absolute, 0.3, false), 0.3, 1e-9);
  EXPECT_EQ(noise(NetworkLoss::logistic, 0.75, true), 1) << "a negative log likelihood as it is";
  EXPECT_GT(noise(NetworkLoss::squared, 0, false), 0) << "what was learned by heart still leaves new users a prior";
}

}  // namespace
}  // namespace gusto
