#include "gusto/nn/epoch_order.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace gusto::nn {
namespace {

std::vector<std::uint32_t> order_of(std::size_t n, std::size_t epoch, unsigned threads, std::uint64_t seed = 42) {
  Context context({.threads = threads});
  EpochOrder order;
  const auto shuffled = order.shuffle(n, epoch, seed, context);
  return {shuffled.begin(), shuffled.end()};
}

TEST(EpochOrder, HasEveryExampleOnce) {
  for (const std::size_t n : {1UL, 2UL, 1000UL, 16384UL, 100001UL}) {
    std::vector<std::uint32_t> order = order_of(n, 3, 2);
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0U);
    EXPECT_EQ(order, all);
  }
}

TEST(EpochOrder, IsTheSameAtAnyNumberOfThreads) { EXPECT_EQ(order_of(70000, 1, 1), order_of(70000, 1, 5)); }

TEST(EpochOrder, ChangesWithEpochAndSeed) {
  EXPECT_NE(order_of(1000, 0, 1), order_of(1000, 1, 1));
  EXPECT_NE(order_of(1000, 0, 1, 42), order_of(1000, 0, 1, 43));
  EXPECT_NE(order_of(1000, 1, 1, 42), order_of(1000, 0, 1, 43));
}

TEST(EpochOrder, DrawsExamplesInProportionToTheirStrengths) {
  Context context({.threads = 3});
  EpochOrder order({0.5F, 0, 2, 1.5F});
  std::vector<int> counts(4);
  for (std::size_t epoch = 0; epoch < 2000; ++epoch) {
    for (const std::uint32_t example : order.shuffle(4, epoch, 42, context)) ++counts[example];
  }
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[0], 1000, 60);
  EXPECT_NEAR(counts[2], 4000, 1);
  EXPECT_NEAR(counts[3], 3000, 60);
}

TEST(EpochOrder, EqualStrengthsChangeNothing) {
  Context context({.threads = 2});
  EpochOrder order(std::vector<float>(1000, 0.7F));
  const auto shuffled = order.shuffle(1000, 2, 42, context);
  EXPECT_EQ(order_of(1000, 2, 2), std::vector<std::uint32_t>(shuffled.begin(), shuffled.end()));
}

TEST(EpochOrder, PutsExamplesAnywhere) {
  // Over an order's tenths, examples of any tenth come equally often: χ² of 100 cells with 81 degrees of freedom.
  constexpr std::size_t kCount = 100000;
  const std::vector<std::uint32_t> order = order_of(kCount, 0, 2);
  std::vector<double> cells(100);
  for (std::size_t at = 0; at < kCount; ++at) cells[at * 10 / kCount * 10 + order[at] * 10UL / kCount] += 1;
  double statistic = 0;
  for (const double count : cells) statistic += (count - 1000) * (count - 1000) / 1000;
  EXPECT_LT(statistic, 140);  // exceeded once in ten thousand
}

TEST(EpochOrder, SmallOrdersAreAllEquallyLikely) {
  std::vector<int> counts(6);
  for (std::size_t epoch = 0; epoch < 6000; ++epoch) {
    const std::vector<std::uint32_t> order = order_of(3, epoch, 1);
    ++counts[order[0] * 2 + (order[1] > order[2] ? 1 : 0)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace gusto::nn
