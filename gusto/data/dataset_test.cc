#include "gusto/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::shared_ptr<const Catalog> catalog_of(std::size_t users, std::size_t items) {
  auto catalog = std::make_shared<Catalog>();
  for (std::size_t u = 0; u < users; ++u) catalog->users.add("u" + std::to_string(u));
  for (std::size_t i = 0; i < items; ++i) catalog->items.add("i" + std::to_string(i));
  return catalog;
}

Event event(int user, int item, float value = 1, std::int64_t time = kNoTime) {
  return {UserRow(user), ItemRow(item), value, time};
}

Error error_of(const std::vector<Event>& events) {
  try {
    const Dataset data(catalog_of(2, 2), events);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::internal, "none");
}

TEST(Dataset, KeepsAUsersEventsInOrderOfTimeThenAsGiven) {
  const std::vector<Event> events{event(1, 0, 5, 9), event(0, 0, 4, 7), event(1, 2, 1, 3), event(1, 1, 2, 3)};
  const Dataset data(catalog_of(3, 3), events);
  EXPECT_THAT(data.offsets(), ElementsAre(0u, 1u, 4u, 4u));
  EXPECT_THAT(data.history(UserRow(1)).items, ElementsAre(ItemRow(2), ItemRow(1), ItemRow(0)));
  EXPECT_THAT(data.history(UserRow(1)).values, ElementsAre(1, 2, 5));
  EXPECT_THAT(data.history(UserRow(1)).times, ElementsAre(3, 3, 9));
  EXPECT_THAT(data.history(UserRow(2)).items, IsEmpty());
  EXPECT_EQ(data.scale().low, 1);
  EXPECT_EQ(data.scale().high, 5);
  EXPECT_EQ(data.memory(), 4 * 16u + 4 * 8u);
}

TEST(Dataset, ShowsEventsByItem) {
  const Dataset data(catalog_of(3, 3), std::vector<Event>{event(2, 0, 3), event(0, 0, 4), event(1, 2, 1)});
  EXPECT_THAT(data.item_events(ItemRow(0)).users, ElementsAre(UserRow(0), UserRow(2)));
  EXPECT_THAT(data.item_events(ItemRow(0)).values, ElementsAre(4, 3));
  EXPECT_THAT(data.item_events(ItemRow(1)).users, IsEmpty());
}

TEST(Dataset, MayBeWithoutTimesOrEvents) {
  const Dataset untimed(catalog_of(1, 1), std::vector<Event>{event(0, 0)});
  EXPECT_FALSE(untimed.has_times());
  EXPECT_THAT(untimed.history(UserRow(0)).times, IsEmpty());
  const Dataset empty(catalog_of(0, 0), std::vector<Event>{});
  EXPECT_EQ(empty.event_count(), 0u);
  EXPECT_THAT(empty.events(), IsEmpty());
}

TEST(Dataset, RefusesEventsThatBreakItsRules) {
  EXPECT_EQ(error_of({event(0, 2)}).code(), ErrorCode::invalid_input);
  EXPECT_EQ(error_of({event(2, 0)}).code(), ErrorCode::invalid_input);
  const Error repeated = error_of({event(0, 1), event(1, 1), event(0, 1)});
  EXPECT_EQ(repeated.code(), ErrorCode::invalid_input);
  EXPECT_EQ(repeated.message(), "User \"u0\" and item \"i1\" have more than one event.");
  const Error infinite = error_of({event(0, 1, INFINITY)});
  EXPECT_EQ(infinite.code(), ErrorCode::not_finite);
  EXPECT_EQ(infinite.message(), "The event of user \"u0\" and item \"i1\" has the value inf.");
  EXPECT_EQ(error_of({event(0, 1, NAN)}).code(), ErrorCode::not_finite);
}

EventColumns event_columns(std::vector<std::uint64_t> offsets, std::vector<ItemRow> items, std::vector<float> values,
                           std::vector<std::int64_t> times = {}) {
  return {std::move(offsets), std::move(items), std::move(values), std::move(times)};
}

TEST(Dataset, TakesColumnsInStoredOrderWithoutCopying) {
  EventColumns given = event_columns({0, 0, 2}, {ItemRow(1), ItemRow(0)}, {4, 2}, {5, 5});
  const std::span<const ItemRow> items = given.items.span();
  const Dataset data(catalog_of(2, 2), std::move(given));
  EXPECT_EQ(data.items().data(), items.data());
  EXPECT_EQ(data.event_count(), 2u);
  EXPECT_THAT(data.history(UserRow(0)).items, IsEmpty());
  EXPECT_THAT(data.history(UserRow(1)).items, ElementsAre(ItemRow(1), ItemRow(0)));
  EXPECT_THAT(data.history(UserRow(1)).times, ElementsAre(5, 5));
  EXPECT_THAT(data.item_events(ItemRow(1)).users, ElementsAre(UserRow(1)));
  EXPECT_EQ(data.scale().low, 2);
  EXPECT_EQ(data.scale().high, 4);
}

