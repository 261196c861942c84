#include "gusto/models/factors/svdpp.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/implicit_centers.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/conformance.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// Factors that improve() is given, at random, with rows at places of their own.
struct Learned {
  static constexpr std::size_t kDim = 5;
  Matrix<float> users, items;
  std::vector<float> user_bias, item_bias;
  std::vector<std::uint32_t> user_place, item_place;

  explicit Learned(const Dataset& data)
      : users(data.user_count(), 16),
        items(data.item_count(), 16),
        user_bias(data.user_count()),
        item_bias(data.item_count()),
        user_place(data.user_count()),
        item_place(data.item_count()) {
    Random random(3, "svdpp test");
    for (Matrix<float>* side : {&users, &items}) {
      for (std::size_t r = 0; r < side->rows(); ++r) {
        for (float& x : side->row(r).first(kDim)) x = static_cast<float>(random.normal());
      }
    }
    for (float& b : user_bias) b = 0.3F * static_cast<float>(random.normal());
    for (float& b : item_bias) b = 0.3F * static_cast<float>(random.normal());
    for (std::size_t u = 0; u < user_place.size(); ++u)
      user_place[u] = static_cast<std::uint32_t>(users.rows() - 1 - u);
    for (std::size_t i = 0; i < item_place.size(); ++i) {
      item_place[i] = static_cast<std::uint32_t>((i * 7 + 3) % items.rows());
    }
  }
  MfCenters::State state(double negatives) {
    return {users, items, user_bias, item_bias, user_place, item_place, 3, 1.5, negatives};
  }
};

/// Half the gradient in y, or x, of the objective, in double: by the definition, one event after another.
double largest_slope(const Dataset& data, const Learned& l, const ImplicitCenters& centers, bool asymmetric, bool ranks,
                     double negatives, double reg) {
  const std::size_t items = data.item_count();
  const Matrix<float> v = centers.vectors(1);
  Matrix<double> g(v.rows(), v.cols());
  for (std::size_t n = 0; n < g.values().size(); ++n) g.values()[n] = reg * static_cast<double>(v.values()[n]);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    const std::size_t place = l.user_place[u];
    const auto standard = [&](std::size_t e) { return (static_cast<double>(history.values[e]) - 3) / 1.5; };
    double lean = 0;
    for (std::size_t e = 0; e < history.size(); ++e) {
      lean += standard(e) - static_cast<double>(l.item_bias[l.item_place[history.items[e].index]]);
    }
    lean /= static_cast<double>(history.size()) + ImplicitCenters::kLeanReg;
    std::vector<double> slope(Learned::kDim);
    const auto add = [&](std::size_t item_place, double target, double weight) {
      double error = target - static_cast<double>(l.user_bias[place]) - static_cast<double>(l.item_bias[item_place]);
      for (std::size_t d = 0; d < slope.size(); ++d) {
        error -= static_cast<double>(l.users(place, d)) * static_cast<double>(l.items(item_place, d));
      }
      for (std::size_t d = 0; d < slope.size(); ++d) {
        slope[d] += weight * error * static_cast<double>(l.items(item_place, d));
      }
    };
    for (std::size_t e = 0; e < history.size(); ++e) {
      add(l.item_place[history.items[e].index], ranks ? 1.0 : standard(e), 1);
    }
    const auto n = static_cast<double>(history.size());
    for (std::size_t i = 0; ranks && i < items; ++i) add(i, 0, negatives * n / static_cast<double>(items));
    for (std::size_t e = 0; e < history.size(); ++e) {
      const std::size_t item = history.items[e].index;
      const double leaning = standard(e) - static_cast<double>(l.item_bias[l.item_place[item]]) - lean;
      for (std::size_t d = 0; d < slope.size(); ++d) {
        g(item, d) -= slope[d] / std::sqrt(n);
        if (asymmetric) g(items + item, d) -= leaning * slope[d] / std::sqrt(n);
      }
    }
  }
  double most = 0;
  for (const double x : g.values()) most = std::max(most, std::abs(x));
  return most;
}

TEST(ImplicitCenters, ReachTheMinimum) {
  const auto data = test::three_tastes(40, 25);
  for (const bool ranks : {false, true}) {
    for (const bool asymmetric : {false, true}) {
      if (ranks && asymmetric) continue;
      Learned learned(*data);
      const double negatives = ranks ? 4 : 0;
      ImplicitCenters centers(*data, ranks ? Task::top_n : Task::ratings, Learned::kDim, asymmetric, 2, 120);
      Context context({.threads = 2});
      centers.improve(context, learned.state(negatives));
      centers.improve(context, learned.state(negatives));
      EXPECT_LT(largest_slope(*data, learned, centers, asymmetric, ranks, negatives, 2), 0.01) << ranks << asymmetric;
    }
  }
}

TEST(ImplicitCenters, MoveUsersAlong) {
  const auto data = test::three_tastes(40, 25);
  Learned learned(*data);
  const Matrix<float> before = learned.users;
  ImplicitCenters centers(*data, Task::ratings, Learned::kDim, false, 2, 3);
  Context context({.threads = 1});
  centers.improve(context, learned.state(0));
  for (std::size_t p = 0; p < before.rows(); ++p) {
    for (std::size_t d = 0; d < before.cols(); ++d) {
      EXPECT_NEAR(learned.users(p, d), before(p, d) + centers.of(p)[d], 1e-4);
    }
  }
}

TEST(Svdpp, BothVariantsFoldInAndExplainExactly) {
  const auto data = test::three_tastes();
  for (const bool asymmetric : {false, true}) {
    for (const Task task : {Task::ratings, Task::top_n}) {
      Context context({.threads = 2});
      const auto model = make_model("svdpp", {{"dim", 6}, {"epochs", 15}, {"asymmetric", asymmetric}});
      model->fit(data, task, context);
      const std::vector<HistoryEvent> own = events_of(data->history(UserRow(8)));
      const std::vector<float> known = test::scores_of(*model, Query::known(UserRow(8)));
      const std::vector<float> folded = test::scores_of(*model, Query::with_history(own));
      for (std::size_t i = 0; i < known.size(); ++i) {
        EXPECT_NEAR(folded[i], known[i], 1e-4);
        double sum = 0;
        for (const Contribution& part : model->explain(Query::with_history(own), ItemRow(i))) sum += part.amount;
        EXPECT_NEAR(sum, folded[i], 1e-3);
      }
    }
  }
}

TEST(Svdpp, AsymmetricHasTwoVectorsAnItem) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  const auto model = make_model("svdpp", {{"dim", 6}, {"asymmetric", true}});
  model->fit(data, Task::ratings, context);
  TensorWriter writer;
  model->save_state(writer);
  const TensorFile state = TensorFile::parse(writer.serialize(), "state");
  EXPECT_EQ(state.shape("implicit_vectors")[0], 2 * data->item_count());
  EXPECT_EQ(test::state_bytes(*model), [&] {
    Context many({.threads = 3});
    const auto again = make_model("svdpp", {{"dim", 6}, {"asymmetric", true}});
    again->fit(data, Task::ratings, many);
    return test::state_bytes(*again);
  }());
}

}  // namespace
}  // namespace gusto
