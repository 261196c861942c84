#include "gusto/models/factors/feature_prior.h"

#include <cmath>

#include <gtest/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/allocations.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

constexpr std::size_t kRows = 1500;
constexpr std::size_t kValues = 40;
constexpr std::size_t kWidth = 16;

/// Rows of a constant and three values each, and vectors to explain.
struct PriorProblem {
  SparseRows rows;
  Matrix<float> vectors{kRows, kWidth};
  std::vector<float> weights;

  PriorProblem() {
    Random random(7, "feature prior test");
    for (std::size_t r = 0; r < kRows; ++r) {
      rows.add(0, 1);
      for (int n = 0; n < 3; ++n) {
        rows.add(static_cast<std::uint32_t>(1 + random.below(kValues - 1)), static_cast<float>(random.uniform()));
      }
      rows.end_row();
      weights.push_back(r % 7 == 0 ? 0.0F : static_cast<float>(0.5 + random.uniform()));
      for (float& x : vectors.row(r)) x = static_cast<float>(random.normal());
    }
  }
};

Matrix<float> fitted(const PriorProblem& problem, unsigned threads, int iterations) {
  FeaturePrior prior(problem.rows, kValues, kWidth);
  Context context({.threads = threads});
  prior.fit(context, problem.vectors, problem.weights, 0.5, iterations);
  return prior.vectors();
}

TEST(FeaturePrior, ReachesTheMinimum) {
  const PriorProblem problem;
  const Matrix<float> b = fitted(problem, 2, 60);
  // Half the gradient: Σ_r ω_r x_rf (m_r − w_r) + reg · b_f.
  Matrix<double> slope(kValues, kWidth);
  for (std::size_t n = 0; n < slope.values().size(); ++n) slope.values()[n] = 0.5 * static_cast<double>(b.values()[n]);
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto ids = problem.rows.ids_of(r);
    const auto weights = problem.rows.weights_of(r);
    for (std::size_t c = 0; c < kWidth; ++c) {
      double error = -static_cast<double>(problem.vectors(r, c));
      for (std::size_t e = 0; e < ids.size(); ++e) {
        error += static_cast<double>(weights[e]) * static_cast<double>(b(ids[e], c));
      }
      for (std::size_t e = 0; e < ids.size(); ++e) {
        slope(ids[e], c) += static_cast<double>(problem.weights[r]) * static_cast<double>(weights[e]) * error;
      }
    }
  }
  for (const double x : slope.values()) EXPECT_NEAR(x, 0, 1e-3);
}

TEST(FeaturePrior, HasTheSameBitsAtAnyNumberOfThreads) {
  const PriorProblem problem;
  const Matrix<float> one = fitted(problem, 1, 5);
  const Matrix<float> seven = fitted(problem, 7, 5);
  EXPECT_TRUE(std::equal(one.values().begin(), one.values().end(), seven.values().begin()));
}

TEST(SideFeatures, StateTheMemoryOfFieldsOfManyValues) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  constexpr std::size_t kItems = 2000;
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(50, kItems));
  FeatureField tags;
  tags.name = "tags";
  tags.kind = FeatureKind::multi;
  tags.offsets = {0};
  FeatureField kind = tags;
  kind.name = "kind";
  FeatureField plot;
  plot.name = "plot";
  plot.kind = FeatureKind::text;
  for (std::size_t i = 0; i < kItems; ++i) {
    std::string values;
    for (std::size_t n = 0; n < 30; ++n) values += (n > 0 ? "|t" : "t") + std::to_string((i * 7 + n * n) % 400);
    tags.append(values);
    kind.append(i % 2 == 0 ? "a" : "b|c|d");
    plot.append("a tale of " + std::to_string(i) + " words and more words of no use");
  }
  catalog->item_features = FeatureTable({tags, kind, plot});
  const Dataset data(catalog, test::random_events(50, kItems));
  for (const char* fields : {"tags", "words(plot, 500)", "hash(plot, 300)", "cross(tags, kind, 1000)"}) {
    const std::uint64_t need = SideFeatures::memory_need(data, "", fields, kWidth);
    const std::uint64_t peak = test::peak_of([&] {
      const SideFeatures features(data, "", fields);
      FeaturePrior prior(features.rows(nn::Side::item), features.values(nn::Side::item), kWidth);
      Context context({.threads = 1});
      prior.fit(context, Matrix<float>(kItems, kWidth), std::vector<float>(kItems, 1.0F), 1, 2);
    });
    EXPECT_LE(peak, need) << fields;
  }
}

}  // namespace
}  // namespace gusto
