#include "gusto/models/shared/other_items.h"

#include <map>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(OtherItems, DrawsEachItemThatIsNotOwnedAboutEquallyOften) {
  constexpr std::size_t kItems = 200;
  for (const std::size_t left : {100, 5}) {  // by trying, and from a list
    std::vector<std::uint32_t> own(kItems - left);
    std::iota(own.begin(), own.end(), 0U);
    own.push_back(0);  // once more
    const OtherItems others(own, kItems);
    EXPECT_EQ(others.count(), left);
    std::map<std::uint32_t, std::size_t> counts;
    Random random(7, "other items");
    for (std::size_t n = 0; n < 400 * left; ++n) ++counts[others.draw(random)];
    EXPECT_EQ(counts.size(), left);
    for (const auto& [item, count] : counts) {
      EXPECT_GE(item, kItems - left);
      EXPECT_NEAR(static_cast<double>(count), 400, 100) << item;  // five standard deviations
    }
  }
}

TEST(OtherItems, SaysThatNothingIsLeft) {
  EXPECT_EQ(OtherItems(std::vector<std::uint32_t>{1, 0, 2}, 3).count(), 0u);
  EXPECT_EQ(OtherItems({}, 3).count(), 3u);
}

}  // namespace
}  // namespace gusto
