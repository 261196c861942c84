#include "gusto/base/random.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(Random, IsAFunctionOfItsKey) {
  Random a(1, "init", 7);
  Random b(1, "init", 7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, KeysGiveDifferentStreams) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed : {0u, 1u, 2u}) {
    for (std::string_view purpose : {"init", "shuffle"}) {
      for (std::uint64_t row = 0; row < 1000; ++row) firsts.insert(Random(seed, purpose, row).next());
    }
  }
  EXPECT_EQ(firsts.size(), 6000u);
}

TEST(Random, BelowIsUniform) {
  Random random(3, "test");
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);  // four standard deviations
}

TEST(Random, NormalHasItsMoments) {
  Random random(4, "test");
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.013);
  EXPECT_NEAR(squares / kDraws, 1, 0.018);
}

TEST(Random, ShuffleKeepsEveryValue) {
  std::array<int, 50> values{};
  for (int i = 0; i < 50; ++i) values[static_cast<std::size_t>(i)] = i;
  Random(5, "test").shuffle(std::span<int>(values));
  EXPECT_NE(values[0] + values[1] * 50, 50);
  EXPECT_EQ(std::set<int>(values.begin(), values.end()).size(), 50u);
}

}  // namespace
}  // namespace gusto
