#include "gusto/models/content/content.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/content/profile_regression.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;
using test::feature;
using test::scores_of;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// Events of three_tastes, on items of three genres, seven directors and some words. The last three items, one of each
/// genre, have no events. All are of one kind.
std::shared_ptr<const Dataset> film_data(std::size_t users = 60, std::size_t items = 42) {
  const auto plain = test::three_tastes(users, items - 2);
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(users, items));
  const std::vector<std::string> kinds(items, "film");
  std::vector<std::string> genres, directors, plots;
  for (std::size_t i = 0; i < items; ++i) {
    genres.push_back("genre" + std::to_string(i % 3));
    directors.push_back("director" + std::to_string(i % 7));
    plots.push_back("word" + std::to_string(i * i % 5) + " and word" + std::to_string(i % 4));
  }
  catalog->item_features = FeatureTable(
      {feature("genres", FeatureKind::multi, genres), feature("director", FeatureKind::categorical, directors),
       feature("plot", FeatureKind::text, plots), feature("kind", FeatureKind::categorical, kinds)});
  return std::make_shared<const Dataset>(std::move(catalog), plain->events());
}

ContentModel fitted(const std::shared_ptr<const Dataset>& data, Task task, const ContentOptions& options = {}) {
  Context context({.threads = 2});
  ContentModel model(options);
  model.fit(data, task, context);
  return model;
}

std::vector<double> centered_profile(const ItemProfiles& profiles, std::size_t item) {
  const std::vector<float> mean = profiles.mean();
  std::vector<float> row(mean.size());
  profiles.add(item, 1, row);
  std::vector<double> result(mean.size());
  for (std::size_t t = 0; t < mean.size(); ++t) result[t] = static_cast<double>(row[t]) - static_cast<double>(mean[t]);
  return result;
}

TEST(Content, RidgeHasNoGradientAtItsSolution) {
  const auto data = film_data();
  ContentOptions options;
  options.reg = 0.7;
  const ContentModel model = fitted(data, Task::ratings, options);
  const ItemProfiles& profiles = model.profiles();
  for (const std::size_t u : {0U, 7U, 30U}) {
    const History history = data->history(UserRow(u));
    const std::vector<float> taste = model.taste(Query::known(UserRow(u)));
    // What is left of each event follows from the prediction: e − x̃·w = r − ŷ.
    std::vector<Query> queries(history.size(), Query::known(UserRow(u)));
    std::vector<float> predicted(history.size());
    model.predict(queries, history.items, predicted);
    std::vector<double> gradient(taste.size());
    for (std::size_t t = 0; t < taste.size(); ++t) gradient[t] = 0.7 * static_cast<double>(taste[t]);
    for (std::size_t e = 0; e < history.size(); ++e) {
      const std::vector<double> x = centered_profile(profiles, history.items[e].index);
      const double left = static_cast<double>(history.values[e]) - static_cast<double>(predicted[e]);
      for (std::size_t t = 0; t < x.size(); ++t) gradient[t] -= left * x[t];
    }
    double norm = 0;
    for (const float w : taste) norm += std::abs(static_cast<double>(w));
    EXPECT_GT(norm, 0.1);
    for (const double g : gradient) EXPECT_NEAR(g, 0, 1e-5);
  }
}

TEST(Content, RocchioIsTheDifferenceOfMeans) {
  const auto data = film_data();
  ContentOptions options;
  options.method = TasteMethod::rocchio;
  options.disliked_weight = 0.5;
  options.like_threshold = 3.5;
  const ContentModel model = fitted(data, Task::ratings, options);
  const std::vector<HistoryEvent> history{{ItemRow(0), 5}, {ItemRow(3), 4}, {ItemRow(1), 1}};
  std::vector<double> expected(model.profiles().term_count());
  const auto add = [&](std::size_t item, double amount) {
    const std::vector<double> x = centered_profile(model.profiles(), item);
    for (std::size_t t = 0; t < x.size(); ++t) expected[t] += amount * x[t];
  };
  add(0, 0.5);
  add(3, 0.5);
  add(1, -0.5);
  const double length = std::sqrt(std::inner_product(expected.begin(), expected.end(), expected.begin(), 0.0));
  const std::vector<float> taste = model.taste(Query::with_history(history));
  for (std::size_t t = 0; t < taste.size(); ++t) EXPECT_NEAR(taste[t], expected[t] / length, 1e-6);
}

