#include "gusto/models/shared/training_matrix.h"

#include <cmath>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// Data, and scales or a baseline of them, with their matrix entry by entry.
struct Parts {
  std::shared_ptr<const Dataset> data = test::three_tastes(300, 40);
  std::vector<float> user_scale, item_scale;
  Baseline baseline{3.25, {}, {}};

  Parts() {
    for (std::size_t u = 0; u < data->user_count(); ++u) user_scale.push_back(1.0F / static_cast<float>(1 + u % 5));
    for (std::size_t i = 0; i < data->item_count(); ++i) item_scale.push_back(0.5F + static_cast<float>(i % 3));
    baseline.user_bias = user_scale;
    baseline.item_bias = item_scale;
  }
  TrainingMatrix matrix(bool scaled) const {
    return scaled ? TrainingMatrix(*data, user_scale, item_scale) : TrainingMatrix(*data, baseline);
  }
  Matrix<double> dense(bool scaled) const {
    Matrix<double> a(data->user_count(), data->item_count());
    for (const Event& event : data->events()) {
      const double of_user = static_cast<double>(user_scale[event.user.index]);
      const double of_item = static_cast<double>(item_scale[event.item.index]);
      a(event.user.index, event.item.index) =
          scaled ? of_user * of_item : static_cast<double>(event.value) - baseline.mean - of_user - of_item;
    }
    return a;
  }
};

TEST(TrainingMatrix, ProductsAreThoseOfTheDenseMatrix) {
  const Parts parts;
  for (const bool scaled : {true, false}) {
    const TrainingMatrix a = parts.matrix(scaled);
    const Matrix<double> dense = parts.dense(scaled);
    Matrix<float> x(a.cols(), 3), y(a.rows(), 3), back(a.cols(), 3);
    Random random(7, "training matrix test");
    for (float& value : x.values()) value = static_cast<float>(random.normal());
    y.fill(7);
    back.fill(7);
    Context context({.threads = 2});
    a.times(context, x, y);
    a.transposed_times(context, y, back);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t u = 0; u < a.rows(); ++u) {
        double sum = 0;
        for (std::size_t i = 0; i < a.cols(); ++i) sum += dense(u, i) * static_cast<double>(x(i, c));
        EXPECT_NEAR(y(u, c), sum, 1e-4);
      }
      for (std::size_t i = 0; i < a.cols(); ++i) {
        double sum = 0;
        for (std::size_t u = 0; u < a.rows(); ++u) sum += dense(u, i) * static_cast<double>(y(u, c));
        EXPECT_NEAR(back(i, c), sum, 1e-3 * (1 + std::abs(sum)));
      }
    }
  }
}

TEST(TruncatedSvd, FindsTheEigenvectorsOfTheSquare) {
  const Parts parts;
  const Matrix<double> dense = parts.dense(true);
  const std::size_t items = dense.cols();
  Matrix<double> square(items, items);
  for (std::size_t u = 0; u < dense.rows(); ++u) {
    for (std::size_t i = 0; i < items; ++i) {
      for (std::size_t j = 0; j < items; ++j) square(i, j) += dense(u, i) * dense(u, j);
    }
  }
  const EigenPairs pairs = symmetric_eigen(square.view());
  const auto found = [&](unsigned threads) {
    Context context({.threads = threads});
    return truncated_svd(context, parts.matrix(true), 3, 20, 42, "test");
  };
  const RightSingularVectors one = found(1);
  for (std::size_t d = 0; d < 3; ++d) {
    EXPECT_NEAR(one.values[d], std::sqrt(pairs.values[d]), 1e-4 * std::sqrt(pairs.values[d]));
    double product = 0;
    for (std::size_t i = 0; i < items; ++i) product += static_cast<double>(one.vectors(i, d)) * pairs.vectors(i, d);
    EXPECT_NEAR(std::abs(product), 1, 1e-3);
  }
  const RightSingularVectors seven = found(7);
  EXPECT_EQ(one.values, seven.values);
  EXPECT_TRUE(std::equal(one.vectors.values().begin(), one.vectors.values().end(), seven.vectors.values().begin()));
}

}  // namespace
}  // namespace gusto
