#include "gusto/eval/calibration.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

TEST(Calibration, FindsTheCurveThatMadeTheLikes) {
  Random random(1, "calibration test");
  std::vector<float> x;
  std::vector<std::uint8_t> liked;
  for (int i = 0; i < 50000; ++i) {
    x.push_back(static_cast<float>(1 + 4 * random.uniform()));
    const double p = 1 / (1 + std::exp(-(2.0 * x.back() - 7.0)));
    liked.push_back(random.uniform() < p ? 1 : 0);
  }
  const LikesCalibration curve = fit_likes_calibration(x, liked);
  EXPECT_NEAR(curve.slope, 2, 0.06);
  EXPECT_NEAR(curve.intercept, -7, 0.2);
  EXPECT_NEAR(curve.probability(3.5), 0.5, 0.01);
}

TEST(Calibration, GradientVanishesAtTheSolution) {
  const std::vector<float> x{1, 2, 2.5f, 3, 3.5f, 4, 5};
  const std::vector<std::uint8_t> liked{0, 0, 1, 0, 1, 1, 1};
  const LikesCalibration curve = fit_likes_calibration(x, liked);
  double slope = 0, intercept = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double target = liked[i] != 0 ? 5.0 / 6 : 1.0 / 5;  // Platt's, for 4 liked and 3 others
    const double error = curve.probability(x[i]) - target;
    slope += error * x[i];
    intercept += error;
  }
  EXPECT_NEAR(slope, 0, 1e-8);
  EXPECT_NEAR(intercept, 0, 1e-8);
}

TEST(Calibration, StaysFiniteWhereKindsSeparateOrDoNotDiffer) {
  const LikesCalibration separate =
      fit_likes_calibration(std::vector<float>{1, 1, 5, 5}, std::vector<std::uint8_t>{0, 0, 1, 1});
  EXPECT_NEAR(separate.probability(5), 0.75, 1e-6);
  EXPECT_NEAR(separate.probability(1), 0.25, 1e-6);
  const LikesCalibration constant =
      fit_likes_calibration(std::vector<float>(6, 3.0f), std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0});
  EXPECT_NEAR(constant.probability(3), (4 * 5.0 / 6 + 2 * 1.0 / 4) / 6, 1e-6);
  const LikesCalibration all = fit_likes_calibration(std::vector<float>{1, 2, 3}, std::vector<std::uint8_t>{1, 1, 1});
  EXPECT_NEAR(all.probability(2), 0.8, 1e-6);
  EXPECT_THROW(fit_likes_calibration(std::vector<float>{NAN}, std::vector<std::uint8_t>{1}), Error);
}

}  // namespace
}  // namespace gusto
