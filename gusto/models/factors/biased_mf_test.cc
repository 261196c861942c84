#include "gusto/models/factors/biased_mf.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/mf_trainer.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// What the refit minimizes for one user, from the saved state alone:
///   Σ_i (r_ui − μ − b_i − z·y_i)² + (z − m)ᵀ P (z − m), and for top-n w Σ_j (0 − μ − b_j − z·y_j)² over all items
struct SavedState {
  Matrix<float> items, users;
  std::vector<float> item_bias;
  std::vector<double> prior_mean;
  Matrix<double> precision;
  double mean;

  explicit SavedState(const BiasedMfModel& model) {
    TensorWriter state;
    model.save_state(state);
    const TensorFile file = TensorFile::parse(state.serialize(), "state");
    const std::size_t dim = file.shape("item_vectors")[1];
    items = file.matrix<float>("item_vectors", model.data().item_count(), dim);
    users = file.matrix<float>("user_vectors", model.data().user_count(), dim + 1);
    item_bias = file.vector<float>("item_bias", model.data().item_count());
    prior_mean = file.vector<double>("prior_mean", dim + 1);
    precision = file.matrix<double>("prior_precision", dim + 1, dim + 1);
    mean = file.values<double>("global_mean").front();
  }

  double side(std::size_t item, std::size_t d) const { return d < items.cols() ? items(item, d) : 1.0; }

  /// Half the gradient at user u's vector.
  std::vector<double> gradient(const Dataset& data, std::size_t u, double weight_of_all) const {
    const std::size_t width = prior_mean.size();
    std::vector<double> g(width);
    const auto add = [&](std::size_t item, double target, double weight) {
      double error = target - mean - item_bias[item];
      for (std::size_t d = 0; d < width; ++d) error -= side(item, d) * users(u, d);
      for (std::size_t d = 0; d < width; ++d) g[d] -= weight * error * side(item, d);
    };
    const History history = data.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      add(history.items[e].index, weight_of_all > 0 ? 1.0 : static_cast<double>(history.values[e]), 1);
    }
    for (std::size_t i = 0; weight_of_all > 0 && i < items.rows(); ++i) add(i, 0, weight_of_all);
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t c = 0; c < width; ++c) g[r] += precision(r, c) * (users(u, c) - prior_mean[c]);
    }
    return g;
  }
};

TEST(BiasedMf, UsersAreWhereTheGradientOfTheRefitIsZero) {
  const auto data = test::three_tastes();
  for (const Task task : {Task::ratings, Task::top_n}) {
    Context context({.threads = 2});
    BiasedMfModel model({.dim = 6});
    model.fit(data, task, context);
    const SavedState state(model);
    for (std::size_t u = 0; u < data->user_count(); ++u) {
      const double events = static_cast<double>(data->history(UserRow(u)).size());
      const double weight =
          task == Task::top_n ? model.options().negatives * events / static_cast<double>(data->item_count()) : 0;
      for (const double g : state.gradient(*data, u, weight)) EXPECT_NEAR(g, 0, 2e-3) << to_string(task) << " " << u;
    }
  }
}

TEST(BiasedMf, LearnsOnAnyRatingScale) {
  // The same tastes on a scale a hundred times as long give predictions a hundred times as large.
  const auto data = test::three_tastes();
  std::vector<Event> scaled = data->events();
  for (Event& event : scaled) event.value = event.value * 100 - 7;
  const auto large = std::make_shared<const Dataset>(data->shared_catalog(), scaled);
  Context context({.threads = 1});
  BiasedMfModel small_model({.dim = 4});
  BiasedMfModel large_model({.dim = 4});
  small_model.fit(data, Task::ratings, context);
  large_model.fit(large, Task::ratings, context);
  const Query query = Query::known(UserRow(3));
  for (std::size_t i = 0; i < data->item_count(); ++i) {
    const ItemRow item(i);
    float small = 0;
    float big = 0;
    small_model.predict({&query, 1}, {&item, 1}, {&small, 1});
    large_model.predict({&query, 1}, {&item, 1}, {&big, 1});
    EXPECT_NEAR(big, small * 100 - 7, 0.5);
  }
}

TEST(BiasedMf, StopsEarlyAndKeepsTheBestEpoch) {
  const auto data = test::three_tastes();
  std::size_t epochs = 0;
  Context context(
      {.threads = 1, .progress = [&](const ProgressEvent& event) { epochs = event.epoch.value_or(epochs); }});
  MfOptions options{.dim = 16, .epochs = 5000};
  options.learning_rate = 0.1;
  options.reg = 1e-6;
  options.validation = 0.2;
  const MfFactors stopped = train_mf(*data, Task::ratings, options, 42, context);
  EXPECT_LT(epochs, 5000U);
  EXPECT_TRUE(std::isfinite(stopped.error));
}

TEST(BiasedMf, SaysWhenItDiverges) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  BiasedMfModel model({.dim = 8, .epochs = 50, .learning_rate = 1, .schedule = Schedule::constant, .init = 5});
  try {
    model.fit(data, Task::ratings, context);
    FAIL() << "did not diverge";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_finite);
    EXPECT_THAT(error.message(), testing::StartsWith("biased-mf diverged in epoch "));
    EXPECT_EQ(error.hint(), "Lower learning_rate, or raise reg.");
  }
  EXPECT_FALSE(model.fitted());
}

TEST(MfTrainer, HasTheSameBitsAtAnyNumberOfThreads) {
  // Enough events for several blocks a round.
  std::vector<Event> events;
  for (std::size_t u = 0; u < 400; ++u) {
    Random random(1, "trainer test", u);
    for (std::size_t i = 0; i < 150; ++i) {
      if (random.below(2) == 0) events.push_back({UserRow(u), ItemRow(i), static_cast<float>(1 + random.below(5))});
    }
  }
  const auto data = test::dataset_of(400, 150, events);
  const MfOptions options{.dim = 8, .epochs = 3};
  for (const Task task : {Task::ratings, Task::top_n}) {
    Context one({.threads = 1});
    const MfFactors expected = train_mf(*data, task, options, 42, one);
    for (const unsigned threads : {2U, 7U}) {
      Context many({.threads = threads});
      const MfFactors found = train_mf(*data, task, options, 42, many);
      EXPECT_TRUE(std::ranges::equal(found.users.values(), expected.users.values()));
      EXPECT_TRUE(std::ranges::equal(found.items.values(), expected.items.values()));
      EXPECT_EQ(found.error, expected.error);
    }
  }
}

}  // namespace
}  // namespace gusto
