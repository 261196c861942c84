#include "gusto/base/growing_array.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(GrowingArray, KeepsItsValuesWhileItGrows) {
  GrowingArray<std::uint64_t> array;
  std::uint64_t next = 0;
  for (std::size_t count = 1; count < 200'000; count = count * 3 / 2 + 1) {
    for (std::uint64_t& value : array.extend(count)) value = next++;
  }
  std::vector<std::uint64_t> expected(array.size());
  std::iota(expected.begin(), expected.end(), std::uint64_t{0});
  EXPECT_THAT(array.values(), testing::ElementsAreArray(expected));
}

TEST(GrowingArray, CanBeCutAndEmptied) {
  GrowingArray<int> array;
  std::size_t n = 0;
  for (int& value : array.extend(5)) value = static_cast<int>(n++);
  array.truncate(2);
  EXPECT_THAT(array.values(), testing::ElementsAre(0, 1));
  array.clear();
  EXPECT_EQ(array.size(), 0u);
  array.truncate(0);
  array.extend(1)[0] = 7;
  EXPECT_THAT(array.values(), testing::ElementsAre(7));
}

TEST(GrowingArray, ReleasesItsValuesToTheirOwner) {
  GrowingArray<int> array;
  array.extend(1)[0] = 42;
  const auto owner = array.release();
  EXPECT_EQ(owner[0], 42);
  EXPECT_EQ(array.size(), 0u);
}

}  // namespace
}  // namespace gusto
