#include "gusto/base/permute.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace gusto {
namespace {

using testing::ElementsAre;

TEST(Permute, MovesAllColumnsAlike) {
  std::vector<std::uint32_t> to{2, 0, 1, 3};
  std::vector<std::string> names{"a", "b", "c", "d"};
  std::vector<float> numbers{1, 2, 3, 4};
  std::vector<float> none;
  permute(std::span(to), std::span(names), std::span(numbers), std::span(none));
  EXPECT_THAT(names, ElementsAre("b", "c", "a", "d"));
  EXPECT_THAT(numbers, ElementsAre(2, 3, 1, 4));
}

template <class Position>
void check_any_order(const std::vector<int>& keys) {
  std::vector<Position> to(keys.size());
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) to[order[i]] = static_cast<Position>(i);
  std::vector<std::size_t> values(keys.size());
  std::iota(values.begin(), values.end(), std::size_t{0});
  permute(std::span(to), std::span(values));
  RC_ASSERT(values == order);
}

RC_GTEST_PROP(Permute, PutsEachValueWhereItGoes, (const std::vector<int>& keys)) {
  check_any_order<std::uint32_t>(keys);
  check_any_order<std::uint64_t>(keys);
}

}  // namespace
}  // namespace gusto