TEST(Content, RegressionOnFeaturesHasNoGradientAtItsSolution) {
  const auto data = film_data();
  const ItemProfiles profiles(data->catalog(), {});
  std::vector<float> targets(profiles.item_count());
  std::vector<bool> chosen(targets.size());
  double mean = 0;
  double count = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = static_cast<float>(i * 5 % 7);
    chosen[i] = i % 4 != 1;
    if (!chosen[i]) continue;
    mean += static_cast<double>(targets[i]);
    ++count;
  }
  mean /= count;
  Context context({.threads = 1});
  const ProfileRegression found = fit_regression(profiles, targets, chosen, 0.3, context);
  EXPECT_DOUBLE_EQ(found.mean, mean);
  std::vector<double> gradient(found.weights.begin(), found.weights.end());
  for (double& g : gradient) g *= 0.3;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!chosen[i]) continue;
    const double left = static_cast<double>(targets[i]) - found.at(profiles, i);
    for (std::size_t e = 0; e < profiles.terms_of(i).size(); ++e) {
      gradient[profiles.terms_of(i)[e]] -= left * static_cast<double>(profiles.weights_of(i)[e]);
    }
  }
  for (const double g : gradient) EXPECT_NEAR(g, 0, 1e-4);
}

TEST(Content, NewItemsAreToldApartByTheirFeatures) {
  for (const Task task : {Task::top_n, Task::ratings}) {
    for (const TasteMethod taste : {TasteMethod::rocchio, TasteMethod::ridge}) {
      ContentOptions options;
      options.method = taste;
      options.like_threshold = 3.5;
      options.popularity = 0;
      const ContentModel model = fitted(film_data(), task, options);
      int right = 0;
      for (std::size_t u = 0; u < 59; ++u) {
        const std::vector<float> scores = scores_of(model, Query::known(UserRow(u)));
        right += std::max_element(scores.end() - 3, scores.end()) - scores.begin() == 39 + static_cast<int>(u % 3);
      }
      EXPECT_GT(right, 40) << to_string(task) << ", " << static_cast<int>(taste);
    }
  }
}

