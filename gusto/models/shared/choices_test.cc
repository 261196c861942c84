#include "gusto/models/shared/choices.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "gusto/models/testing/choices.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Dataset> four_events() {
  return test::dataset_of(2, 3,
                          {{UserRow(0), ItemRow(0), 5},
                           {UserRow(0), ItemRow(1), 2},
                           {UserRow(1), ItemRow(1), 4},
                           {UserRow(1), ItemRow(2), 1}});
}

TEST(Choices, AreAllEventsOfTopNAndElseThoseThatReachTheThreshold) {
  const auto data = four_events();
  EXPECT_FALSE(chosen_part(*data, least_choice(*data, Task::top_n, 4)));
  const float least = least_choice(*data, Task::ratings, 4);
  EXPECT_EQ(least, 4);
  const auto part = chosen_part(*data, least);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->event_count(), 2U);
  EXPECT_THAT(part->items(), ElementsAre(ItemRow(0), ItemRow(1)));
  EXPECT_EQ(part->item_count(), 3U);
}

TEST(Choices, AreAllEventsWhereNoneReachesTheThreshold) {
  const auto data = four_events();
  EXPECT_FALSE(chosen_part(*data, least_choice(*data, Task::likes, 6)));
}

TEST(Choices, ScaleByPowersOfCounts) {
  const auto data = four_events();
  EXPECT_THAT(user_scales(*data, 1), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(user_weights(*data, 1), ElementsAre(1.0F, 1.0F));
  EXPECT_THAT(item_scales(*data, 0.5), ElementsAre(1.0F, std::sqrt(0.5F), 1.0F));
  const auto lonely = test::dataset_of(2, 2, {{UserRow(0), ItemRow(0), 5}});
  EXPECT_THAT(user_weights(*lonely, 1), ElementsAre(1.0F, 0.0F));
  EXPECT_THAT(item_scales(*lonely, 1), ElementsAre(1.0F, 0.0F));
}

TEST(Choices, AreCountedWithWhatGoesAlongWithThem) {
  EXPECT_THAT(co_occurrence_work(*four_events()), ElementsAre(2U, 4U, 2U));
}

TEST(CoOccurrences, AreCountedAsAPlainLoopCounts) {
  const auto data = test::three_tastes();
  for (const Strength& strength :
       {Strength{}, Strength{Strength::Form::linear, 0.3}, Strength{Strength::Form::logarithm, 0.8}})
    for (const ProximityWeight& proximity :
         {ProximityWeight{}, ProximityWeight{1, 2}, ProximityWeight{4, 0.5}, ProximityWeight{100, 3}}) {
      Matrix<float> found(data->item_count(), data->item_count());
      found.fill(7);
      Context context({.threads = 2});
      co_occurrences(context, *data, user_weights(*data, 0.7), proximity, strength, found.view());
      const Matrix<double> expected = test::plain_co_occurrences(*data, 0.7, static_cast<int>(proximity.window),
                                                                 static_cast<double>(proximity.weight), strength);
      for (std::size_t a = 0; a < found.rows(); ++a) {
        for (std::size_t b = 0; b < found.rows(); ++b) {
          EXPECT_NEAR(found(a, b), expected(a, b), 1e-6 * (100 + expected(a, b)));
          EXPECT_EQ(found(a, b), found(b, a));
        }
      }
    }
}

TEST(CoOccurrences, KnowNoNearnessWithoutTimes) {
  EXPECT_EQ(proximity_weight(*four_events(), 20, 1).window, 0U);
  const auto timed = test::three_tastes();
  EXPECT_EQ(proximity_weight(*timed, 20, 1).window, 20U);
  EXPECT_EQ(proximity_weight(*timed, 0, 1).window, 0U);
}

}  // namespace
}  // namespace gusto
