#include "gusto/models/linear/ease.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/choices.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// Row i of B, without its column's scale n_j^popularity_power.
Matrix<double> weights_of(const EaseModel& model) {
  const std::size_t items = model.data().item_count();
  Matrix<double> b(items, items);
  std::vector<float> row(items);
  for (std::size_t i = 0; i < items; ++i) {
    model.item_similarity(ItemRow(i), row);
    for (std::size_t j = 0; j < items; ++j) {
      const auto count = static_cast<double>(model.data().item_events(ItemRow(j)).size());
      b(i, j) = static_cast<double>(row[j]);
      if (count > 0) b(i, j) *= std::pow(count, -model.options().popularity_power);
    }
  }
  return b;
}

/// At the minimum the gradient of tr((I − B)ᵀ G (I − B)) + Σ_i λ_i Σ_j B_ij², halved, is zero but on the diagonal,
/// where B is held at zero:  −(G (I − B))_ij + λ_i B_ij.
void expect_optimal(const EaseOptions& options, const std::shared_ptr<const Dataset>& data) {
  EaseModel model(options);
  Context context({.threads = 2});
  model.fit(data, Task::top_n, context);
  const Matrix<double> b = weights_of(model);
  const Matrix<double> g = test::plain_co_occurrences(*data, options.user_power, options.window, options.window_weight);
  for (std::size_t i = 0; i < b.rows(); ++i) {
    EXPECT_EQ(b(i, i), 0);
    const double reg = options.reg + g(i, i) * options.dropout / (1 - options.dropout);
    for (std::size_t j = 0; j < b.rows(); ++j) {
      if (i == j) continue;
      double gradient = reg * b(i, j) - g(i, j);
      for (std::size_t k = 0; k < b.rows(); ++k) gradient += g(i, k) * b(k, j);
      EXPECT_NEAR(gradient, 0, 1e-3) << i << ", " << j;
    }
  }
}

EaseOptions as_published() {
  return {.reg = 20, .dropout = 0, .user_power = 0, .window = 0, .power = 1, .popularity_power = 0};
}
EaseOptions with_everything() {
  return {.reg = 3,
          .dropout = 0.4,
          .user_power = 0.7,
          .window = 6,
          .window_weight = 1.5,
          .power = 1,
          .popularity_power = -0.3};
}

TEST(Ease, GradientIsZeroAtTheSolution) {
  expect_optimal(as_published(), test::three_tastes(120, 50));
  expect_optimal(with_everything(), test::three_tastes(120, 50));
}

TEST(Ease, GradientIsZeroWhereUsersAreFew) {
  EaseOptions options = with_everything();
  expect_optimal(options, test::three_tastes(30, 130));
  options.window = 0;
  expect_optimal(options, test::three_tastes(30, 130));
}

TEST(Ease, ItemsThatNobodyChoseAreLeftOut) {
  const auto all = test::three_tastes(120, 50);
  std::vector<Event> events = all->events();
  std::erase_if(events, [](const Event& event) { return event.item.index % 3 == 0 || event.item.index == 1; });
  const auto some = test::dataset_of(120, 50, events);
  expect_optimal(with_everything(), some);
  EaseModel model;
  Context context({.threads = 1});
  model.fit(some, Task::top_n, context);
  std::vector<float> weights(50);
  model.item_similarity(ItemRow(6), weights);
  for (const float weight : weights) EXPECT_EQ(weight, 0);
}

// Someone who hides each entry of the input with probability p, again and again, and restores it, minimizes this in the
// mean.
TEST(Ease, DropoutIsTheMeanOverHiddenInputs) {
  const auto data = test::dataset_of(3, 3,
                                     {{UserRow(0), ItemRow(0)},
                                      {UserRow(0), ItemRow(1)},
                                      {UserRow(1), ItemRow(0)},
                                      {UserRow(1), ItemRow(1)},
                                      {UserRow(1), ItemRow(2)},
                                      {UserRow(2), ItemRow(1)}});
  const double p = 0.3;
  EaseModel model({.reg = 0.5, .dropout = p, .user_power = 0, .power = 1, .popularity_power = 0});
  Context context({.threads = 1});
  model.fit(data, Task::top_n, context);
  const Matrix<double> b = weights_of(model);
  // Over all ways to hide entries of a user's choices; what is kept counts 1 / (1 − p), so that its mean is what it
  // was.
  const auto loss = [&](std::size_t target, const std::vector<double>& column) {
    double sum = 0;
    for (std::size_t u = 0; u < 3; ++u) {
      const auto chosen = data->history(UserRow(u)).items;
      for (std::size_t kept = 0; kept < (std::size_t{1} << chosen.size()); ++kept) {
        double chance = 1;
        double predicted = 0;
        double wanted = 0;
        for (std::size_t e = 0; e < chosen.size(); ++e) {
          const bool is_kept = (kept >> e & 1) != 0;
          chance *= is_kept ? 1 - p : p;
          if (is_kept) predicted += column[chosen[e].index] / (1 - p);
          if (chosen[e].index == target) wanted = 1;
        }
        sum += chance * std::pow(wanted - predicted, 2);
      }
    }
    for (const double weight : column) sum += 0.5 * weight * weight;
    return sum;
  };
  for (std::size_t j = 0; j < 3; ++j) {
    std::vector<double> column(3);
    for (std::size_t i = 0; i < 3; ++i) column[i] = b(i, j);
    const double least = loss(j, column);
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == j) continue;
      for (const double step : {-0.01, 0.01}) {
        std::vector<double> other = column;
        other[i] += step;
        EXPECT_GT(loss(j, other), least);
      }
    }
  }
}

TEST(Ease, PowerKeepsSigns) {
  const auto data = test::three_tastes();
  EaseModel plain({.reg = 5, .power = 1});
  EaseModel bent({.reg = 5, .power = 2});
  Context context({.threads = 1});
  plain.fit(data, Task::top_n, context);
  bent.fit(data, Task::top_n, context);
  const Matrix<double> before = weights_of(plain);
  const Matrix<double> after = weights_of(bent);
  for (std::size_t i = 0; i < before.values().size(); ++i) {
    const double weight = before.values()[i];
    EXPECT_NEAR(after.values()[i], weight * std::abs(weight), 1e-6);
  }
}

TEST(Ease, RefusesTooLittleRegularizationForSinglePrecision) {
  // Two items that everybody has, or has not.
  std::vector<Event> events;
  for (std::size_t u = 0; u < 40000; ++u) {
    events.push_back({UserRow(u), ItemRow(0)});
    events.push_back({UserRow(u), ItemRow(1)});
  }
  EaseModel model({.reg = 0.001, .dropout = 0});
  Context context({.threads = 1});
  const auto data = test::dataset_of(40000, 2, events);
  const Error error = test::error_of([&] { model.fit(data, Task::top_n, context); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_FALSE(model.fitted());
}

TEST(Ease, HasTheSameBitsAtAnyNumberOfThreadsByTheUsersMatrix) {
  const auto data = test::three_tastes(300, 700);
  const auto fitted = [&](unsigned threads) {
    EaseModel model({.window = 0});
    Context context({.threads = threads});
    model.fit(data, Task::top_n, context);
    TensorWriter state;
    model.save_state(state);
    return state.serialize();
  };
  EXPECT_EQ(fitted(1), fitted(7));
}

}  // namespace
}  // namespace gusto
