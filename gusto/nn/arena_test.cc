#include "gusto/nn/arena.h"

#include <algorithm>
#include <cstdint>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace gusto::nn {
namespace {

TEST(Arena, HandsOutTheSameMemoryAgain) {
  Arena arena;
  const float* first = arena.allocate<float>(100).data();
  const float* second = arena.allocate<float>(100).data();
  EXPECT_NE(first, second);
  arena.reset();
  EXPECT_EQ(arena.allocate<float>(100).data(), first);
  EXPECT_EQ(arena.allocate<float>(100).data(), second);
}

TEST(Arena, GrowsOnlyForMoreThanBefore) {
  Arena arena;
  EXPECT_EQ(arena.bytes(), 0U);
  const std::size_t sizes[] = {10, 1'000'000, 3, 70'000, 500'000};
  for (const std::size_t size : sizes) arena.allocate<float>(size);
  const std::size_t bytes = arena.bytes();
  EXPECT_GE(bytes, 4 * 1'570'013U);
  for (int round = 0; round < 3; ++round) {
    arena.reset();
    for (const std::size_t size : sizes) arena.allocate<float>(size);
    EXPECT_EQ(arena.bytes(), bytes);
  }
  arena.allocate<float>(1'000'000);
  EXPECT_GT(arena.bytes(), bytes);
}

TEST(Arena, HandsOutNothingTwice) {
  EXPECT_TRUE(rc::check([] {
    Arena arena;
    for (int round = 0; round < 2; ++round) {
      std::vector<std::span<std::uint32_t>> pieces;
      const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 100'000));
      for (const std::size_t size : sizes) {
        pieces.push_back(arena.allocate<std::uint32_t>(size));
        RC_ASSERT(pieces.back().size() == size);
        RC_ASSERT(reinterpret_cast<std::uintptr_t>(pieces.back().data()) % 64 == 0);
        std::fill(pieces.back().begin(), pieces.back().end(), static_cast<std::uint32_t>(pieces.size()));
      }
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        RC_ASSERT(std::all_of(pieces[i].begin(), pieces[i].end(), [&](std::uint32_t x) { return x == i + 1; }));
      }
      arena.reset();
    }
  }));
}

}  // namespace
}  // namespace gusto::nn
