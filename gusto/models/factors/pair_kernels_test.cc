#include "gusto/models/factors/pair_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

struct PlainTables {
  Matrix<double> users, items;
  std::vector<double> biases;

  double score(std::uint32_t user, std::uint32_t item) const {
    double sum = biases[item];
    for (std::size_t c = 0; c < users.cols(); ++c) sum += users(user, c) * items(item, c);
    return sum;
  }
};

Matrix<double> widened(const Matrix<float>& a) {
  Matrix<double> wide(a.rows(), a.cols());
  std::copy(a.values().begin(), a.values().end(), wide.values().begin());
  return wide;
}

/// The declaration of descend_pairs, word for word, in double.
std::size_t plain_pass(const std::vector<PairEvent>& in_order, const PairBlock& block, PlainTables& t,
                       const PairRates& rates, std::uint64_t seed, std::uint64_t key) {
  Random random(seed, "pairs", key);
  const std::uint32_t first = block.end[0] - block.begin[0];
  const std::uint32_t items = first + block.end[1] - block.begin[1];
  const auto draw = [&] {
    const auto n = static_cast<std::uint32_t>(random.below(items));
    return n < first ? block.begin[0] + n : block.begin[1] + n - first;
  };
  std::size_t pairs = 0;
  for (const PairEvent& event : in_order) {
    const auto has = [&](std::uint32_t item) {
      return std::any_of(in_order.begin(), in_order.end(),
                         [&](const PairEvent& other) { return other.user == event.user && other.item == item; });
    };
    const double times = event.strength == 1 ? 1 : std::floor(static_cast<double>(event.strength) + random.uniform());
    for (int time = 0; time < times; ++time) {
      const double chosen = t.score(event.user, event.item);
      std::uint32_t other = 0;
      double best = -std::numeric_limits<double>::infinity();
      double slope = 0;
      bool found = false;
      for (std::size_t trial = 1; trial <= (rates.sampling == PairSampling::uniform ? 1 : rates.trials); ++trial) {
        std::uint32_t item = draw();
        if (has(item) && rates.sampling == PairSampling::hard) continue;
        while (has(item)) item = draw();
        if (t.score(event.user, item) > best) {
          best = t.score(event.user, item);
          other = item;
        }
        if (rates.sampling != PairSampling::warp) {
          found = true;
          slope = 1 / (1 + std::exp(chosen - best));
        } else if (best > chosen - 1) {
          found = true;
          slope = std::log(1 + std::floor((items - 1.0) / static_cast<double>(trial))) / std::log(items);
          break;
        }
      }
      if (!found) continue;
      ++pairs;
      for (std::size_t c = 0; c < t.users.cols(); ++c) {
        const double p = t.users(event.user, c);
        const double q = t.items(event.item, c);
        const double o = t.items(other, c);
        t.users(event.user, c) += rates.learning_rate * (slope * (q - o) - rates.reg * p);
        t.items(event.item, c) += rates.learning_rate * (slope * p - rates.reg * q);
        t.items(other, c) += rates.learning_rate * (-slope * p - rates.reg * o);
      }
      t.biases[event.item] += rates.learning_rate * (slope - rates.reg_bias * t.biases[event.item]);
      t.biases[other] += rates.learning_rate * (-slope - rates.reg_bias * t.biases[other]);
    }
  }
  return pairs;
}

TEST(DescendPairs, FollowsItsPlainTwin) {
  constexpr std::uint32_t kUsers = 12;
  constexpr std::uint32_t kItems = 40;  // the second group begins at 25, and there are items between the two
  PairBlock block{{}, {2, 25}, {15, kItems}};
  std::array<std::vector<PairEvent>, 2> events;
  std::vector<PairEvent> in_order;
  Random random(1, "pairs test");
  for (std::uint32_t u = 0; u < kUsers; ++u) {
    for (std::size_t side = 0; side < 2; ++side) {
      for (std::uint32_t i = block.begin[side]; i < block.end[side]; ++i) {
        if (random.below(3) != 0 && u != 5) continue;  // user 5 has everything, and learns nothing
        const float strength = u % 2 == 0 ? 1 : 0.4F * static_cast<float>(random.below(6));
        events[side].push_back({u, i, strength});
        if (u != 5) in_order.push_back(events[side].back());
      }
    }
  }
  block.events = {events[0], events[1]};
  for (const std::size_t width : {16u, 64u, 80u}) {
    for (const PairSampling sampling : {PairSampling::uniform, PairSampling::hard, PairSampling::warp}) {
      Matrix<float> users(kUsers, width);
      Matrix<float> items(kItems, width);
      std::vector<float> biases(kItems);
      for (float& x : users.values()) x = 0.2F * static_cast<float>(random.normal());
      for (float& x : items.values()) x = 0.2F * static_cast<float>(random.normal());
      PlainTables plain{widened(users), widened(items), std::vector<double>(kItems)};
      const PairRates rates{0.05F, 0.01F, 0.02F, sampling, 4};
      const std::size_t expected = plain_pass(in_order, block, plain, rates, 9, 3);
      const PairTables tables{users.values().data(), items.values().data(), biases.data(), width};
      EXPECT_EQ(descend_pairs(block, tables, rates, 9, 3), expected);
      EXPECT_GT(expected, 0U);
      for (std::size_t n = 0; n < users.values().size(); ++n) {
        ASSERT_NEAR(users.values()[n], plain.users.values()[n], 1e-4);
      }
      for (std::size_t n = 0; n < items.values().size(); ++n) {
        ASSERT_NEAR(items.values()[n], plain.items.values()[n], 1e-4);
      }
      for (std::size_t i = 0; i < kItems; ++i) ASSERT_NEAR(biases[i], plain.biases[i], 1e-4);
    }
  }
}

}  // namespace
}  // namespace gusto
