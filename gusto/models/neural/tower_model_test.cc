#include "gusto/models/neural/tower_model.h"

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/networks.h"
#include "gusto/nn/parameters.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

using test::code_of;
using test::error_of;
using test::scores_of;
using test::small_settings;
using test::tastes_with_features;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Vector = std::vector<float>;

constexpr const char* kBoth[] = {"two-tower", "softmax"};

std::unique_ptr<Model> fitted_tower(std::string_view name, const Settings& more = {}, Task task = Task::likes,
                                    const std::shared_ptr<const Dataset>& data = tastes_with_features()) {
  Context context({.threads = 2});
  auto model = make_model(name, small_settings(more));
  model->fit(data, task, context);
  return model;
}

/// How much better the items of a taste's kind score than the others, on average, in standard deviations of all scores.
double standardized_preference(const std::vector<float>& scores, std::size_t taste) {
  double sum = 0, squares = 0, fits = 0, count = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto score = static_cast<double>(scores[i]);
    sum += score;
    squares += score * score;
    if (i % 3 != taste) continue;
    fits += score;
    ++count;
  }
  const auto size = static_cast<double>(scores.size());
  const double deviation = std::sqrt(squares / size - sum / size * (sum / size));
  return (fits / count - (sum - fits) / (size - count)) / deviation;
}

std::vector<HistoryEvent> items_of_taste(std::size_t taste) {
  std::vector<HistoryEvent> history;
  for (std::size_t n = 0; n < 6; ++n) {
    history.push_back({ItemRow(taste + 3 * n), 5, 1000000 + static_cast<std::int64_t>(n)});
  }
  return history;
}

/// Everybody has half of the 20 items of one of three kinds, in an order of their own.
std::shared_ptr<const Dataset> three_kinds() {
  std::vector<Event> events;
  for (std::size_t u = 0; u < 90; ++u) {
    std::vector<std::size_t> items(20);
    for (std::size_t n = 0; n < items.size(); ++n) items[n] = u % 3 + 3 * n;
    Random(7, "three kinds", u).shuffle(std::span(items));
    for (std::size_t n = 0; n < items.size() / 2; ++n) {
      events.push_back({UserRow(u), ItemRow(items[n]), 1, static_cast<std::int64_t>(n)});
    }
  }
  return test::dataset_of(90, 60, events);
}

TEST(TowerModel, ANewUserIsAnsweredByHistory) {
  for (const char* name : kBoth) {
    for (const char* hidden : {"", "16"}) {
      const auto model =
          fitted_tower(name, {{"query_fields", "history(20)"}, {"query_hidden", hidden}}, Task::top_n, three_kinds());
      for (std::size_t taste = 0; taste < 3; ++taste) {
        const std::vector<HistoryEvent> history = items_of_taste(taste);
        EXPECT_GT(standardized_preference(scores_of(*model, Query::with_history(history)), taste), 1.5)
            << name << ", hidden " << hidden << ", taste " << taste;
      }
    }
  }
}

TEST(TowerModel, ANewUserIsAnsweredByFeatures) {
  for (const char* name : kBoth) {
    const auto model = fitted_tower(name, {{"query_fields", "taste, age"}});
    for (std::size_t taste = 0; taste < 3; ++taste) {
      const std::string value = "taste" + std::to_string(taste);
      const std::vector<FeatureValue> features{{"taste", value}};
      Query query;
      query.features = features;
      EXPECT_GT(standardized_preference(scores_of(*model, query), taste), 0.8) << name << ", taste " << taste;
    }
  }
}

TEST(TowerModel, ANewItemIsReachedByItsFeatures) {
  // The last three items have no events, and are of one kind each.
  const auto model = fitted_tower("two-tower", {{"unknown_rate", 0.2}, {"item_fields", "item, kind"}});
  const std::size_t count = model->data().item_count();
  double fits = 0, others = 0;
  for (std::size_t u = 0; u < 30; ++u) {
    const std::vector<float> scores = scores_of(*model, Query::known(UserRow(u)));
    for (std::size_t i = count - 3; i < count; ++i) {
      (i % 3 == u % 3 ? fits : others) += static_cast<double>(scores[i]);
    }
  }
  EXPECT_GT(fits / 30, others / 60 + 0.2);
}

TEST(TowerModel, ReadsWhatOtherUsersOfATasteDid) {
  for (const char* name : kBoth) {
    const auto model = fitted_tower(name);
    double sum = 0;
    for (std::size_t u = 0; u < 30; ++u)
      sum += standardized_preference(scores_of(*model, Query::known(UserRow(u))), u % 3);
    EXPECT_GT(sum / 30, 1) << name;
  }
}

