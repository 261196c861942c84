#include "gusto/data/filter.h"

#include <algorithm>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/split/split.h"
#include "gusto/data/testing/lines.h"

namespace gusto {
namespace {

using test::error_of;
using test::Line;
using test::make_data;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = FilterStep::Kind;

std::vector<std::string> left(const std::shared_ptr<const Dataset>& data, const FilteredEvents& filtered) {
  std::vector<std::string> names;
  for (const Event& event : kept_events(data, filtered.kept)->events()) {
    names.push_back(
        std::string(data->catalog().users[event.user.index]).append(data->catalog().items[event.item.index]));
  }
  return names;
}

std::vector<std::string> names_of(const Dataset& data, const std::vector<ItemRow>& items) {
  std::vector<std::string> names;
  for (const ItemRow item : items) names.emplace_back(data.catalog().items[item.index]);
  return names;
}

testing::Matcher<const FilterStep&> step_is(Kind kind, std::uint64_t events, std::uint64_t users, std::uint64_t items) {
  return testing::AllOf(testing::Field(&FilterStep::kind, kind), testing::Field(&FilterStep::events, events),
                        testing::Field(&FilterStep::users, users), testing::Field(&FilterStep::items, items));
}

TEST(Filter, WithoutFiltersNothingIsLeftOut) {
  const auto data = make_data({{"a", "x"}, {"b", "x"}});
  const FilteredEvents filtered = filter_events(*data, {});
  EXPECT_EQ(kept_events(data, filtered.kept), data);
  EXPECT_TRUE(filtered.steps.empty());
  EXPECT_FALSE(FilterOptions{}.any());
  EXPECT_THAT(names_of(*data, filtered.candidates), ElementsAre("x"));
}

TEST(Filter, KeptEventsKeepTheirOrderValuesAndTimes) {
  const auto data = make_data({{"a", "x", 1, 9}, {"b", "x", 2, 8}, {"a", "y", 3, 7}, {"b", "z", 4}, {"c", "z", 5, 3}});
  for (unsigned mask = 0; mask < 32; ++mask) {
    std::vector<bool> kept;
    std::vector<Event> events;
    for (const Event& event : data->events()) {
      kept.push_back((mask >> kept.size() & 1U) != 0);
      if (kept.back()) events.push_back(event);
    }
    const auto part = kept_events(data, kept);
    const Dataset expected(data->shared_catalog(), events);
    const auto same = [](auto a, auto b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
    EXPECT_TRUE(same(part->offsets(), expected.offsets())) << mask;
    EXPECT_TRUE(same(part->items(), expected.items())) << mask;
    EXPECT_TRUE(same(part->values(), expected.values())) << mask;
    EXPECT_TRUE(same(part->times(), expected.times())) << mask;
  }
}

TEST(Filter, SinceKeepsTheSecondItself) {
  const auto data = make_data({{"a", "x", 1, 9}, {"a", "y", 1, 10}, {"b", "x", 1, 8}, {"b", "z", 1, 11}});
  const FilteredEvents filtered = filter_events(*data, {.since = 10});
  EXPECT_THAT(left(data, filtered), ElementsAre("ay", "bz"));
  EXPECT_THAT(filtered.steps, ElementsAre(step_is(Kind::since, 2, 0, 1)));
  EXPECT_THAT(names_of(*data, filtered.candidates), ElementsAre("y", "z"));
  const auto timeless = make_data({{"a", "x"}});
  EXPECT_EQ(error_of([&] { filter_events(*timeless, {.since = 10}); }).code(), ErrorCode::invalid_input);
}

TEST(Filter, TheCoreIsReachedByAChainOfRounds) {
  // w has one event; without it d has one; without that z has one; and so on, up to the square of a, b, x and y.
  const auto data =
      make_data({{"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "y"}, {"c", "y"}, {"c", "z"}, {"d", "z"}, {"d", "w"}});
  const FilteredEvents filtered = filter_events(*data, {.min_user_events = 2, .min_item_events = 2});
  EXPECT_THAT(left(data, filtered), ElementsAre("ax", "ay", "bx", "by"));
  EXPECT_THAT(filtered.steps, ElementsAre(step_is(Kind::core, 4, 2, 2)));
  EXPECT_THAT(names_of(*data, filtered.candidates), ElementsAre("x", "y"));
}

TEST(Filter, UsersAloneAreCountedOnce) {
  const auto data = make_data({{"a", "x"}, {"a", "y"}, {"b", "x"}, {"c", "z"}});
  const FilteredEvents filtered = filter_events(*data, {.min_user_events = 2});
  EXPECT_THAT(left(data, filtered), ElementsAre("ax", "ay"));
  EXPECT_THAT(filtered.steps, ElementsAre(step_is(Kind::core, 2, 2, 1)));
}

TEST(Filter, ItemsAloneTakeNoUserThatHasOthers) {
  const auto data = make_data({{"a", "x"}, {"a", "y"}, {"b", "x"}, {"c", "z"}});
  EXPECT_THAT(left(data, filter_events(*data, {.min_item_events = 2})), ElementsAre("ax", "bx"));
}

TEST(Filter, TheyActOneAfterTheOther) {
  // The event of 1970 would be a's second positive, and x's second event.
  const auto data =
      make_data({{"a", "x", 5, 0}, {"a", "y", 5, 50}, {"b", "x", 4, 50}, {"b", "y", 4, 50}, {"c", "z", 1, 50}});
  FilterOptions options{.since = 10, .positives = 4, .min_user_events = 2};
  const FilteredEvents filtered = filter_events(*data, options);
  EXPECT_THAT(left(data, filtered), ElementsAre("bx", "by"));
  EXPECT_THAT(filtered.steps, ElementsAre(step_is(Kind::since, 1, 0, 0), step_is(Kind::positives, 1, 1, 1),
                                          step_is(Kind::core, 1, 1, 0)));
  EXPECT_THAT(names_of(*data, filtered.candidates), ElementsAre("x", "y"));
}

TEST(Filter, PositivesLeaveItemsCandidates) {
  std::vector<Line> lines{{"a", "low", 1}};
  for (const char* item : {"p", "q", "r", "s", "t"}) lines.push_back({"a", item, 4.1F});
  lines.push_back({"b", "u", 5});
  const auto data = make_data(lines);
  const FilteredEvents filtered = filter_events(*data, {.positives = 4.1});      // a little more than the nearest float
  EXPECT_THAT(left(data, filtered), ElementsAre("ap", "aq", "ar", "as", "at"));  // b has fewer than five
  EXPECT_EQ(filtered.candidates.size(), 7U);
}

TEST(Filter, TimesAreTypedAsDatesOrSeconds) {
  EXPECT_EQ(parse_since("2001-02-03"), 981'158'400);
  EXPECT_EQ(parse_since("2001-02-03T00:00:01Z"), 981'158'401);
  EXPECT_EQ(parse_since("981158400"), 981'158'400);
  EXPECT_EQ(parse_since("1970-01-02"), 86'400);
  EXPECT_EQ(parse_since("20030228"), parse_since("2003-02-28"));
  for (const char* text : {"", "yesterday", "2001-02-30", "0", "-5", "99999999.5"}) {
    EXPECT_EQ(error_of([&] { parse_since(text); }).code(), ErrorCode::invalid_option) << text;
  }
  const Error error = error_of([] { parse_since("1999"); });
  EXPECT_THAT(error.message(), HasSubstr("1970-01-01 00:33:19"));
  EXPECT_THAT(error.hint(), HasSubstr("1999-01-01"));
}

// Counts all events again after each user or item that is taken away, until nobody has too few.
std::vector<bool> slow_core(const Dataset& data, std::uint64_t least_user, std::uint64_t least_item) {
  std::vector<bool> kept(data.event_count(), true);
  const std::vector<Event> events = data.events();
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<std::uint64_t> users(data.user_count()), items(data.item_count());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (!kept[i]) continue;
      ++users[events[i].user.index];
      ++items[events[i].item.index];
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (!kept[i] || (users[events[i].user.index] >= least_user && items[events[i].item.index] >= least_item))
        continue;
      kept[i] = false;
      changed = true;
    }
  }
  return kept;
}

RC_GTEST_PROP(FilterProperty, TheCoreIsWhatRoundsLeave, ()) {
  const auto pairs = *rc::gen::unique<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(0, 9)));
  std::vector<Line> lines;
  for (const auto& [user, item] : pairs) lines.push_back({std::to_string(user), std::to_string(item)});
  const auto data = make_data(lines);
  const std::uint64_t least_user = *rc::gen::inRange(1, 5), least_item = *rc::gen::inRange(1, 5);
  const FilteredEvents filtered = filter_events(*data, {.min_user_events = least_user, .min_item_events = least_item});
  RC_ASSERT(filtered.kept == slow_core(*data, least_user, least_item));
}

TEST(Filter, WhatASplitDividesIsFiltered) {
  SplitOptions options;
  options.spec = parse_split("holdout:0.5");
  options.filter.min_item_events = 2;
  const Split split = make_split(make_data({{"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "y"}, {"b", "rare"}}), options);
  EXPECT_EQ(split.candidates.size(), 2U);
  EXPECT_EQ(split.folds[0].receipt.train_events + split.folds[0].receipt.test_events, 4U);
  EXPECT_THAT(split.filtered, ElementsAre(step_is(Kind::core, 1, 0, 1)));
}

}  // namespace
}  // namespace gusto