TEST(Dataset, RefusesColumnsThatBreakItsRules) {
  const auto complaint = [](EventColumns given) -> std::string {
    try {
      const Dataset data(catalog_of(2, 2), std::move(given));
    } catch (const Error& error) {
      return error.message();
    }
    return "none";
  };
  const ItemRow a(0), b(1), outside(2);
  EXPECT_EQ(complaint(event_columns({0, 1, 1}, {b}, {1}, {-7})), "none");
  EXPECT_EQ(complaint({}), "There are 0 offsets for the events of 2 users.");
  EXPECT_EQ(complaint(event_columns({0, 1}, {a}, {1})), "There are 2 offsets for the events of 2 users.");
  EXPECT_EQ(complaint(event_columns({0, 1, 1}, {a}, {})), "The columns of the events differ in length.");
  EXPECT_EQ(complaint(event_columns({0, 1, 2}, {a, a}, {1, 1}, {1})), "The columns of the events differ in length.");
  const std::string offsets = "The offsets of the users' events do not ascend from 0 to 1.";
  EXPECT_EQ(complaint(event_columns({1, 1, 1}, {a}, {1})), offsets);
  EXPECT_EQ(complaint(event_columns({0, 1, 2}, {a}, {1})), offsets);
  EXPECT_EQ(complaint(event_columns({0, 9, 1}, {a}, {1})), offsets);
  EXPECT_EQ(complaint(event_columns({0, 0, 1}, {outside}, {1})),
            "An event names user row 1 and item row 2, but there are 2 users and 2 items.");
  EXPECT_EQ(complaint(event_columns({0, 0, 1}, {b}, {NAN})),
            "The event of user \"u1\" and item \"i1\" has the value nan.");
  EXPECT_EQ(complaint(event_columns({0, 0, 2}, {b, b}, {1, 2})),
            "User \"u1\" and item \"i1\" have more than one event.");
  EXPECT_EQ(complaint(event_columns({0, 2, 2}, {a, b}, {1, 2}, {5, 4})),
            "The events of user \"u0\" are not in order of time.");
}

TEST(Dataset, BuildsTheViewByItemOnceForAllThreads) {
  std::vector<Event> events;
  for (int u = 0; u < 200; ++u) {
    for (int i = u % 3; i < 50; i += 3) events.push_back(event(u, i));
  }
  const Dataset data(catalog_of(200, 50), events);
  std::vector<std::size_t> sizes(4);
  std::vector<std::thread> threads;
  for (std::size_t& size : sizes) {
    threads.emplace_back([&data, &size] { size = data.item_events(ItemRow(7)).size(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(sizes, testing::Each(sizes[0]));
}

RC_GTEST_PROP(Dataset, HoldsExactlyTheEventsGiven, ()) {
  const auto given = *rc::gen::container<std::vector<std::tuple<int, int, int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 9), rc::gen::inRange(0, 9), rc::gen::inRange(1, 6), rc::gen::inRange(0, 4)));
  std::vector<Event> events;
  std::set<std::pair<int, int>> pairs;
  for (const auto& [user, item, value, time] : given) {
    if (pairs.emplace(user, item).second) events.push_back(event(user, item, static_cast<float>(value), time));
  }
  const Dataset data(catalog_of(9, 9), events);

  std::vector<Event> expected = events;
  std::stable_sort(expected.begin(), expected.end(),
                   [](const Event& a, const Event& b) { return std::tie(a.user, a.time) < std::tie(b.user, b.time); });
  const std::vector<Event> stored = data.events();
  RC_ASSERT(stored.size() == expected.size());
  std::size_t heard = 0;
  for (std::size_t i = 0; i < 9; ++i) heard += data.item_events(ItemRow(i)).size();
  RC_ASSERT(heard == events.size());
  for (std::size_t e = 0; e < stored.size(); ++e) {
    RC_ASSERT(stored[e].user == expected[e].user);
    RC_ASSERT(stored[e].item == expected[e].item);
    RC_ASSERT(stored[e].value == expected[e].value);
    RC_ASSERT(stored[e].time == expected[e].time);
    const ItemEvents item_events = data.item_events(stored[e].item);
    RC_ASSERT(std::is_sorted(item_events.users.begin(), item_events.users.end()));
    const auto found = std::find(item_events.users.begin(), item_events.users.end(), stored[e].user);
    RC_ASSERT(found != item_events.users.end());
    RC_ASSERT(item_events.values[static_cast<std::size_t>(found - item_events.users.begin())] == stored[e].value);
  }
}

TEST(Catalog, CallsAnItemByItsTitleOrElseItsId) {
  Catalog catalog;
  catalog.items.add("1");
  catalog.items.add("2");
  EXPECT_EQ(catalog.title(ItemRow(0)), "1");
  FeatureField title;
  title.name = "title";
  title.kind = FeatureKind::text;
  title.append("Heat (1995)");
  title.append_missing();
  catalog.item_features = FeatureTable({title});
  EXPECT_EQ(catalog.title(ItemRow(0)), "Heat (1995)");
  EXPECT_EQ(catalog.title(ItemRow(1)), "2");
}

}  // namespace
}  // namespace gusto