TEST(TowerModel, CosineComparesVectorsOfLengthOne) {
  for (const char* hidden : {"", "12"}) {
    const auto model =
        fitted_tower("two-tower", {{"similarity", "cosine"}, {"query_hidden", hidden}, {"item_hidden", hidden}});
    const MatrixView<const float> items = model->item_vectors();
    const std::vector<Query> queries{Query::known(UserRow(0)), Query{}};
    Matrix<float> query_users(queries.size(), items.cols);
    model->query_vectors(queries, query_users.view());
    const auto length = [](std::span<const float> v) {
      double sum = 0;
      for (const float x : v) sum += static_cast<double>(x) * static_cast<double>(x);
      return std::sqrt(sum);
    };
    for (std::size_t i = 0; i < items.rows; ++i) EXPECT_NEAR(length(items.row(i)), 1, 1e-5);
    for (std::size_t q = 0; q < queries.size(); ++q) EXPECT_NEAR(length(query_users.row(q)), 1, 1e-5);
  }
}

TEST(TowerModel, DislikesAreNoExamplesWhereValuesCount) {
  // Everybody gives a 1 to six of twelve items, then a 5 to four of twelve others.
  std::vector<Event> events;
  for (std::size_t u = 0; u < 60; ++u) {
    for (std::size_t n = 0; n < 6; ++n) events.push_back({UserRow(u), ItemRow((u + n) % 12), 1, 1});
    for (std::size_t n = 0; n < 4; ++n) events.push_back({UserRow(u), ItemRow(12 + (u + n) % 12), 5, 2});
  }
  const auto data = test::dataset_of(60, 24, events);
  for (const char* name : kBoth) {
    for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
      const auto model = fitted_tower(name, {{"query_fields", "history(4)"}}, task, data);
      const std::vector<float> scores = scores_of(*model, Query{});
      double liked = 0, disliked = 0;
      for (std::size_t i = 0; i < 12; ++i) {
        disliked += static_cast<double>(scores[i]);
        liked += static_cast<double>(scores[12 + i]);
      }
      if (task == Task::top_n) {
        EXPECT_LT(liked, disliked) << name << ": for lists an event is an event, and there are more of the others";
      } else {
        EXPECT_GT(liked, disliked) << name;
      }
    }
    const auto none = fitted_tower(name, {{"query_fields", "history(4)"}, {"like_threshold", 6}}, Task::likes, data);
    EXPECT_EQ(scores_of(*none, Query{}),
              scores_of(*fitted_tower(name, {{"query_fields", "history(4)"}}, Task::top_n, data), {}))
        << "if none reaches the threshold, all count";
  }
}

TEST(TowerModel, TiedHistoriesHaveNoTableOfTheirOwn) {
  const auto stored = [](const Settings& settings) {
    return serialize_model(*fitted_tower("two-tower", settings), {});
  };
  const std::string own = "history(20)/query";
  EXPECT_THAT(stored({{"query_fields", "history(20)"}}), Not(HasSubstr(own)));
  EXPECT_THAT(stored({{"query_fields", "history(20)"}, {"tied", false}}), HasSubstr(own));
  EXPECT_THAT(stored({{"query_fields", "history(20)"}, {"item_fields", "kind"}}), HasSubstr(own));
}

TEST(TowerModel, AModelFileGivesTheSameAnswersByItself) {
  const Settings settings{{"query_fields", "user, taste, age, history(9, value, recent), history.count"},
                          {"item_fields", "item, kind, words(title, 50)"},
                          {"query_hidden", "12"},
                          {"item_hidden", "8"}};
  const auto model = fitted_tower("two-tower", settings);
  const TrainedModel loaded = parse_model(serialize_model(*model, {}), "file");
  const std::vector<FeatureValue> features{{"taste", "taste1"}};
  const std::vector<HistoryEvent> history = items_of_taste(1);
  Query somebody = Query::with_history(history);
  somebody.features = features;
  for (const Query& query : {Query::known(UserRow(3)), Query{}, somebody}) {
    EXPECT_EQ(scores_of(*loaded.model, query), scores_of(*model, query));
  }
}

TEST(TowerModel, SimilarItemsAreThoseOfTheirKind) {
  for (const char* name : kBoth) {
    const auto model = fitted_tower(name);
    double sum = 0;
    for (std::size_t i = 0; i < 30; ++i) {
      std::vector<float> similarities(model->data().item_count());
      model->item_similarity(ItemRow(i), similarities);
      EXPECT_NEAR(similarities[i], 1, 1e-5) << name;
      sum += standardized_preference(similarities, i % 3);
    }
    EXPECT_GT(sum / 30, 0.5) << name;
  }
}

