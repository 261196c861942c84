#include "gusto/models/bayes/bayes_fm.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::code_of;

std::unique_ptr<Model> fitted_fm(const std::shared_ptr<const Dataset>& data, const Settings& settings,
                                 Task task = Task::ratings) {
  Context context({.threads = 2});
  auto model = make_model("bayes-fm", settings);
  model->fit(data, task, context, {.seed = 3});
  return model;
}

float predict_one(const Model& model, const Query& query, std::size_t item) {
  const ItemRow row(item);
  float out = 0;
  model.predict({&query, 1}, {&row, 1}, {&out, 1});
  return out;
}

/// Values of two factors, biases and noise; a part of them held out.
struct Made {
  std::shared_ptr<const Dataset> train;
  std::vector<Event> test;
};
Made made_data(std::size_t users, std::size_t items, double noise) {
  const auto factors = [](std::size_t count, std::uint64_t side) {
    Random random(7, "bayes-fm test factors", side);
    std::vector<std::array<double, 3>> rows(count);
    for (auto& row : rows) row = {0.5 * random.normal(), 0.7 * random.normal(), 0.7 * random.normal()};
    return rows;
  };
  const auto user = factors(users, 0);
  const auto item = factors(items, 1);
  Random random(7, "bayes-fm test events");
  std::vector<Event> train;
  Made made;
  for (std::size_t u = 0; u < users; ++u) {
    for (std::size_t i = 0; i < items; ++i) {
      if (random.below(2) == 0) continue;
      const double value =
          3 + user[u][0] + item[i][0] + user[u][1] * item[i][1] + user[u][2] * item[i][2] + noise * random.normal();
      const Event event{UserRow(u), ItemRow(i), static_cast<float>(value), 1000};
      (random.below(4) == 0 ? made.test : train).push_back(event);
    }
  }
  made.train = test::dataset_of(users, items, train);
  return made;
}

const Settings kPlain{{"dim", 4},           {"epochs", 150},  {"burn_in", 0.5},      {"samples", 40},
                      {"implicit", "none"}, {"time", "none"}, {"output", "gaussian"}};

Settings with(Settings settings, std::string name, std::string value) {
  settings.emplace_back(std::move(name), std::move(value));
  return settings;
}

