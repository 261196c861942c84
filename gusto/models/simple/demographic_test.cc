#include "gusto/models/simple/demographic.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;
using test::feature;
using test::scores_of;
using ::testing::ElementsAre;

constexpr std::size_t kPeople = 60;
constexpr std::size_t kFilms = 40;

/// three_tastes, whose users have a gender and one of three ages that are their tastes, and whose items have genres.
std::shared_ptr<const Dataset> grouped_people() {
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(kPeople, kFilms));
  const std::vector<std::string> years(kFilms, "1995");
  std::vector<std::string> genders, ages, genres;
  for (std::size_t u = 0; u < kPeople; ++u) {
    genders.emplace_back(u % 4 < 2 ? "F" : "M");
    ages.push_back(std::to_string(20 + 10 * (u % 3)));
  }
  for (std::size_t i = 0; i < kFilms; ++i) genres.push_back(i % 5 == 0 ? "both|one" : i % 2 == 0 ? "one" : "other");
  catalog->user_features =
      FeatureTable({feature("gender", FeatureKind::categorical, genders), feature("age", FeatureKind::number, ages)});
  catalog->item_features =
      FeatureTable({feature("genres", FeatureKind::multi, genres), feature("year", FeatureKind::number, years)});
  return std::make_shared<const Dataset>(std::move(catalog), test::three_tastes(kPeople, kFilms)->events());
}

DemographicModel fitted(Task task, const DemographicOptions& options = {}) {
  Context context({.threads = 2});
  DemographicModel model(options);
  model.fit(grouped_people(), task, context);
  return model;
}

bool is_woman(std::size_t user) { return user % 4 < 2; }
std::size_t age_of(std::size_t user) { return user % 3; }

/// What is counted among some users: events of each item, and of all.
struct Count {
  std::vector<double> items = std::vector<double>(kFilms);
  double all = 0;
};
template <class Chosen>
Count count(const Chosen& chosen) {
  Count result;
  for (const Event& event : grouped_people()->events()) {
    if (!chosen(event.user.index)) continue;
    ++result.items[event.item.index];
    ++result.all;
  }
  return result;
}

TEST(Demographic, CountsAgainstWhatIsExpected) {
  DemographicOptions options;
  options.shrinkage = 7;
  const DemographicModel model = fitted(Task::top_n, options);
  const Count whole = count([](std::size_t) { return true; });
  for (const std::size_t u : {0U, 3U, 58U}) {
    const Count gender = count([&](std::size_t v) { return is_woman(v) == is_woman(u); });
    const Count age = count([&](std::size_t v) { return age_of(v) == age_of(u); });
    const Count both = count([&](std::size_t v) { return is_woman(v) == is_woman(u) && age_of(v) == age_of(u); });
    const std::vector<float> scores = scores_of(model, Query::known(UserRow(u)));
    for (std::size_t i = 0; i < kFilms; ++i) {
      const double share = whole.items[i] / whole.all;
      const double by_gender = (gender.items[i] + 7) / (gender.all * share + 7);
      const double by_age = (age.items[i] + 7) / (age.all * share + 7);
      const double by_both = (both.items[i] + 7) / (both.all * share * by_gender * by_age + 7);
      EXPECT_NEAR(scores[i], std::log(whole.items[i] + 0.5) + std::log(by_gender * by_age * by_both), 1e-4);
    }
  }
}

TEST(Demographic, CountsPerGenreFirst) {
  DemographicOptions options;
  options.segments = "gender";
  options.smoothing_feature = "genres";
  options.shrinkage = 7;
  const DemographicModel model = fitted(Task::top_n, options);
  const auto data = grouped_people();
  const FeatureField& genres = data->catalog().item_features.at("genres");
  const Count whole = count([](std::size_t) { return true; });
  const Count women = count(is_woman);
  std::vector<double> observed(3), expected(3);
  for (std::size_t i = 0; i < kFilms; ++i) {
    for (const std::uint32_t g : genres.ids_of(i)) {
      const auto parts = static_cast<double>(genres.ids_of(i).size());
      observed[g] += women.items[i] / parts;
      expected[g] += women.all * whole.items[i] / whole.all / parts;
    }
  }
  const std::vector<float> scores = scores_of(model, Query::known(UserRow(0)));
  for (std::size_t i = 0; i < kFilms; ++i) {
    double of_genres = 0;
    for (const std::uint32_t g : genres.ids_of(i)) {
      of_genres += std::log((observed[g] + 7) / (expected[g] + 7)) / static_cast<double>(genres.ids_of(i).size());
    }
    const double usual = women.all * whole.items[i] / whole.all * std::exp(of_genres);
    EXPECT_NEAR(scores[i], std::log(whole.items[i] + 0.5) + of_genres + std::log((women.items[i] + 7) / (usual + 7)),
                1e-4);
  }
}