TEST(FieldsOfSide, TakesEachSideItsOwn) {
  const auto data = tastes_with_features();
  const auto of = [&](std::string_view fields, nn::Side side, AutoFields automatic = AutoFields::id_and_features) {
    return fields_of_side("fields", fields, side, automatic, data->catalog());
  };
  EXPECT_THAT(of("auto", nn::Side::user), ElementsAre("user", "taste", "age"));
  EXPECT_THAT(of("auto", nn::Side::user, AutoFields::features), ElementsAre("taste", "age"));
  EXPECT_THAT(of("auto, history(9)", nn::Side::user, AutoFields::features), ElementsAre("taste", "age", "history(9)"));
  EXPECT_THAT(of("user, auto", nn::Side::user, AutoFields::features), ElementsAre("user", "taste", "age"));
  EXPECT_THAT(of("auto", nn::Side::item), ElementsAre("item", "kind", "year"));
  EXPECT_THAT(of("cross(taste, age, 50), time.hour", nn::Side::user),
              ElementsAre("cross(taste, age, 50)", "time.hour"));

  const Error item = error_of([&] { of("user, kind", nn::Side::user); });
  EXPECT_EQ(item.code(), ErrorCode::invalid_option);
  EXPECT_STREQ(item.what(), "The option fields has the field kind, which is of items. Move it to item_fields.");
  EXPECT_EQ(code_of([&] { of("item, history(5)", nn::Side::item); }), ErrorCode::invalid_option);
  EXPECT_THAT(error_of([&] { of("cross(taste, kind, 50)", nn::Side::user); }).what(), HasSubstr("joins both sides"));
  const auto bare = tastes_with_features(60, 40, false);
  EXPECT_STREQ(error_of([&] {
                 fields_of_side("query_fields", "auto", nn::Side::user, AutoFields::features, bare->catalog());
               }).what(),
               "The option query_fields has no fields. Write query_fields=user at least.");
}

/// What is learned from each of a user's events, with histories as fields.
class TowerNetworkTest : public testing::Test {
 protected:
  static constexpr std::size_t kEvents = 8;

  TowerNetworkTest() {
    // The second user has the same items as the first in another order from the fifth on.
    std::vector<Event> events;
    for (std::size_t t = 0; t < kEvents; ++t) {
      const auto time = static_cast<std::int64_t>(t);
      events.push_back({UserRow(0), ItemRow(t), 1, time});
      events.push_back({UserRow(1), ItemRow(t < 4 ? t : 11 - t), 1, time});
    }
    data_ = test::dataset_of(2, kEvents, events);
    encoder_ = std::make_unique<nn::Encoder>(
        *data_, nn::Schema::learn(*data_, nn::parse_fields("history(20), history.count, item")));
    options_.dim = 5;
    options_.dropout = 0;
    options_.unknown_rate = 0;
    options_.validation = 0;
    item_.emplace("item", std::vector<std::string>{"item"}, "", options_, encoder_->schema(), parameters_);
    query_user_.emplace("query", std::vector<std::string>{"history(20)", "history.count"}, "7", options_,
                        encoder_->schema(), parameters_);
  }
  TowerNetwork network(TowerTarget target) {
    options_.target = target;
    return {*encoder_, *query_user_, *item_, options_, false, 42};
  }
  Vector asked(const TowerNetwork& network, std::size_t user, std::size_t event, std::uint64_t key) {
    tape_.begin(nn::Mode::train, key);
    const auto example = static_cast<std::uint32_t>(user * kEvents + event);
    const nn::QueryVectors query_users = network.ask(tape_, {&example, 1}, key);
    EXPECT_THAT(query_users.targets, ElementsAre(data_->items()[example].index));
    EXPECT_THAT(query_users.users, ElementsAre(user));
    const std::span<const float> vector = query_users.vectors.value().row(0);
    return {vector.begin(), vector.end()};
  }

  std::shared_ptr<const Dataset> data_;
  std::unique_ptr<nn::Encoder> encoder_;
  TowerOptions options_;
  nn::ParameterSet parameters_{42};
  std::optional<Tower> item_, query_user_;
  nn::Tape tape_;
};

TEST_F(TowerNetworkTest, AHistoryHasNeitherItsTargetNorAnythingLater) {
  const TowerNetwork next = network(TowerTarget::next);
  ASSERT_EQ(next.size(), 2 * kEvents);
  for (std::size_t event = 0; event < kEvents; ++event) {
    if (event <= 4) {
      EXPECT_EQ(asked(next, 0, event, 1), asked(next, 1, event, 1)) << "as far as they did the same";
    } else {
      EXPECT_NE(asked(next, 0, event, 1), asked(next, 1, event, 1));
    }
  }
}

TEST_F(TowerNetworkTest, ALaterTargetIsLookedForFromEachEarlierMoment) {
  const TowerNetwork next = network(TowerTarget::next), later = network(TowerTarget::later);
  for (const std::size_t event : {0, 1, 4, 7}) {
    std::set<Vector> moments, found;
    for (std::size_t moment = 0; moment <= event; ++moment) moments.insert(asked(next, 0, moment, 1));
    for (std::uint64_t key = 0; key < 200; ++key) found.insert(asked(later, 0, event, key));
    EXPECT_EQ(found, moments) << "event " << event;
  }
}

}  // namespace
}  // namespace gusto
