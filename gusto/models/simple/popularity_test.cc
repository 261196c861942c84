#include "gusto/models/simple/popularity.h"

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

constexpr std::int64_t kOneDay = 86400;

/// Item 0: 5 and 3; item 1: 4, 4 and 1; item 2: 5, the latest event; item 3: none. The mean is 22/6.
std::shared_ptr<const Dataset> six_events() {
  return test::dataset_of(3, 4,
                          {{UserRow(0), ItemRow(0), 5, 1 * kOneDay},
                           {UserRow(1), ItemRow(0), 3, 9 * kOneDay},
                           {UserRow(0), ItemRow(1), 4, 2 * kOneDay},
                           {UserRow(1), ItemRow(1), 4, 3 * kOneDay},
                           {UserRow(2), ItemRow(1), 1, 4 * kOneDay},
                           {UserRow(2), ItemRow(2), 5, 10 * kOneDay}});
}

std::vector<float> scores_of(const PopularityOptions& options, Task task) {
  Context context;
  PopularityModel model(options);
  model.fit(six_events(), task, context);
  const Query query;
  Matrix<float> scores(1, 4);
  model.score({&query, 1}, scores.view());
  return {scores.values().begin(), scores.values().end()};
}

TEST(Popularity, CountsEvents) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    EXPECT_THAT(scores_of({}, task), testing::ElementsAre(2, 3, 1, 0));
  }
}

TEST(Popularity, WeighsRatingsWithThePrior) {
  const double mean = 22.0 / 6;
  const std::vector<float> scores =
      scores_of({.method = PopularityMethod::weighted_rating, .prior_count = 2}, Task::ratings);
  EXPECT_FLOAT_EQ(scores[0], static_cast<float>((8 + 2 * mean) / 4));
  EXPECT_FLOAT_EQ(scores[1], static_cast<float>((9 + 2 * mean) / 5));
  EXPECT_FLOAT_EQ(scores[2], static_cast<float>((5 + 2 * mean) / 3));
  EXPECT_FLOAT_EQ(scores[3], static_cast<float>(mean));
}

TEST(Popularity, CountsTheWindowsEventsWithoutItsStart) {
  EXPECT_THAT(scores_of({.method = PopularityMethod::recent, .window_days = 1}, Task::top_n),
              testing::ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(scores_of({.method = PopularityMethod::recent, .window_days = 1.5}, Task::top_n),
              testing::ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(scores_of({.method = PopularityMethod::recent, .window_days = 100}, Task::top_n),
              testing::ElementsAre(2, 3, 1, 0));
}

TEST(Popularity, PredictsTheWeightedRatingWhateverRanks) {
  Context context;
  PopularityModel model({.prior_count = 0});
  model.fit(six_events(), Task::ratings, context);
  const std::vector<Query> queries(4);
  const std::vector<ItemRow> items{ItemRow(0), ItemRow(1), ItemRow(2), ItemRow(3)};
  std::vector<float> out(4);
  model.predict(queries, items, out);
  EXPECT_THAT(out, testing::ElementsAre(4, 3, 5, testing::FloatEq(22.0F / 6)));
}

TEST(Popularity, RecentNeedsTimes) {
  Context context;
  PopularityModel model({.method = PopularityMethod::recent});
  try {
    model.fit(test::dataset_of(1, 1, {{UserRow(0), ItemRow(0), 5}}), Task::top_n, context);
    FAIL() << "ranked by times that are not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_option);
    EXPECT_FALSE(model.fitted());
  }
}

}  // namespace
}  // namespace gusto
