#include "gusto/models/linear/graph.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using Doubles = std::vector<double>;

/// The filter of GraphModel's declaration with dense matrices in double, its low pass by a full eigen-decomposition.
class PlainFilter {
 public:
  PlainFilter(const Dataset& data, const GraphOptions& options)
      : options_(options), p_(data.item_count(), data.item_count()), l_(data.item_count(), data.item_count()) {
    const std::size_t items = data.item_count();
    const auto count = [&](std::size_t i) { return static_cast<double>(data.item_events(ItemRow(i)).size()); };
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      const auto chosen = data.history(UserRow(u)).items;
      const double scale = std::pow(static_cast<double>(chosen.size()), -2 * options.user_power);
      for (const ItemRow a : chosen) {
        for (const ItemRow b : chosen) {
          p_(a.index, b.index) += scale * std::pow(count(a.index) * count(b.index), -options.item_power);
        }
      }
    }
    const EigenPairs pairs = symmetric_eigen(p_.view());
    for (double& entry : p_.values()) entry /= pairs.values.front();
    for (std::size_t a = 0; a < items; ++a) {
      for (std::size_t b = 0; b < items; ++b) {
        if (count(a) == 0) continue;
        double sum = 0;
        for (std::size_t d = 0; d < static_cast<std::size_t>(options.dim); ++d) {
          sum += pairs.vectors(a, d) * pairs.vectors(b, d);
        }
        l_(a, b) = sum * std::pow(count(b) / count(a), options.item_power);
      }
    }
  }

  Doubles answer(const Doubles& x) const {
    const Doubles low = times(x, l_);
    Doubles z = x;
    for (int s = 0; s < options_.blur_steps; ++s) {
      const Doubles blurred = times(z, p_);
      const double h = options_.blur_time / options_.blur_steps;
      for (std::size_t i = 0; i < z.size(); ++i) z[i] += h * (blurred[i] - z[i]);
    }
    if (options_.merge == GraphMerge::early) add(z, low);
    for (int s = 0; s < options_.sharpen_steps; ++s) {
      const Doubles blurred = times(z, p_);
      const double h = options_.sharpen_time / options_.sharpen_steps;
      for (std::size_t i = 0; i < z.size(); ++i) z[i] -= h * blurred[i];
    }
    if (options_.merge == GraphMerge::late) add(z, low);
    return z;
  }

 private:
  void add(Doubles& z, const Doubles& low) const {
    for (std::size_t i = 0; i < z.size(); ++i) z[i] += options_.low_pass * low[i];
  }
  static Doubles times(const Doubles& x, const Matrix<double>& m) {
    Doubles out(x.size());
    for (std::size_t a = 0; a < x.size(); ++a) {
      for (std::size_t b = 0; b < x.size(); ++b) out[b] += x[a] * m(a, b);
    }
    return out;
  }

  GraphOptions options_;
  Matrix<double> p_;
  Matrix<double> l_;
};

GraphOptions gf_cf() { return {.dim = 4, .iterations = 40, .low_pass = 0.3, .sharpen_time = 0}; }
GraphOptions bspm(GraphMerge merge) {
  GraphOptions options = gf_cf();
  options.blur_time = 1.6;
  options.blur_steps = 2;
  options.sharpen_time = 0.9;
  options.sharpen_steps = 3;
  options.merge = merge;
  options.user_power = 0.3;
  options.item_power = 0.4;
  return options;
}

TEST(Graph, FiltersAsDenseMatricesDo) {
  const auto data = test::three_tastes();
  for (const GraphOptions& options : {gf_cf(), bspm(GraphMerge::late), bspm(GraphMerge::early)}) {
    GraphModel model(options);
    Context context({.threads = 2});
    model.fit(data, Task::top_n, context);
    const PlainFilter plain(*data, options);
    // More users than are filtered at once.
    Matrix<float> scores(data->user_count(), data->item_count());
    std::vector<Query> queries;
    for (std::size_t u = 0; u < data->user_count(); ++u) queries.push_back(Query::known(UserRow(u)));
    model.score(queries, scores.view());
    for (std::size_t u = 0; u < data->user_count(); ++u) {
      Doubles x(data->item_count());
      for (const ItemRow item : data->history(UserRow(u)).items) x[item.index] = 1;
      const Doubles expected = plain.answer(x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(scores(u, i), expected[i], 2e-3 * (1 + std::abs(expected[i]))) << u << ", " << i;
      }
    }
  }
}

TEST(Graph, EachItemOfAHistoryAddsWhatItWouldAlone) {
  const auto data = test::three_tastes();
  GraphModel model(bspm(GraphMerge::early));
  Context context({.threads = 2});
  model.fit(data, Task::top_n, context);
  std::vector<float> alone(data->item_count());
  const ItemRow item(11);
  for (const Contribution& reason : model.explain(Query::known(UserRow(3)), item)) {
    ASSERT_TRUE(reason.item);
    model.item_similarity(*reason.item, alone);
    EXPECT_NEAR(reason.amount, alone[item.index], 1e-5);
  }
}

}  // namespace
}  // namespace gusto
