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

TEST(SumRows, EqualsTheSumInDouble) {
  const std::size_t stride = 150;
  const std::vector<float> rows = random_floats(20 * stride, 1);
  const std::vector<float> weights = random_floats(30, 2);
  std::vector<std::uint32_t> indexes(weights.size());
  for (std::size_t n = 0; n < indexes.size(); ++n) indexes[n] = static_cast<std::uint32_t>(n * 7 % 20);
  for (std::size_t width : {1u, 3u, 8u, 17u, 50u, 64u, 99u, 150u}) {
    std::vector<float> sum(width, 5.0F);
    sum_rows(rows.data(), stride, indexes, weights, sum);
    for (std::size_t c = 0; c < width; ++c) {
      double expected = 0;
      for (std::size_t n = 0; n < indexes.size(); ++n) {
        expected += static_cast<double>(weights[n]) * static_cast<double>(rows[indexes[n] * stride + c]);
      }
      EXPECT_NEAR(sum[c], expected, 1e-4);
    }
  }
}

struct PlainTables {
  Matrix<double> p, q;
  std::vector<double> user_bias, item_bias, user_reg, item_reg;
};

std::vector<double> widened(std::span<const float> values) { return {values.begin(), values.end()}; }

Matrix<double> widened(const Matrix<float>& a) {
  Matrix<double> wide(a.rows(), a.cols());
  std::copy(a.values().begin(), a.values().end(), wide.values().begin());
  return wide;
}

// The formula of sgd_block's declaration, word for word, in double.
double plain_sgd_block(std::span<const SgdEvent> events, PlainTables& t, double rate, double bias_reg) {
  double squared_error = 0;
  for (const auto& [user, item, value] : events) {
    double e = static_cast<double>(value) - t.user_bias[user] - t.item_bias[item];
    for (std::size_t i = 0; i < t.p.cols(); ++i) e -= t.p(user, i) * t.q(item, i);
    squared_error += e * e;
    t.user_bias[user] += rate * (e - bias_reg * t.user_bias[user]);
    t.item_bias[item] += rate * (e - bias_reg * t.item_bias[item]);
    for (std::size_t i = 0; i < t.p.cols(); ++i) {
      const double old_p = t.p(user, i);
      t.p(user, i) += rate * (e * t.q(item, i) - t.user_reg[user] * old_p);
      t.q(item, i) += rate * (e * old_p - t.item_reg[item] * t.q(item, i));
    }
  }
  return squared_error;
}

TEST(SgdBlock, FollowsItsPlainTwin) {
  constexpr std::size_t kUsers = 9;
  constexpr std::size_t kItems = 7;
  for (std::size_t width : {16u, 32u, 48u, 64u, 128u, 208u}) {
    Random random(width, "sgd test");
    std::vector<SgdEvent> events(400);
    for (std::size_t e = 0; e < events.size(); ++e) {
      // Runs of one user, as in a block ordered by user.
      events[e] = {static_cast<std::uint32_t>(e / 5 % kUsers), static_cast<std::uint32_t>(random.below(kItems)),
                   static_cast<float>(random.normal())};
    }
    Matrix<float> p(kUsers, width);
    Matrix<float> q(kItems, width);
    std::vector<float> user_bias(kUsers), item_bias(kItems), user_reg(kUsers), item_reg(kItems);
    for (float& x : p.values()) x = 0.1F * static_cast<float>(random.normal());
    for (float& x : q.values()) x = 0.1F * static_cast<float>(random.normal());
    for (float& x : user_reg) x = static_cast<float>(random.uniform());
    for (float& x : item_reg) x = static_cast<float>(random.uniform());
    PlainTables plain{widened(p),         widened(q),        widened(user_bias),
                      widened(item_bias), widened(user_reg), widened(item_reg)};

    const double expected = plain_sgd_block(events, plain, 0.02, 0.03);
    const double error = sgd_block(events,
                                   {p.values().data(), q.values().data(), user_bias.data(), item_bias.data(),
                                    user_reg.data(), item_reg.data(), width},
                                   {0.02F, 0.03F});

    EXPECT_NEAR(error, expected, 1e-3 * expected);
    for (std::size_t i = 0; i < p.values().size(); ++i) EXPECT_NEAR(p.values()[i], plain.p.values()[i], 1e-4);
    for (std::size_t i = 0; i < q.values().size(); ++i) EXPECT_NEAR(q.values()[i], plain.q.values()[i], 1e-4);
    for (std::size_t i = 0; i < kUsers; ++i) EXPECT_NEAR(user_bias[i], plain.user_bias[i], 1e-4);
    for (std::size_t i = 0; i < kItems; ++i) EXPECT_NEAR(item_bias[i], plain.item_bias[i], 1e-4);
  }
}

}  // namespace
}  // namespace gusto
