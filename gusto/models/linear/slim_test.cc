#include "gusto/models/linear/slim.h"

#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/testing/choices.h"
#include "gusto/models/testing/data.h"

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

/// The gradient of ½ tr((I − W)ᵀ G (I − W)) + reg/2 ‖W‖²:  −(G (I − W)) + reg W.
Matrix<double> plain_gradient(const Dataset& data, const Matrix<double>& w, const SlimOptions& options) {
  const Matrix<double> g = test::plain_co_occurrences(data, options.user_power, options.window, options.window_weight);
  Matrix<double> gradient(w.rows(), w.rows());
  for (std::size_t i = 0; i < w.rows(); ++i) {
    for (std::size_t j = 0; j < w.rows(); ++j) gradient(i, j) = options.reg * w(i, j) - g(i, j);
    for (std::size_t k = 0; k < w.rows(); ++k) {
      for (std::size_t j = 0; j < w.rows(); ++j) gradient(i, j) += g(i, k) * w(k, j);
    }
  }
  return gradient;
}

/// With the L1 penalty and the bound at zero: gradient = −reg_l1 where a weight is positive, ≥ −reg_l1 where it is
/// zero.
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
  for (const SlimOptions& options :
       {SlimOptions{.reg = 5, .reg_l1 = 2, .user_power = 0, .window = 0},
        SlimOptions{.reg = 20, .reg_l1 = 4, .user_power = 0.6, .window = 5, .window_weight = 0.8}}) {
    SlimModel model(options);
    Context context({.threads = 2});
    model.fit(data, Task::top_n, context);
    expect_optimal(options, *data, model);
  }
}

// More items than begin as active ones: others have to join.
TEST(Slim, FindsPredictorsAmongManyItems) {
  const auto data = test::three_tastes(150, 400);
  const SlimOptions options{.reg = 10, .reg_l1 = 1, .user_power = 0, .window = 0};
  SlimModel model(options);
  Context context({.threads = 2});
  model.fit(data, Task::top_n, context);
  expect_optimal(options, *data, model);
}

TEST(Slim, KeepsToTheNumberOfNeighbors) {
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
