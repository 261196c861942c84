#include "gusto/models/slim.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/test_data.h"

namespace gusto {
namespace {

Matrix<double> weights_of(const SlimModel& model) {
  const std::size_t items = model.data().item_count();
  Matrix<double> w(items, items);
  std::vector<float> row(items);
  for (std::size_t i = 0; i < items; ++i) {
    model.item_similarity(ItemRow(i), row);
    for (std::size_t j = 0; j < items; ++j) w(i, j) = static_cast<double>(row[j]);
  }
  return w;
}

/// The gradient of ½ Σ_u w_u (X_uj − x_u W_:j)² + reg/2 ‖W_:j‖² by W_ij, user by user, in double.
Matrix<double> plain_gradient(const Dataset& data, const Matrix<double>& w, const SlimOptions& options) {
  const std::size_t items = data.item_count();
  const double mean_length = static_cast<double>(data.event_count()) / static_cast<double>(data.user_count());
  Matrix<double> gradient(items, items);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const auto chosen = data.history(UserRow(u)).items;
    if (chosen.empty()) continue;
    const double weight = std::pow(mean_length / static_cast<double>(chosen.size()), options.user_power);
    std::vector<double> error(items);
    for (const ItemRow item : chosen) {
      error[item.index] += 1;
      for (std::size_t j = 0; j < items; ++j) error[j] -= w(item.index, j);
    }
    for (const ItemRow item : chosen) {
      for (std::size_t j = 0; j < items; ++j) gradient(item.index, j) -= weight * error[j];
    }
  }
  for (std::size_t i = 0; i < items; ++i) {
    for (std::size_t j = 0; j < items; ++j) gradient(i, j) += options.reg * w(i, j);
  }
  return gradient;
}

/// With the L1 penalty and the bound at zero: gradient = −reg_l1 where a weight is positive, ≥ −reg_l1 where it is zero.
void expect_optimal(const SlimOptions& options, const Dataset& data, const SlimModel& model) {
  const Matrix<double> w = weights_of(model);
  const Matrix<double> gradient = plain_gradient(data, w, options);
  std::size_t positive = 0;
  for (std::size_t i = 0; i < w.rows(); ++i) {
    EXPECT_EQ(w(i, i), 0);
    for (std::size_t j = 0; j < w.rows(); ++j) {
      if (i == j) continue;
      EXPECT_GE(w(i, j), 0);
      if (w(i, j) > 0) {
        EXPECT_NEAR(gradient(i, j), -options.reg_l1, 0.05) << i << ", " << j;
        ++positive;
      } else {
        EXPECT_GE(gradient(i, j), -options.reg_l1 - 0.05) << i << ", " << j;
      }
    }
  }
  EXPECT_GT(positive, w.rows());
  EXPECT_LT(positive, w.rows() * w.rows() / 2) << "not sparse";
}

TEST(Slim, GradientIsZeroAtTheSolution) {
  const auto data = test::three_tastes(120, 50);
  for (const SlimOptions& options : {SlimOptions{.reg = 5, .reg_l1 = 2, .user_power = 0},
                                     SlimOptions{.reg = 20, .reg_l1 = 0.5, .user_power = 0.6}}) {
    SlimModel model(options);
    Context context({.threads = 2});
    model.fit(data, Task::top_n, context);
    expect_optimal(options, *data, model);
  }
}

// More items than begin as active ones: others have to join.
TEST(Slim, FindsPredictorsAmongManyItems) {
  const auto data = test::three_tastes(150, 400);
  const SlimOptions options{.reg = 10, .reg_l1 = 1, .user_power = 0};
  SlimModel model(options);
  Context context({.threads = 2});
  model.fit(data, Task::top_n, context);
  expect_optimal(options, *data, model);
}

TEST(Slim, KeepsToTheNumberOfNeighbours) {
  const auto data = test::three_tastes(120, 50);
  SlimModel model({.reg = 5, .reg_l1 = 0, .neighbors = 4});
  Context context({.threads = 1});
  model.fit(data, Task::top_n, context);
  const Matrix<double> w = weights_of(model);
  for (std::size_t j = 0; j < w.rows(); ++j) {
    std::size_t positive = 0;
    for (std::size_t i = 0; i < w.rows(); ++i) positive += w(i, j) > 0 ? 1U : 0U;
    EXPECT_LE(positive, 4U);
  }
}

}  // namespace
}  // namespace gusto
