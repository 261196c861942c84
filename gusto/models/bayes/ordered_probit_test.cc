#include "gusto/models/bayes/ordered_probit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(NormalQuantile, InvertsTheDistribution) {
  for (const double x : {-30.0, -8.0, -3.0, -1.5, -0.3, 0.0, 0.2, 1.0, 2.5, 5.0}) {
    EXPECT_NEAR(normal_quantile(normal_below(x)), x, 1e-9 * (1 + std::abs(x))) << x;
  }
  EXPECT_NEAR(normal_below(1.959963984540054), 0.975, 1e-14);
}

TEST(TruncatedNormal, StaysWithinItsBoundsAndHasItsMean) {
  const std::vector<std::pair<double, double>> bounds{{-kInfinity, kInfinity}, {-1, 0.5}, {2, kInfinity}, {6, 7},
                                                      {-kInfinity, -4},        {-9, -8}};
  for (const auto& [low, high] : bounds) {
    constexpr int kDraws = 20000;
    double sum = 0;
    for (int n = 0; n < kDraws; ++n) {
      const double x = truncated_normal(low, high, (n + 0.5) / kDraws);
      ASSERT_GE(x, low);
      ASSERT_LE(x, high);
      sum += x;
    }
    const auto density = [](double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI); };
    const double within = low > 0 ? normal_below(-low) - normal_below(-high) : normal_below(high) - normal_below(low);
    EXPECT_NEAR(sum / kDraws, (density(low) - density(high)) / within, 1e-3) << low << " to " << high;
  }
  for (const double far : {40.0, 200.0}) {
    EXPECT_TRUE(std::isfinite(truncated_normal(far, kInfinity, 0.5)));
    EXPECT_TRUE(std::isfinite(truncated_normal(-far - 1, -far, 0.5)));
  }
}

std::vector<OutputCount> counts() {
  std::vector<OutputCount> result;
  for (std::uint32_t level = 0; level < 4; ++level) {
    for (int step = -4; step <= 4; ++step) {
      const float output = 0.3F * static_cast<float>(step);
      const auto count = static_cast<std::uint32_t>(1 + (level * 7 + static_cast<std::uint32_t>(step + 4)) % 5);
      result.push_back({level, output, count});
    }
  }
  return result;
}

TEST(CutLikelihood, HasTheSlopesOfItsValue) {
  const std::vector<double> cuts{-0.7, 0.1, 1.3};
  const CutLikelihood at = cut_likelihood(counts(), cuts);
  constexpr double kStep = 1e-4;
  const auto value = [&](std::size_t r, double by, std::size_t other, double other_by) {
    std::vector<double> moved = cuts;
    moved[r] += by;
    moved[other] += other_by;
    return cut_likelihood(counts(), moved).value;
  };
  for (std::size_t r = 0; r < cuts.size(); ++r) {
    EXPECT_NEAR(at.slope[r], (value(r, kStep, 0, 0) - value(r, -kStep, 0, 0)) / (2 * kStep), 1e-4);
    const double second = (value(r, kStep, 0, 0) - 2 * at.value + value(r, -kStep, 0, 0)) / (kStep * kStep);
    EXPECT_NEAR(at.diagonal[r], -second, 1e-2);
    if (r + 1 == cuts.size()) continue;
    const double both = value(r, kStep, r + 1, kStep) - value(r, kStep, r + 1, -kStep) -
                        value(r, -kStep, r + 1, kStep) + value(r, -kStep, r + 1, -kStep);
    EXPECT_NEAR(at.beside[r], -both / (4 * kStep * kStep), 1e-2);
  }
}

