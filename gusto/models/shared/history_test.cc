#include "gusto/models/shared/history.h"

#include <limits>

#include <gmock/gmock.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

using ::testing::ElementsAre;

Vocabulary three_films() {
  Vocabulary items;
  for (const char* id : {"heat", "alien", "fargo"}) items.add(id);
  return items;
}

TEST(ResolveHistory, FindsRowsAndListsUnknownItems) {
  const Vocabulary items = three_films();
  const std::vector<NamedEvent> events{{"fargo", 4}, {"solaris", 5}, {"heat", 2}, {"stalker", 3}};
  const ResolvedHistory history = resolve_history(items, events);
  ASSERT_EQ(history.events.size(), 2U);
  EXPECT_EQ(history.events[0].item, ItemRow(2));
  EXPECT_EQ(history.events[0].value, 4);
  EXPECT_EQ(history.events[1].item, ItemRow(0));
  EXPECT_THAT(history.unknown, ElementsAre("solaris", "stalker"));
  EXPECT_EQ(history.repeated, 0U);
}

TEST(ResolveHistory, LastOfARepeatedItemCounts) {
  const Vocabulary items = three_films();
  const std::vector<NamedEvent> events{{"heat", 1}, {"alien", 5}, {"heat", 4}};
  const ResolvedHistory history = resolve_history(items, events);
  ASSERT_EQ(history.events.size(), 2U);
  EXPECT_EQ(history.events[1].item, ItemRow(0));
  EXPECT_EQ(history.events[1].value, 4);
  EXPECT_EQ(history.repeated, 1U);
}

TEST(ResolveHistory, OrdersByTime) {
  const Vocabulary items = three_films();
  const std::vector<NamedEvent> events{{"heat", 1, 30}, {"alien", 5, 10}, {"fargo", 4, 20}};
  const ResolvedHistory history = resolve_history(items, events);
  ASSERT_EQ(history.events.size(), 3U);
  EXPECT_EQ(history.events[0].item, ItemRow(1));
  EXPECT_EQ(history.events[1].item, ItemRow(2));
  EXPECT_EQ(history.events[2].item, ItemRow(0));
}

TEST(ResolveHistory, NamesTheItemOfAValueThatIsNoNumber) {
  const Vocabulary items = three_films();
  const std::vector<NamedEvent> events{{"heat", std::numeric_limits<float>::quiet_NaN()}};
  try {
    resolve_history(items, events);
    FAIL() << "accepted NaN";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_finite);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("heat"));
  }
}

TEST(ResolveHistory, EmptyStaysEmpty) {
  const ResolvedHistory history = resolve_history(three_films(), {});
  EXPECT_TRUE(history.events.empty());
  EXPECT_TRUE(history.unknown.empty());
}

}  // namespace
}  // namespace gusto
