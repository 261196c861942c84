#include "gusto/models/simple/bias.h"

#include <numeric>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TensorFile state_of(const Model& model) {
  TensorWriter writer;
  model.save_state(writer);
  return TensorFile::parse(writer.serialize(), "state");
}

float predict_one(const Model& model, const Query& query, ItemRow item) {
  float out = 0;
  model.predict({&query, 1}, {&item, 1}, {&out, 1});
  return out;
}

TEST(Bias, RecoversValuesThatAreSumsOfBiases) {
  const std::vector<float> kindness{-0.5F, 0.0F, 0.25F, 0.75F};
  const std::vector<float> quality{-1.0F, -0.25F, 0.5F, 1.0F, 0.0F};
  std::vector<Event> events;
  for (std::size_t u = 0; u < kindness.size(); ++u) {
    for (std::size_t i = 0; i < quality.size(); ++i) {
      if (u != i) events.push_back({UserRow(u), ItemRow(i), 3 + kindness[u] + quality[i]});
    }
  }
  Context context;
  BiasModel model({.epochs = 100, .reg_item = 0, .reg_user = 0, .slopes = false});
  model.fit(test::dataset_of(4, 5, events), Task::ratings, context);
  for (std::size_t u = 0; u < kindness.size(); ++u) {
    EXPECT_NEAR(predict_one(model, Query::known(UserRow(u)), ItemRow(u)), 3 + kindness[u] + quality[u], 1e-5);
  }
}

TEST(Bias, RecoversUsersWhoStretchTheScale) {
  const std::vector<float> slope{0.5F, 1.5F, 1.0F, 0.8F, 1.2F};
  std::vector<Event> events;
  for (std::size_t u = 0; u < slope.size(); ++u) {
    for (std::size_t i = 0; i < 9; ++i) {
      if (u != i) events.push_back({UserRow(u), ItemRow(i), 3 + slope[u] * (static_cast<float>(i) - 4) * 0.4F});
    }
  }
  Context context;
  BiasModel model({.epochs = 1000, .reg_item = 0, .reg_user = 0, .reg_slope = 0});
  model.fit(test::dataset_of(5, 9, events), Task::ratings, context);
  for (std::size_t u = 0; u < slope.size(); ++u) {
    const double truth = 3 + slope[u] * (static_cast<double>(u) - 4) * 0.4;
    EXPECT_NEAR(predict_one(model, Query::known(UserRow(u)), ItemRow(u)), truth, 1e-3);
  }
}

// Where it ends the objective's slope along every parameter is zero, by sums that know nothing of how it was reached.
TEST(Bias, EndsWhereTheGradientIsZero) {
  const auto data = test::three_tastes();
  Context context;
  const BiasOptions options{.epochs = 200};
  BiasModel model(options);
  model.fit(data, Task::ratings, context);
  const TensorFile state = state_of(model);
  const auto constants = state.vector<double>("constants", 4);
  const double mean = constants[0];
  const double typical_item = constants[2];
  const auto item_bias = state.vector<float>("item_bias", data->item_count());
  const auto user_bias = state.vector<float>("user_bias", data->user_count());
  const auto user_slope = state.vector<float>("user_slope", data->user_count());

  double item_sum = 0;
  double user_sum = 0;
  std::vector<double> along_item(item_bias.size());
  for (std::size_t i = 0; i < item_bias.size(); ++i) along_item[i] = -options.reg_item * (item_bias[i] - typical_item);
  for (std::size_t u = 0; u < user_bias.size(); ++u) {
    const double stretch = user_slope[u] - 1.0;
    double along_bias = -options.reg_user * (user_bias[u] - constants[3]);
    double along_slope = -options.reg_slope * constants[1] * stretch;
    const History history = data->history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      const std::size_t i = history.items[e].index;
      const double error = history.values[e] - mean - user_bias[u] - user_slope[u] * static_cast<double>(item_bias[i]);
      along_bias += error;
      along_slope += error * item_bias[i];
      along_item[i] += error * user_slope[u];
    }
    EXPECT_NEAR(along_bias, 0, 1e-4);
    EXPECT_NEAR(along_slope, 0, 1e-4);
    if (history.size() > 0) user_sum += user_bias[u];
  }
  // Items may move only so that the sum of biases over events stays zero: along the rest the slope is one multiple of
  // each item's events.
  const double multiplier =
      std::accumulate(along_item.begin(), along_item.end(), 0.0) / static_cast<double>(data->event_count());
  double event_sum = 0;
  for (std::size_t i = 0; i < along_item.size(); ++i) {
    const auto events = static_cast<double>(data->item_events(ItemRow(i)).size());
    EXPECT_NEAR(along_item[i], multiplier * events, 1e-4);
    event_sum += events * item_bias[i];
    if (data->item_events(ItemRow(i)).size() > 0) item_sum += item_bias[i];
  }
  EXPECT_NEAR(event_sum, 0, 1e-4);
  // The last user and the last item have no events.
  EXPECT_NEAR(item_sum / static_cast<double>(item_bias.size() - 1), typical_item, 1e-6);
  EXPECT_NEAR(user_sum / static_cast<double>(user_bias.size() - 1), constants[3], 1e-5);
}

TEST(Bias, RanksByCountWhenTrainedForTopN) {
  // Item 1 has three events, item 0 two, item 2 one; values must not matter.
  const auto data = test::dataset_of(3, 3,
                                     {{UserRow(0), ItemRow(0), 5},
                                      {UserRow(1), ItemRow(0), 5},
                                      {UserRow(0), ItemRow(1), 1},
                                      {UserRow(1), ItemRow(1), 1},
                                      {UserRow(2), ItemRow(1), 1},
                                      {UserRow(0), ItemRow(2), 5}});
  Context context;
  BiasModel model({.reg_item = 3, .reg_user = 1});
  model.fit(data, Task::top_n, context);
  const Query query = Query::known(UserRow(0));
  Matrix<float> scores(1, 3);
  model.score({&query, 1}, scores.view());
  // μ = 6/9; b_i = (n_i − 3·6/9) / (3 + 3); b_u = (3 − 3·6/9) / (3 + 1).
  const double user = 6.0 / 9 + 0.25;
  EXPECT_NEAR(scores(0, 0), user + 0.0 / 6, 1e-6);
  EXPECT_NEAR(scores(0, 1), user + 1.0 / 6, 1e-6);
  EXPECT_NEAR(scores(0, 2), user - 1.0 / 6, 1e-6);
}

TEST(Bias, OneRatingOfZeroVarianceIsAnswered) {
  Context context;
  BiasModel model({.reg_item = 0, .reg_user = 0, .reg_slope = 0});
  model.fit(test::dataset_of(2, 2, {{UserRow(0), ItemRow(0), 4}}), Task::ratings, context);
  EXPECT_EQ(predict_one(model, Query::known(UserRow(0)), ItemRow(0)), 4);
  EXPECT_EQ(predict_one(model, Query::known(UserRow(1)), ItemRow(1)), 4);
  EXPECT_EQ(predict_one(model, Query{}, ItemRow(1)), 4);
}

}  // namespace
}  // namespace gusto
