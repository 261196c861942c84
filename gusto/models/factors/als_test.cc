#include "gusto/models/factors/als.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// The objective of AlsModel's declaration, dense and in double, from the saved state alone.
struct PlainAlsObjective {
  const AlsOptions options;
  const Dataset& data;
  bool ranks;
  Matrix<double> users, items, values, has;
  std::vector<double> of_user, of_item;

  PlainAlsObjective(const AlsModel& model, Task task)
      : options(model.options()), data(model.data()), ranks(task == Task::top_n) {
    TensorWriter state;
    model.save_state(state);
    const TensorFile file = TensorFile::parse(state.serialize(), "state");
    const auto width = static_cast<std::size_t>(options.dim) + 1;
    const auto read = [&](const char* name, std::size_t rows) {
      const Matrix<float> narrow = file.matrix<float>(name, rows, width);
      Matrix<double> wide(rows, width);
      std::copy(narrow.values().begin(), narrow.values().end(), wide.values().begin());
      return wide;
    };
    users = read("user_vectors", data.user_count());
    items = read("item_vectors", data.item_count());
    const double mean = file.values<double>("global_mean").front();
    const double unit = file.has("unit") ? file.values<double>("unit").front() : 1;
    values = Matrix<double>(users.rows(), items.rows());
    has = values;
    of_user.resize(users.rows());
    of_item.resize(items.rows());
    for (const Event& event : data.events()) {
      has(event.user.index, event.item.index) = 1;
      values(event.user.index, event.item.index) = ranks ? 1 : (event.value - mean) / unit;
      ++of_user[event.user.index];
      ++of_item[event.item.index];
    }
  }

  double predicted(std::size_t u, std::size_t i) const {
    const std::size_t dim = users.cols() - 1;
    double sum = ranks ? 0 : users(u, dim) + items(i, dim);
    for (std::size_t d = 0; d < dim; ++d) sum += users(u, d) * items(i, d);
    return sum;
  }
  double value() const {
    double sum = 0;
    for (std::size_t u = 0; u < users.rows(); ++u) {
      for (std::size_t i = 0; i < items.rows(); ++i) {
        sum += has(u, i) * std::pow(predicted(u, i) - values(u, i), 2);
        if (ranks) sum += options.unobserved_weight * std::pow(predicted(u, i), 2);
      }
    }
    for (std::size_t u = 0; u < users.rows(); ++u) {
      for (const double x : users.row(u)) sum += options.reg * of_user[u] * x * x;
    }
    for (std::size_t i = 0; i < items.rows(); ++i) {
      for (const double x : items.row(i)) sum += options.reg * of_item[i] * x * x;
    }
    return sum;
  }
  /// The largest entry of half the gradient of one side; for top-n there are no biases.
  double slope(bool of_users) const {
    const std::size_t dim = users.cols() - 1;
    double most = 0;
    for (std::size_t r = 0; r < (of_users ? users : items).rows(); ++r) {
      for (std::size_t d = 0; d < (ranks ? dim : dim + 1); ++d) {
        const Matrix<double>& others = of_users ? items : users;
        double g = options.reg * (of_users ? of_user : of_item)[r] * (of_users ? users : items)(r, d);
        for (std::size_t o = 0; o < others.rows(); ++o) {
          const std::size_t u = of_users ? r : o;
          const std::size_t i = of_users ? o : r;
          double error = has(u, i) * (predicted(u, i) - values(u, i));
          if (ranks) error += options.unobserved_weight * predicted(u, i);
          g += error * (d == dim ? 1 : others(o, d));
        }
        most = std::max(most, std::abs(g));
      }
    }
    return most;
  }
};

AlsModel fitted_als(const AlsOptions& options, const std::shared_ptr<const Dataset>& data, Task task) {
  Context context({.threads = 2});
  AlsModel model(options);
  model.fit(data, task, context);
  return model;
}

