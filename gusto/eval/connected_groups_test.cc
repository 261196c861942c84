#include "gusto/eval/connected_groups.h"

#include <algorithm>
#include <memory>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TEST(ConnectedGroups, ShareNoUser) {
  // Users 0 and 1 meet at item 0, user 2 is alone with item 3; user 3 and item 4 have no events.
  const auto data = test::dataset_of(4, 5,
                                     {{UserRow(0), ItemRow(0)},
                                      {UserRow(0), ItemRow(1)},
                                      {UserRow(1), ItemRow(0)},
                                      {UserRow(1), ItemRow(2)},
                                      {UserRow(2), ItemRow(3)}});
  const ConnectedGroups groups(*data);
  EXPECT_EQ(groups.count(), 2U);
  EXPECT_EQ(groups.of(UserRow(0)), 0U);
  EXPECT_EQ(groups.of(UserRow(1)), 0U);
  EXPECT_EQ(groups.of(UserRow(2)), 1U);
  EXPECT_EQ(groups.of(UserRow(3)), std::nullopt);
  EXPECT_EQ(groups.of(ItemRow(2)), 0U);
  EXPECT_EQ(groups.of(ItemRow(3)), 1U);
  EXPECT_EQ(groups.of(ItemRow(4)), std::nullopt);
  EXPECT_FALSE(groups.foreign(UserRow(0), ItemRow(2)));
  EXPECT_TRUE(groups.foreign(UserRow(0), ItemRow(3)));
  EXPECT_FALSE(groups.foreign(UserRow(0), ItemRow(4)));
  EXPECT_FALSE(groups.foreign(UserRow(3), ItemRow(3)));
}

TEST(ConnectedGroups, OfTwoAudiencesAreTwo) {
  const auto data = test::two_audiences();
  const ConnectedGroups groups(*data);
  EXPECT_EQ(groups.count(), 2U);
  for (const Event& event : data->events()) EXPECT_EQ(groups.of(event.user), groups.of(event.item));
}

// The plain reference version: a group grows by whole passes over the events until it grows no more.
std::set<std::uint32_t> items_within_reach(const Dataset& data, UserRow user) {
  std::vector<bool> users(data.user_count());
  std::set<std::uint32_t> items;
  users[user.index] = true;
  for (bool grows = true; grows;) {
    grows = false;
    for (const Event& event : data.events()) {
      const bool item_in = items.contains(event.item.index);
      if (users[event.user.index] == item_in) continue;
      users[event.user.index] = true;
      items.insert(event.item.index);
      grows = true;
    }
  }
  return items;
}

RC_GTEST_PROP(ConnectedGroups, HoldWhatIsWithinReach, ()) {
  const auto users = *rc::gen::inRange<std::size_t>(1, 9);
  const auto items = *rc::gen::inRange<std::size_t>(1, 9);
  std::vector<Event> events;
  for (std::size_t u = 0; u < users; ++u) {
    for (std::size_t i = 0; i < items; ++i) {
      if (*rc::gen::inRange(0, 6) == 0) events.push_back({UserRow(u), ItemRow(i)});
    }
  }
  const auto data = test::dataset_of(users, items, events);
  const ConnectedGroups groups(*data);
  for (std::size_t u = 0; u < users; ++u) {
    const std::set<std::uint32_t> near = items_within_reach(*data, UserRow(u));
    for (std::size_t i = 0; i < items; ++i) {
      const bool has_events = data->item_events(ItemRow(i)).size() > 0;
      const bool foreign = !near.empty() && has_events && !near.contains(static_cast<std::uint32_t>(i));
      RC_ASSERT(groups.foreign(UserRow(u), ItemRow(i)) == foreign);
    }
  }
}

}  // namespace
}  // namespace gusto