// Held-out values lie within so many standard deviations as often as normal ones do, and the error is the noise's.
TEST(BayesFm, SpreadCoversWhatItDoesNotKnow) {
  const Made made = made_data(80, 60, 0.4);
  const auto model = fitted_fm(made.train, kPlain);
  std::vector<Query> queries;
  std::vector<ItemRow> items;
  for (const Event& event : made.test) {
    queries.push_back(Query::known(event.user));
    items.push_back(event.item);
  }
  std::vector<float> predicted(items.size()), stddev(items.size());
  model->predict_stddev(queries, items, predicted, stddev);
  double within_one = 0, within_two = 0, squares = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double error = std::abs(predicted[i] - made.test[i].value);
    squares += error * error;
    within_one += error < stddev[i] ? 1 : 0;
    within_two += error < 2 * stddev[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(items.size());
  EXPECT_LT(std::sqrt(squares / count), 0.5);
  EXPECT_NEAR(within_one / count, 0.683, 0.06);
  EXPECT_NEAR(within_two / count, 0.954, 0.03);
}

TEST(BayesFm, FoldsInATrainingUserNearTheirOwnAnswers) {
  const Made made = made_data(80, 60, 0.2);
  for (const std::string sets : {"none", "both"}) {
    const auto model = fitted_fm(made.train, with(kPlain, "implicit", sets));
    double squares = 0, stddev = 0;
    for (std::size_t u = 0; u < 20; ++u) {
      const std::vector<HistoryEvent> history = events_of(made.train->history(UserRow(u)));
      const std::vector<float> known = test::scores_of(*model, Query::known(UserRow(u)));
      const std::vector<float> folded = test::scores_of(*model, Query::with_history(history));
      for (std::size_t i = 0; i < known.size(); ++i) {
        squares += std::pow(folded[i] - known[i], 2);
        stddev += std::pow(known[i] - 3, 2);
      }
    }
    EXPECT_LT(squares, 0.03 * stddev) << sets;
  }
}

TEST(BayesFm, FeaturesTellOfThoseWithoutEvents) {
  auto catalog = std::make_shared<Catalog>();
  FeatureField team;
  team.name = "team";
  FeatureField year;
  year.name = "year";
  year.kind = FeatureKind::number;
  for (std::size_t u = 0; u < 40; ++u) {
    catalog->users.add("u" + std::to_string(u));
    team.append(u % 2 == 0 ? "red" : "blue");
  }
  for (std::size_t i = 0; i < 31; ++i) {
    catalog->items.add("i" + std::to_string(i));
    year.append(i % 3 == 0 ? "1990" : "2000");
  }
  catalog->user_features = FeatureTable({team});
  catalog->item_features = FeatureTable({year});
  std::vector<Event> events;
  Random random(7, "bayes-fm test features");
  for (std::size_t u = 0; u < 40; ++u) {
    for (std::size_t i = 0; i < 30; ++i) {
      const double value = 3 + (u % 2 == 0 ? 1 : -1) + (i % 3 == 0 ? 0.8 : -0.4) + 0.1 * random.normal();
      if (random.below(3) > 0) events.push_back({UserRow(u), ItemRow(i), static_cast<float>(value)});
    }
  }
  const auto data = std::make_shared<const Dataset>(catalog, events);
  const auto model = fitted_fm(data, with(kPlain, "fields", "team, item.year"));
  Query red;
  const FeatureValue is_red{"team", "red"};
  red.features = {&is_red, 1};
  Query blue;
  const FeatureValue is_blue{"team", "blue"};
  blue.features = {&is_blue, 1};
  EXPECT_NEAR(predict_one(*model, red, 1), 3.6, 0.4);
  EXPECT_NEAR(predict_one(*model, blue, 1), 1.6, 0.4);
  // An item that nobody has rated, of 1990.
  EXPECT_NEAR(predict_one(*model, red, 30), 4.8, 0.5);

  EXPECT_EQ(code_of([&] { fitted_fm(data, with(kPlain, "fields", "shoe_size")); }), ErrorCode::invalid_option);
}

TEST(BayesFm, KnowsDays) {
  std::vector<Event> events;
  Random random(7, "bayes-fm test days");
  constexpr std::int64_t kDay = 86400;
  for (std::size_t u = 0; u < 30; ++u) {
    for (std::size_t i = 0; i < 30; ++i) {
      const auto day = static_cast<std::int64_t>(random.below(5));
      const double value = 3 + 0.5 * static_cast<double>(day) + 0.1 * random.normal();
      events.push_back({UserRow(u), ItemRow(i), static_cast<float>(value), day * kDay + 100});
    }
  }
  const auto data = test::dataset_of(30, 30, events);
  for (const std::string time : {"day", "user-day", "both"}) {
    const auto model = fitted_fm(data, with(kPlain, "time", time));
    Query query = Query::known(UserRow(4));
    query.time = 0;
    EXPECT_NEAR(predict_one(*model, query, 3), 3.0, 0.25) << time;
    query.time = 4 * kDay + 5;
    EXPECT_NEAR(predict_one(*model, query, 3), 5.0, 0.25) << time;
    query.time = 77 * kDay;
    EXPECT_NEAR(predict_one(*model, query, 3), 4.0, 0.6) << time;
  }
}

// Days and users' days have effects of their own: a day that training has not seen adds what it may be.
TEST(BayesFm, SpreadCoversDaysThatItHasNotSeen) {
  constexpr std::size_t kUsers = 60;
  constexpr std::size_t kItems = 50;
  constexpr std::size_t kDays = 30;
  constexpr std::size_t kSeen = 24;
  constexpr std::int64_t kDay = 86400;
  const auto effect = [](std::string_view of, std::size_t row, double deviation) {
    return deviation * Random(7, of, row).normal();
  };
  std::vector<Event> train, old_days, new_days;
  for (std::size_t u = 0; u < kUsers; ++u) {
    Random random(7, "bayes-fm test unseen days", u);
    for (std::size_t i = 0; i < kItems; ++i) {
      const std::size_t day = (u + 6 * random.below(5)) % kDays;  // five days each
      const double value = 3 + effect("user", u, 0.3) + effect("item", i, 0.3) + effect("day", day, 0.5) +
                           effect("user's day", u * kDays + day, 0.6) + 0.4 * random.normal();
      const Event event{UserRow(u), ItemRow(i), static_cast<float>(value), static_cast<std::int64_t>(day) * kDay};
      (day >= kSeen ? new_days : random.below(5) == 0 ? old_days : train).push_back(event);
    }
  }
  for (const std::string output : {"gaussian", "probit"}) {
    Settings settings{{"dim", 1},           {"epochs", 200},  {"burn_in", 0.5},  {"samples", 100},
                      {"implicit", "none"}, {"time", "both"}, {"output", output}};
    std::vector<Event> events = train;
    if (output == "probit") {
      for (Event& event : events) event.value = std::round(2 * event.value) / 2;
    }
    const auto model = fitted_fm(test::dataset_of(kUsers, kItems, events), settings);
    struct Measured {
      double stddev = 0, within_one = 0, within_two = 0;
    };
    const auto measure = [&](const std::vector<Event>& tested) {
      std::vector<Query> queries;
      std::vector<ItemRow> items;
      for (const Event& event : tested) {
        queries.push_back(Query::known(event.user));
        queries.back().time = event.time;
        items.push_back(event.item);
      }
      std::vector<float> predicted(items.size()), stddev(items.size());
      model->predict_stddev(queries, items, predicted, stddev);
      Measured measured;
      const double share = 1 / static_cast<double>(items.size());
      for (std::size_t n = 0; n < items.size(); ++n) {
        const double error = std::abs(predicted[n] - tested[n].value);
        measured.stddev += share * stddev[n];
        measured.within_one += error < stddev[n] ? share : 0;
        measured.within_two += error < 2 * stddev[n] ? share : 0;
      }
      return measured;
    };
    const Measured seen = measure(old_days);
    const Measured unseen = measure(new_days);
    EXPECT_NEAR(seen.within_one, 0.68, 0.08) << output;
    EXPECT_NEAR(unseen.within_one, 0.68, 0.12) << output;
    EXPECT_NEAR(unseen.within_two, 0.95, 0.06) << output;
    EXPECT_GT(unseen.stddev, 1.4 * seen.stddev) << output;
  }
}

TEST(BayesFm, RefusesToLearnARankingFromWhatTookPlaceAlone) {
  EXPECT_EQ(code_of([] { make_model("bayes-fm", {{"negatives", 0}}); }), ErrorCode::invalid_option);
}

TEST(BayesFm, RefusesToCountTimesThatAreNotThere) {
  std::vector<Event> events = test::random_events(9, 7);
  for (Event& event : events) event.time = kNoTime;
  const auto data = test::dataset_of(9, 7, events);
  const Settings settings{{"dim", 2}, {"epochs", 2}};
  for (const std::string time : {"day", "user-day", "both"}) {
    EXPECT_EQ(code_of([&] { fitted_fm(data, with(settings, "time", time)); }), ErrorCode::invalid_option) << time;
  }
  EXPECT_TRUE(fitted_fm(data, with(settings, "time", "auto"))->fitted());
}

TEST(BayesFm, RefusesAFileWhoseLevelsAreOutOfOrder) {
  const auto data = test::dataset_of(9, 7, test::random_events(9, 7));
  const Settings settings{{"dim", 2}, {"epochs", 2}, {"burn_in", 0.5}, {"output", "probit"}};
  TensorWriter writer;
  fitted_fm(data, settings)->save_state(writer);
  const TensorFile sound = TensorFile::parse(writer.serialize(), "sound");
  const auto load = [&](std::string_view name, std::vector<float> values) {
    TensorWriter changed;
    for (const std::string& tensor : sound.names()) {
      const auto shape = sound.shape(tensor);
      const bool wide = tensor == "target";
      std::span<const std::byte> bytes =
          wide ? std::as_bytes(sound.values<double>(tensor)) : std::as_bytes(sound.values<float>(tensor));
      if (tensor == name) {
        EXPECT_EQ(bytes.size(), values.size() * sizeof(float));
        bytes = std::as_bytes(std::span<const float>(values));
      }
      changed.add_bytes(tensor, wide ? TensorType::f64 : TensorType::f32, {shape.begin(), shape.end()}, bytes);
    }
    const TensorFile file = TensorFile::parse(changed.serialize(), "changed");
    make_model("bayes-fm", settings)->load_state(file, data, Task::ratings);
  };
  EXPECT_NO_THROW(load("levels", {1, 2, 3, 4, 5}));
  EXPECT_EQ(code_of([&] { load("levels", {1, 2, 2, 4, 5}); }), ErrorCode::corrupt_file);
  EXPECT_NO_THROW(load("cuts", {-1, 0, 1, 2}));
  EXPECT_EQ(code_of([&] { load("cuts", {-1, 1, 0, 2}); }), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of([&] {
              load("cuts", {-1, 0, 1, std::numeric_limits<float>::infinity()});
            }),
            ErrorCode::corrupt_file);
}

}  // namespace
}  // namespace gusto