// Errors grow with the unit, and with nothing else.
TEST(Als, TheUnitOfTheValuesMakesNoDifference) {
  const auto data = test::three_tastes();
  const auto error_of_unit = [&](float unit) {
    std::vector<Event> events = data->events();
    for (Event& event : events) event.value *= unit;
    const auto scaled = std::make_shared<const Dataset>(data->shared_catalog(), events);
    const AlsModel model = fitted_als({.dim = 4, .epochs = 20}, scaled, Task::ratings);
    std::vector<Query> queries;
    std::vector<ItemRow> items;
    for (const Event& event : events) queries.push_back(Query::known(event.user)), items.push_back(event.item);
    std::vector<float> predicted(events.size());
    model.predict(queries, items, predicted);
    double sum = 0;
    for (std::size_t e = 0; e < events.size(); ++e) {
      sum += std::pow(static_cast<double>(predicted[e] - events[e].value) / unit, 2);
    }
    return std::sqrt(sum / static_cast<double>(events.size()));
  };
  const double once = error_of_unit(1);
  for (const float unit : {0.01F, 7.0F, 20'000.0F, 1e6F}) EXPECT_NEAR(error_of_unit(unit), once, 1e-3 * once) << unit;
}

TEST(Als, GradientIsZeroAtTheSolution) {
  const auto data = test::three_tastes();
  for (const Task task : {Task::ratings, Task::top_n}) {
    const AlsModel model = fitted_als({.dim = 4, .epochs = 300}, data, task);
    const PlainAlsObjective objective(model, task);
    EXPECT_LT(objective.slope(true), 1e-3) << to_string(task);
    EXPECT_LT(objective.slope(false), 2e-2) << to_string(task);
  }
}

TEST(Als, BlocksReachTheObjectiveOfAllCoordinatesAtOnce) {
  const auto data = test::three_tastes();
  const auto reached = [&](int block) {
    const AlsModel model = fitted_als({.dim = 40, .epochs = 60, .block = block}, data, Task::ratings);
    return PlainAlsObjective(model, Task::ratings).value();
  };
  const double whole = reached(0);
  EXPECT_NEAR(reached(16), whole, 1e-3 * whole);
}

TEST(Als, LearnsNoBiasesIfToldSo) {
  const auto data = test::three_tastes();
  const AlsModel model = fitted_als({.dim = 4, .biases = false}, data, Task::ratings);
  TensorWriter state;
  model.save_state(state);
  const TensorFile file = TensorFile::parse(state.serialize(), "state");
  for (const char* name : {"user_vectors", "item_vectors"}) {
    const std::span<const float> values = file.values<float>(name);
    for (std::size_t n = 4; n < values.size(); n += 5) EXPECT_EQ(values[n], 0);
  }
}

TEST(Als, IsExactOverSeveralBlocksOfRows) {
  // More users than one partial sum of a Gram matrix takes.
  const auto data = test::three_tastes(5000, 15);
  const AlsModel model = fitted_als({.dim = 3, .epochs = 60}, data, Task::top_n);
  const PlainAlsObjective objective(model, Task::top_n);
  EXPECT_LT(objective.slope(true), 1e-3);
  EXPECT_LT(objective.slope(false), 0.1);
}

TEST(Als, ItemsWithoutEventsChangeNothing) {
  const auto events = test::three_tastes(60, 40)->events();
  const auto users = [&](std::size_t items) -> std::vector<float> {
    const AlsModel model = fitted_als({.dim = 8, .epochs = 1}, test::dataset_of(60, items, events), Task::top_n);
    TensorWriter state;
    model.save_state(state);
    const TensorFile file = TensorFile::parse(state.serialize(), "state");
    const std::span<const float> vectors = file.values<float>("user_vectors");
    return {vectors.begin(), vectors.end()};
  };
  EXPECT_EQ(users(40), users(400));
}

TEST(Als, NamesBiasesOnlyWhereThereAreSome) {
  const auto data = test::three_tastes();
  const auto named = [&](const AlsOptions& options, Task task) {
    const AlsModel model = fitted_als(options, data, task);
    const std::vector<Contribution> parts = model.explain(Query::known(UserRow(1)), ItemRow(2));
    return std::any_of(parts.begin(), parts.end(), [](const Contribution& part) { return part.label == "item bias"; });
  };
  EXPECT_TRUE(named({}, Task::ratings));
  EXPECT_FALSE(named({.biases = false}, Task::ratings));
  EXPECT_FALSE(named({}, Task::top_n));
}

}  // namespace
}  // namespace gusto
