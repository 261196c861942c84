#include "gusto/models/bayes/fm_events.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TEST(FmEvents, AreTheValuesOrWhetherTheyAreLikes) {
  EXPECT_EQ(fm_target(3.5F, Task::ratings, 4), 3.5F);
  EXPECT_EQ(fm_target(3.5F, Task::likes, 4), 0);
  EXPECT_EQ(fm_target(4.1F, Task::likes, 4.1), 1);
  EXPECT_EQ(fm_target(1, Task::top_n, 4), 1);
}

TEST(FmEvents, OfTopNAreFollowedByOthersThatDidNotTakePlace) {
  const auto data = test::dataset_of(
      3, 10, {{UserRow(0), ItemRow(1), 4, 7}, {UserRow(0), ItemRow(2), 2, 9}, {UserRow(2), ItemRow(5), 1, 8}});
  const FmEvents events = fm_events(*data, Task::top_n, 2, 4, 1);
  ASSERT_EQ(events.users.size(), 9U);
  for (std::size_t e = 0; e < events.users.size(); ++e) {
    const auto own = data->history(UserRow(events.users[e])).items;
    const bool took_place = std::find(own.begin(), own.end(), ItemRow(events.items[e])) != own.end();
    EXPECT_EQ(events.targets[e], took_place ? 1 : 0);
    EXPECT_GE(events.times[e], 7);
  }
  EXPECT_TRUE(std::is_sorted(events.users.begin(), events.users.end()));
  EXPECT_EQ(fm_events(*data, Task::ratings, 2, 4, 1).users.size(), 3U);
}

TEST(FmEvents, OfTopNComeAsOftenAsTheirStrengthsSay) {
  const auto plain = test::dataset_of(
      2, 10, {{UserRow(0), ItemRow(1), 1, 7}, {UserRow(0), ItemRow(2), 4, 9}, {UserRow(1), ItemRow(5), 1, 8}});
  auto catalog = std::make_shared<Catalog>(plain->catalog());
  catalog->strength = {Strength::Form::linear, 0.5};
  const Dataset data(std::move(catalog), plain->events());
  const FmEvents events = fm_events(data, Task::top_n, 20, 4, 1);
  std::vector<int> counts(10);
  for (std::size_t e = 0; e < events.items.size(); ++e) {
    if (events.targets[e] == 1) {
      ++counts[events.items[e]];
    } else {
      EXPECT_FALSE(events.users[e] == 0 && (events.items[e] == 1 || events.items[e] == 2)) << "they took place";
    }
  }
  EXPECT_EQ(counts[2], 2);
  EXPECT_EQ(counts[1] + counts[5], 1) << "each half the time";
}

TEST(FmEvents, ThatAreTooManyToCountAreRefusedBeforeTheyAreRead) {
  const auto unread = Deferred<EventColumns>::later([]() -> EventColumns {
    ADD_FAILURE() << "was read";
    return {};
  });
  const Dataset data(test::catalog_of(3, 3), Dataset::EventInfo{.events = 1'100'000'000}, unread);
  EXPECT_EQ(most_fm_events(data, Task::ratings, 3), 1'100'000'000U);
  EXPECT_EQ(test::code_of([&] { fm_events(data, Task::top_n, 3, 4, 1); }), ErrorCode::invalid_option);
}

TEST(DrawNegatives, AreNoneForWhoHasEverything) {
  const std::vector<std::uint32_t> all{0, 1, 2};
  EXPECT_TRUE(draw_negatives(all, 3, 2, Random(1, "negatives test")).empty());
}

}  // namespace
}  // namespace gusto
