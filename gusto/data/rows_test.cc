#include "gusto/data/rows.h"

#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

#include "gusto/data/dataset.h"

namespace gusto {
namespace {

// Swapping a user row for an item row does not compile. tests/must_not_compile shows the same from outside.
static_assert(!std::is_convertible_v<UserRow, ItemRow>);
static_assert(!std::is_convertible_v<ItemRow, UserRow>);
static_assert(!std::is_constructible_v<UserRow, ItemRow>);
static_assert(!std::is_constructible_v<ItemRow, UserRow>);
static_assert(!std::is_assignable_v<UserRow&, ItemRow>);
static_assert(!std::is_convertible_v<UserRow, std::uint32_t>);
static_assert(!std::is_convertible_v<std::uint32_t, UserRow>);
static_assert(std::is_constructible_v<UserRow, std::uint32_t>);
static_assert(std::is_invocable_v<decltype(&Dataset::history), const Dataset&, UserRow>);
static_assert(!std::is_invocable_v<decltype(&Dataset::history), const Dataset&, ItemRow>);
static_assert(std::is_invocable_v<decltype(&Dataset::item_events), const Dataset&, ItemRow>);
static_assert(!std::is_invocable_v<decltype(&Dataset::item_events), const Dataset&, UserRow>);
static_assert(!std::is_invocable_v<std::equal_to<>, UserRow, ItemRow>);
static_assert(!std::is_invocable_v<std::less<>, UserRow, ItemRow>);

TEST(Row, OrdersAndHashesByIndex) {
  EXPECT_LT(UserRow(1), UserRow(2));
  EXPECT_EQ(ItemRow(3), ItemRow(std::size_t{3}));
  const std::unordered_set<ItemRow> rows{ItemRow(1), ItemRow(2), ItemRow(1)};
  EXPECT_EQ(rows.size(), 2u);
}

}  // namespace
}  // namespace gusto
