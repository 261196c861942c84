#include "gusto/models/factors/svd.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// The training matrix as SvdModel's declaration defines it, dense and in double.
Matrix<double> dense_matrix(const Dataset& data, Task task, const SvdOptions& options) {
  Context context({.threads = 1});
  const Baseline baseline = fit_baseline(data, {}, context);
  Matrix<double> a(data.user_count(), data.item_count());
  for (std::size_t u = 0; u < a.rows(); ++u) {
    const History history = data.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      const std::size_t i = history.items[e].index;
      if (task == Task::top_n) {
        a(u, i) = std::pow(static_cast<double>(history.size()), -options.user_power) *
                  std::pow(static_cast<double>(data.item_events(ItemRow(i)).size()), -options.item_power);
      } else {
        a(u, i) = history.values[e] - baseline.mean - baseline.user_bias[u] - baseline.item_bias[i];
      }
    }
  }
  return a;
}

/// A projected on its leading `dim` right singular vectors, found by a full eigen-decomposition of AᵀA.
Matrix<double> plain_projection(const Matrix<double>& a, std::size_t dim, std::vector<double>& singular_values) {
  const std::size_t items = a.cols();
  Matrix<double> gram_matrix(items, items);
  for (std::size_t i = 0; i < items; ++i) {
    for (std::size_t j = 0; j < items; ++j) {
      for (std::size_t u = 0; u < a.rows(); ++u) gram_matrix(i, j) += a(u, i) * a(u, j);
    }
  }
  const EigenPairs pairs = symmetric_eigen(gram_matrix.view());
  Matrix<double> result(a.rows(), items);
  for (std::size_t d = 0; d < dim; ++d) {
    singular_values.push_back(std::sqrt(pairs.values[d]));
    for (std::size_t u = 0; u < a.rows(); ++u) {
      double coordinate = 0;
      for (std::size_t i = 0; i < items; ++i) coordinate += a(u, i) * pairs.vectors(i, d);
      for (std::size_t i = 0; i < items; ++i) result(u, i) += coordinate * pairs.vectors(i, d);
    }
  }
  return result;
}

TEST(Svd, ScoresAreTheProjectionOnTheLeadingSingularVectors) {
  const auto data = test::three_tastes();
  SvdOptions options;
  options.dim = 4;
  options.iterations = 30;
  for (const Task task : {Task::ratings, Task::top_n}) {
    std::vector<double> singular_values;
    const Matrix<double> expected =
        plain_projection(dense_matrix(*data, task, options), static_cast<std::size_t>(options.dim), singular_values);
    Context context({.threads = 2});
    const Baseline baseline = fit_baseline(*data, {}, context);
    SvdModel model(options);
    model.fit(data, task, context);

    TensorWriter state;
    model.save_state(state);
    const TensorFile saved = TensorFile::parse(state.serialize(), "state");
    const std::span<const float> found = saved.values<float>("singular_values");
    for (std::size_t d = 0; d < found.size(); ++d) EXPECT_NEAR(found[d], singular_values[d], 1e-3 * singular_values[0]);

    Matrix<float> scores(1, data->item_count());
    for (std::size_t u = 0; u + 1 < data->user_count(); ++u) {
      const Query query = Query::known(UserRow(u));
      model.score({&query, 1}, scores.view());
      for (std::size_t i = 0; i + 1 < data->item_count(); ++i) {
        double value = expected(u, i);
        if (task == Task::top_n) {
          value *= std::pow(static_cast<double>(data->item_events(ItemRow(i)).size()), options.item_power);
        } else {
          value += baseline.mean + baseline.user_bias[u] + baseline.item_bias[i];
        }
        EXPECT_NEAR(scores(0, i), value, 2e-3) << to_string(task) << ", user " << u << ", item " << i;
      }
    }
  }
}

TEST(Svd, ChoosesItsWidthByTheNumbersOfUsersAndItems) {
  const auto data = test::three_tastes(60, 40);
  Context context({.threads = 1});
  SvdModel model;
  model.fit(data, Task::top_n, context);
  EXPECT_EQ(model.item_vectors().cols, 4U);  // ⌈40 / 12⌉
  model.fit(data, Task::ratings, context);
  EXPECT_EQ(model.item_vectors().cols, 2U + 2U);  // half of them, and the biases
}

// Where nearly everybody has nearly everything, the first singular value towers above the others.
TEST(Svd, FindsSmallSingularValuesBesideALargeOne) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < 100; ++u) {
    Random random(3, "dense matrix", u);
    for (std::size_t i = 0; i < 60; ++i) {
      if (random.uniform() < 0.9) events.push_back({UserRow(u), ItemRow(i)});
    }
  }
  const auto data = test::dataset_of(100, 60, events);
  const SvdOptions options{.dim = 50, .iterations = 30, .user_power = 0, .item_power = 0};
  std::vector<double> expected;
  plain_projection(dense_matrix(*data, Task::top_n, options), 50, expected);
  ASSERT_GT(expected.front(), 40 * expected.back());
  Context context({.threads = 1});
  SvdModel model(options);
  model.fit(data, Task::top_n, context);
  TensorWriter state;
  model.save_state(state);
  const TensorFile saved = TensorFile::parse(state.serialize(), "state");
  const std::span<const float> found = saved.values<float>("singular_values");
  for (std::size_t d = 0; d < expected.size(); ++d) EXPECT_NEAR(found[d], expected[d], 0.01 * expected[d]) << d;
}

TEST(Svd, TakesNoMoreDimensionsThanThereAreItems) {
  const auto data =
      test::dataset_of(3, 2, {{UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(1)}, {UserRow(2), ItemRow(0)}});
  Context context({.threads = 1});
  SvdModel model({.dim = 100});
  model.fit(data, Task::top_n, context);
  EXPECT_EQ(model.item_vectors().cols, 2U);
}

}  // namespace
}  // namespace gusto
