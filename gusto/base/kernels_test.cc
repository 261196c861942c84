#include "gusto/base/kernels.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

std::vector<float> random_floats(std::size_t n, std::uint64_t key) {
  std::vector<float> values(n);
  Random random(key, "kernels test");
  for (float& x : values) x = static_cast<float>(random.normal());
  return values;
}

TEST(PositionsAbove, FindsWhatAScanFinds) {
  for (std::size_t n : {0u, 1u, 7u, 16u, 33u, 1000u}) {
    const std::vector<float> scores = random_floats(n, n);
    for (float threshold : {-10.0f, 0.0f, 0.5f, 10.0f}) {
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < n; ++i) {
        if (scores[i] > threshold) expected.push_back(static_cast<std::uint32_t>(i));
      }
      std::vector<std::uint32_t> found(n + 64);
      found.resize(positions_above(scores, threshold, found.data()));
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(Dot, IsCloseToTheSumInDouble) {
  for (std::size_t n : {0u, 1u, 15u, 64u, 1001u}) {
    const std::vector<float> a = random_floats(n, 1), b = random_floats(n, 2);
    double expected = 0;
    for (std::size_t i = 0; i < n; ++i) expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    EXPECT_NEAR(dot(a, b), expected, 1e-5 * (1 + static_cast<double>(n)));
  }
}

TEST(Axpy, AddsAMultiple) {
  const std::vector<float> x = random_floats(37, 1);
  std::vector<float> y = random_floats(37, 2);
  const std::vector<float> before = y;
  axpy(0.5f, x, y);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_FLOAT_EQ(y[i], before[i] + 0.5f * x[i]);
}

// The formula of sgd_block's declaration, word for word, in double.
double plain_sgd_block(std::span<const SgdEvent> events, std::size_t width, Matrix<double>& p, Matrix<double>& q,
                       std::vector<double>& bu, std::vector<double>& bi, const SgdRates& rates) {
  double squared_error = 0;
  for (const SgdEvent& event : events) {
    double e = static_cast<double>(event.value) - bu[event.user] - bi[event.item];
    for (std::size_t i = 0; i < width; ++i) e -= p(event.user, i) * q(event.item, i);
    squared_error += e * e;
    bu[event.user] += rates.bias_learning_rate * (e - rates.bias_reg * bu[event.user]);
    bi[event.item] += rates.bias_learning_rate * (e - rates.bias_reg * bi[event.item]);
    for (std::size_t i = 0; i < width; ++i) {
      const double old_p = p(event.user, i);
      p(event.user, i) += rates.learning_rate * (e * q(event.item, i) - rates.reg * old_p);
      q(event.item, i) += rates.learning_rate * (e * old_p - rates.reg * q(event.item, i));
    }
  }
  return squared_error;
}

TEST(SgdBlock, FollowsItsPlainTwin) {
  constexpr std::size_t kUsers = 9, kItems = 7;
  const SgdRates rates{0.02f, 0.01f, 0.06f, 0.03f};
  for (std::size_t width : {16u, 32u, 48u, 64u, 128u, 208u}) {
    Random random(width, "sgd test");
    std::vector<SgdEvent> events(400);
    for (std::size_t e = 0; e < events.size(); ++e) {
      // Runs of one user, as in a block ordered by user.
      events[e] = {static_cast<std::uint32_t>(e / 5 % kUsers), static_cast<std::uint32_t>(random.below(kItems)),
                   static_cast<float>(random.normal())};
    }
    Matrix<float> p(kUsers, width), q(kItems, width);
    std::vector<float> bu(kUsers), bi(kItems);
    for (float& x : p.values()) x = 0.1f * static_cast<float>(random.normal());
    for (float& x : q.values()) x = 0.1f * static_cast<float>(random.normal());
    Matrix<double> wide_p(kUsers, width), wide_q(kItems, width);
    std::copy(p.values().begin(), p.values().end(), wide_p.values().begin());
    std::copy(q.values().begin(), q.values().end(), wide_q.values().begin());
    std::vector<double> wide_bu(kUsers), wide_bi(kItems);

    const double expected = plain_sgd_block(events, width, wide_p, wide_q, wide_bu, wide_bi, rates);
    const double error = sgd_block(events, {p.values().data(), q.values().data(), bu.data(), bi.data(), width}, rates);

    EXPECT_NEAR(error, expected, 1e-3 * expected);
    for (std::size_t i = 0; i < p.values().size(); ++i) EXPECT_NEAR(p.values()[i], wide_p.values()[i], 1e-4);
    for (std::size_t i = 0; i < q.values().size(); ++i) EXPECT_NEAR(q.values()[i], wide_q.values()[i], 1e-4);
    for (std::size_t i = 0; i < kUsers; ++i) EXPECT_NEAR(bu[i], wide_bu[i], 1e-4);
    for (std::size_t i = 0; i < kItems; ++i) EXPECT_NEAR(bi[i], wide_bi[i], 1e-4);
  }
}

}  // namespace
}  // namespace gusto