// The chain's mean and variance of a single cut point against those of its distribution on a grid.
TEST(DrawCuts, DrawsFromTheDistribution) {
  const std::vector<OutputCount> data{{0, -0.5F, 6}, {0, 0.4F, 3}, {1, 0.2F, 5}, {1, 0.9F, 4}};
  double weight = 0, mean = 0, square = 0;
  const double most = cut_likelihood(data, std::vector<double>{0.3}).value;
  for (double cut = -4; cut < 4; cut += 0.001) {
    const double w = std::exp(cut_likelihood(data, std::vector<double>{cut}).value - most);
    weight += w;
    mean += w * cut;
    square += w * cut * cut;
  }
  mean /= weight;
  const double variance = square / weight - mean * mean;

  Random random(7, "cuts test");
  std::vector<double> cuts{2.0};
  double sum = 0, squares = 0;
  constexpr int kDraws = 4000;
  for (int n = 0; n < kDraws; ++n) {
    draw_cuts(data, random, cuts);
    sum += cuts[0];
    squares += cuts[0] * cuts[0];
  }
  EXPECT_NEAR(sum / kDraws, mean, 0.03);
  EXPECT_NEAR(squares / kDraws - std::pow(sum / kDraws, 2), variance, 0.15 * variance);
}

TEST(DrawCuts, KeepsThemInOrder) {
  Random random(7, "cuts order test");
  std::vector<double> cuts{-2, 0, 0.1};
  for (int n = 0; n < 200; ++n) {
    draw_cuts(counts(), random, cuts);
    ASSERT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
  }
}

// With outputs of 0 throughout, levels' shares are all there is to learn.
TEST(ProbitOutput, FindsTheCutPointsThatItsLevelsCameFrom) {
  const std::vector<double> truth{-1.0, 0.2, 0.9};
  std::vector<std::uint8_t> levels;
  Random random(7, "probit output test");
  for (int e = 0; e < 8000; ++e) {
    const double latent = random.normal();
    levels.push_back(static_cast<std::uint8_t>(std::upper_bound(truth.begin(), truth.end(), latent) - truth.begin()));
  }
  ProbitOutput output(levels, 4);
  Context context({.threads = 2});
  std::vector<float> residuals(levels.size());
  for (std::size_t e = 0; e < levels.size(); ++e) residuals[e] = output.target(e);
  for (std::size_t sweep = 0; sweep < 5; ++sweep) {
    EXPECT_EQ(output.draw(1, sweep, residuals, context), 1);
    for (std::size_t e = 0; e < levels.size(); ++e) {
      ASSERT_NEAR(output.target(e), residuals[e], 1e-5);
      const auto level = std::upper_bound(output.cuts().begin(), output.cuts().end(), output.target(e));
      ASSERT_EQ(level - output.cuts().begin(), levels[e]);
    }
  }
  for (std::size_t r = 0; r < truth.size(); ++r) EXPECT_NEAR(output.cuts()[r], truth[r], 0.06);
}

TEST(ProbitOutput, RefusesOutputsThatAreNoNumbers) {
  ProbitOutput output({0, 1, 0}, 2);
  Context context({.threads = 1});
  std::vector<float> residuals{0, std::numeric_limits<float>::quiet_NaN(), 0};
  EXPECT_EQ(test::code_of([&] { output.draw(1, 0, residuals, context); }), ErrorCode::not_finite);
}

TEST(DrawLatent, KeepsToItsLevelAndWidensWithTheNoise) {
  const std::vector<float> cuts{-1, 1};
  constexpr int kDraws = 2000;
  double farthest = 0;
  for (int n = 0; n < kDraws; ++n) {
    const double u = (n + 0.5) / kDraws;
    const float middle = draw_latent(cuts, 1, 3, 2, u);
    EXPECT_GE(middle, -1);
    EXPECT_LE(middle, 1);
    const float upper = draw_latent(cuts, 2, 1, 2, u);
    EXPECT_GE(upper, 1);
    farthest += (upper - 1) / kDraws;
  }
  EXPECT_NEAR(farthest, 2 * std::sqrt(2 / std::numbers::pi), 0.01);  // the mean of |N(0, 2²)|
}

TEST(LevelMoments, AreThoseOfTheLevelsProbabilities) {
  const std::vector<float> values{1, 2, 4};
  const std::vector<float> cuts{-0.5F, 0.5F};
  const LevelMoments moments = level_moments(values, cuts, 0.2);
  const double first = normal_below(-0.7);
  const double second = normal_below(0.3) - first;
  const double third = 1 - first - second;
  EXPECT_NEAR(moments.mean, first + 2 * second + 4 * third, 1e-9);
  EXPECT_NEAR(moments.square, first + 4 * second + 16 * third, 1e-9);
}

}  // namespace
}  // namespace gusto