TEST(Demographic, PredictsByWeightedRatingsOfSegments) {
  DemographicOptions options;
  options.segments = "age";
  options.method = ChartMethod::weighted_rating;
  options.prior_count = 3;
  options.shrinkage = 7;
  const DemographicModel model = fitted(Task::ratings, options);
  const std::vector<Event> events = grouped_people()->events();
  double mean = 0;
  for (const Event& event : events) mean += static_cast<double>(event.value) / static_cast<double>(events.size());
  const Count whole = count([](std::size_t) { return true; });
  std::vector<double> weighted(kFilms, 3 * mean);
  for (const Event& event : events) weighted[event.item.index] += static_cast<double>(event.value);
  for (std::size_t i = 0; i < kFilms; ++i) weighted[i] /= whole.items[i] + 3;

  for (const std::size_t u : {0U, 4U, 59U}) {
    const auto alike = [&](std::size_t v) { return age_of(v) == age_of(u); };
    const Count age = count(alike);
    double of_segment = 0;
    std::vector<double> left(kFilms);
    for (const Event& event : events) {
      if (!alike(event.user.index)) continue;
      left[event.item.index] += static_cast<double>(event.value) - weighted[event.item.index];
      of_segment += static_cast<double>(event.value) - weighted[event.item.index];
    }
    of_segment /= age.all + 7;
    std::vector<double> expected(kFilms);
    for (std::size_t i = 0; i < kFilms; ++i) {
      expected[i] = weighted[i] + of_segment + (left[i] - age.items[i] * of_segment) / (age.items[i] + 7);
    }
    double bias = 0;
    double own = 0;
    for (const Event& event : events) {
      if (event.user.index != u) continue;
      bias += static_cast<double>(event.value) - expected[event.item.index];
      ++own;
    }
    bias /= own + 5;
    const std::vector<float> scores = scores_of(model, Query::known(UserRow(u)));
    for (std::size_t i = 0; i < kFilms; ++i) EXPECT_NEAR(scores[i], expected[i] + bias, 1e-4) << "user " << u;
  }
}

TEST(Demographic, NewPeopleAreAnsweredByFeaturesAlone) {
  for (const ChartMethod method : {ChartMethod::count, ChartMethod::weighted_rating}) {
    DemographicOptions options;
    options.method = method;
    const DemographicModel model = fitted(Task::top_n, options);
    const std::vector<FeatureValue> features{{"gender", "M"}, {"age", "40"}};
    Query someone;
    someone.features = features;
    // The last user has no events, and is such a person.
    EXPECT_EQ(scores_of(model, someone), scores_of(model, Query::known(UserRow(59))));
    EXPECT_NE(scores_of(model, someone), scores_of(model, Query{}));
  }
}

TEST(Demographic, WithoutSegmentsItIsPopularity) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  DemographicModel model;
  model.fit(data, Task::top_n, context);
  const std::vector<float> scores = scores_of(model, Query{});
  for (std::size_t i = 0; i < kFilms; ++i) {
    EXPECT_NEAR(scores[i], std::log(static_cast<double>(data->item_events(ItemRow(i)).size()) + 0.5), 1e-5);
  }
}

TEST(Demographic, ReasonsNameTheSegments) {
  const DemographicModel model = fitted(Task::top_n);
  std::vector<std::string> labels;
  for (const Contribution& reason : model.explain(Query::known(UserRow(2)), ItemRow(2))) labels.push_back(reason.label);
  EXPECT_THAT(labels, ::testing::UnorderedElementsAre("events of all, as a logarithm", "gender M", "age 40",
                                                      "gender M, age 40"));
}

TEST(Demographic, EveryThreadNeedsRoomOfItsOwn) {
  const auto data = grouped_people();
  DemographicOptions options;
  options.smoothing_feature = "genres";  // three of them
  const DemographicModel model(options);
  const auto of_a_thread = [&](Task task) {
    return model.memory_need(*data, task, 9) - model.memory_need(*data, task, 8);
  };
  EXPECT_EQ(of_a_thread(Task::top_n), kFilms * 8 + 3 * 24);
  EXPECT_EQ(of_a_thread(Task::ratings), kFilms * 16 + 3 * 16);
}

TEST(Demographic, RefusesWhatItCannotGoPer) {
  DemographicOptions options;
  options.smoothing_feature = "genre";
  EXPECT_EQ(error_of([&] { fitted(Task::top_n, options); }).code(), ErrorCode::not_found);
  options.smoothing_feature = "year";
  EXPECT_EQ(error_of([&] { fitted(Task::top_n, options); }).code(), ErrorCode::invalid_option);
  options.smoothing_feature = "";
  options.segments = "zip";
  EXPECT_EQ(error_of([&] { fitted(Task::top_n, options); }).code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace gusto
