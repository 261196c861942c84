#include "gusto/base/shared_array.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gusto {
namespace {

using testing::ElementsAre;

TEST(SharedArray, TakesAVectorOverWithoutCopying) {
  std::vector<int> numbers{3, 1, 2};
  const int* const place = numbers.data();
  const SharedArray<int> array(std::move(numbers));
  EXPECT_EQ(array.span().data(), place);
  EXPECT_THAT(array.span(), ElementsAre(3, 1, 2));
  EXPECT_EQ(array.size_bytes(), 3 * sizeof(int));
}

TEST(SharedArray, KeepsAliveWhatOwnsItsNumbers) {
  auto owner = std::make_shared<const std::array<int, 2>>(std::array{5, 6});
  const std::weak_ptr<const void> watched = owner;
  auto array = std::make_unique<SharedArray<int>>(owner, std::span<const int>(*owner).first(1));
  owner.reset();
  const SharedArray<int> copy = *array;
  array.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_THAT(copy.span(), ElementsAre(5));
}

TEST(SharedArray, IsEmptyWhenOfNothing) { EXPECT_TRUE(SharedArray<int>().empty()); }

}  // namespace
}  // namespace gusto