// Taste from the history without one event, in naive arithmetic: liked minus disliked, scaled as with all of it.
TEST(Content, SlopeOfRocchioIsThatOfLeastSquares) {
  const auto data = film_data();
  ContentOptions options;
  options.method = TasteMethod::rocchio;
  options.like_threshold = 3.5;
  const ContentModel model = fitted(data, Task::ratings, options);
  Context context({.threads = 1});
  const Baseline baseline = fit_baseline(*data, {.reg_item = options.reg_item, .reg_user = options.reg_user}, context);
  std::vector<std::vector<double>> x;
  for (std::size_t i = 0; i < data->item_count(); ++i) x.push_back(centered_profile(model.profiles(), i));
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const auto user_bias = [&](std::size_t u) {
    double sum = 0;
    const History history = data->history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      sum += static_cast<double>(history.values[e]) - baseline.item_part(history.items[e]);
    }
    return sum / (static_cast<double>(history.size()) + options.reg_user);
  };
  double products = 0, squares = 0;
  for (std::size_t u = 0; u < data->user_count(); ++u) {
    const History history = data->history(UserRow(u));
    const auto liked = [&](std::size_t e) { return static_cast<double>(history.values[e]) >= options.like_threshold; };
    double likes = 0;
    for (std::size_t e = 0; e < history.size(); ++e) likes += liked(e) ? 1 : 0;
    const double dislikes = static_cast<double>(history.size()) - likes;
    const auto taste_without = [&](std::size_t left_out) {
      std::vector<double> taste(model.profiles().term_count());
      for (std::size_t e = 0; e < history.size(); ++e) {
        if (e == left_out) continue;
        const double amount = liked(e) ? 1 / likes : -options.disliked_weight / dislikes;
        for (std::size_t t = 0; t < taste.size(); ++t) taste[t] += amount * x[history.items[e].index][t];
      }
      return taste;
    };
    const std::vector<double> whole = taste_without(history.size());
    const double length = std::sqrt(dot(whole, whole));
    for (std::size_t e = 0; e < history.size(); ++e) {
      const double closeness = dot(x[history.items[e].index], taste_without(e)) / length;
      const double left = static_cast<double>(history.values[e]) - baseline.item_part(history.items[e]) - user_bias(u);
      products += closeness * left;
      squares += closeness * closeness;
    }
  }
  const double slope = products / squares;
  EXPECT_GT(std::abs(slope), 0.01);

  // By it predictions go with closeness: r̂ = b + slope · x̃ · w.
  const std::vector<HistoryEvent> history{{ItemRow(0), 5}, {ItemRow(3), 5}, {ItemRow(1), 2}, {ItemRow(2), 2}};
  const std::vector<float> taste = model.taste(Query::with_history(history));
  const std::vector<float> scores = scores_of(model, Query::with_history(history));
  const double bias = baseline.fold_in(history, options.reg_user);
  for (std::size_t i = 0; i < 39; ++i) {
    const double closeness = std::inner_product(taste.begin(), taste.end(), x[i].begin(), 0.0);
    EXPECT_NEAR(scores[i], baseline.item_part(ItemRow(i)) + bias + slope * closeness, 1e-4) << "item " << i;
  }
}

TEST(Content, ReasonsNameWhatIsShared) {
  const ContentModel model = fitted(film_data(), Task::top_n);
  const std::vector<HistoryEvent> history{{ItemRow(0), 5}, {ItemRow(7), 5}};
  // Item 14 has director 0, as both have, and genre 2, as neither has.
  std::vector<std::string> labels;
  for (const Contribution& reason : model.explain(Query::with_history(history), ItemRow(14))) {
    labels.push_back(reason.label);
  }
  EXPECT_THAT(labels, Contains("director: director0"));
  EXPECT_THAT(labels, Contains("popularity"));
  EXPECT_THAT(labels, Contains("what they don't share"));
  EXPECT_THAT(labels, Not(Contains("genres: genre2")));
  EXPECT_EQ(model.explain(Query{}, ItemRow(41)).front().label, "popularity of such items");
}

TEST(Content, SimilarItemsShareWhatIsRare) {
  const ContentModel model = fitted(film_data(), Task::top_n);
  std::vector<float> similarity(42);
  model.item_similarity(ItemRow(0), similarity);
  EXPECT_NEAR(similarity[0], 1, 1e-5);
  EXPECT_GT(similarity[21], similarity[20]);  // of its genre and director
}

TEST(Content, OnlyTheLastEventsMakeARidge) {
  ContentOptions options;
  options.max_history = 2;
  options.method = TasteMethod::ridge;
  const ContentModel model = fitted(film_data(), Task::top_n, options);
  const std::vector<HistoryEvent> long_one{{ItemRow(5), 1}, {ItemRow(0), 1}, {ItemRow(3), 1}};
  EXPECT_EQ(scores_of(model, Query::with_history(long_one)),
            scores_of(model, Query::with_history(std::span(long_one).last(2))));
}

TEST(Content, RefusesItemsWithoutFeatures) {
  Context context({.threads = 1});
  ContentModel model;
  const Error error = error_of([&] { model.fit(test::three_tastes(), Task::top_n, context); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.hint(), HasSubstr("`item_features`"));
  ContentOptions alike;  // all of one kind
  alike.fields = "kind";
  EXPECT_EQ(error_of([&] { fitted(film_data(), Task::top_n, alike); }).code(), ErrorCode::unsupported);
  ContentOptions misspelled;
  misspelled.fields = "gneres";
  EXPECT_EQ(error_of([&] { fitted(film_data(), Task::top_n, misspelled); }).code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace gusto
