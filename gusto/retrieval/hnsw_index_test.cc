#include "gusto/retrieval/hnsw_index.h"

#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/cpu_levels.h"
#include "gusto/base/testing/testing.h"
#include "gusto/retrieval/testing/lists.h"
#include "gusto/retrieval/walk_kernels.h"

namespace gusto {
namespace {

using test::error_of;
using test::normal_vectors;

HnswGraph graph_of(MatrixView<const float> items, std::uint64_t seed = 42, unsigned threads = 1) {
  Context context({.threads = threads});
  return build_hnsw(items, {.links = 8, .build_width = 60}, seed, context);
}

std::string stored(const HnswGraph& graph) {
  TensorWriter out;
  graph.save(out);
  return out.serialize();
}

TopLists lists_of(const HnswIndex& index, MatrixView<const float> queries, std::size_t k, const PreparedFilter& filter,
                  std::span<const std::vector<std::uint32_t>> seen = {}) {
  Context context({.threads = 2});
  return search_vectors(
      queries, seen, [&] { return index.scan(filter, k); }, context);
}

TEST(HnswIndex, FindsNearlyAllOfTheBest) {
  const Matrix<float> items = normal_vectors(4000, 12, "items");
  const Matrix<float> queries = normal_vectors(50, 12, "queries");
  const HnswIndex index(items.view(), graph_of(items.view()), 100);
  const PreparedFilter all({}, 4000);
  Context context({.threads = 1});
  const TopLists right = ExactIndex(items.view()).top_k(queries.view(), 10, {}, {}, context);
  const TopLists found = lists_of(index, queries.view(), 10, all);
  std::size_t hits = 0;
  for (std::size_t q = 0; q < 50; ++q) {
    ASSERT_EQ(found[q].size(), 10U);
    for (const ScoredItem& entry : found[q]) {
      for (const ScoredItem& best : right[q]) {
        if (best.item != entry.item) continue;
        ++hits;
        EXPECT_EQ(best.score, entry.score) << "scores have the bits of exact search";
      }
    }
  }
  EXPECT_GE(hits, 475U);
}

RC_GTEST_PROP(HnswIndex, FilteredItemsNeverAppearAndListsAreAsLongAsTheyCanBe, ()) {
  static const Matrix<float> items = normal_vectors(2000, 6, "items");
  static const HnswIndex index(items.view(), graph_of(items.view()), 30);
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  const std::size_t k = *rc::gen::element<std::size_t>(0, 1, 10, 100, 1500, 2000);
  const Matrix<float> queries = normal_vectors(3, 6, "queries", seed);
  const auto share = *rc::gen::element<std::uint64_t>(0, 1, 50, 500, 900, 1000);
  Random random(seed, "filter");
  std::vector<ItemRow> allowed, denied;
  std::set<std::uint32_t> open;
  std::vector<std::vector<std::uint32_t>> seen(3);
  for (std::size_t i = 0; i < 2000; ++i) {
    const bool in = random.below(1000) < share;
    const bool out = random.below(4) == 0;
    if (in) allowed.emplace_back(i);
    if (out) denied.emplace_back(i);
    if (random.below(10) == 0) seen[0].push_back(static_cast<std::uint32_t>(i));
  }
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const ItemRow item(std::size_t{i});
    if (!allowed.empty() && !std::binary_search(allowed.begin(), allowed.end(), item)) continue;
    if (!std::binary_search(denied.begin(), denied.end(), item)) open.insert(i);
  }
  const PreparedFilter filter({.allowed = allowed, .denied = denied}, 2000);
  const TopLists found = lists_of(index, queries.view(), k, filter, seen);
  for (std::size_t q = 0; q < 3; ++q) {
    std::set<std::uint32_t> left = open;
    for (const std::uint32_t row : seen[q]) left.erase(row);
    std::set<std::uint32_t> listed;
    for (const ScoredItem& entry : found[q]) listed.insert(entry.item.index);
    RC_ASSERT(listed.size() == found[q].size());
    RC_ASSERT(listed.size() == std::min(k, left.size()));
    RC_ASSERT(std::includes(left.begin(), left.end(), listed.begin(), listed.end()));
  }
}

TEST(HnswGraph, DependsOnTheSeedAndNotOnTheThreads) {
  const Matrix<float> items = normal_vectors(1500, 5, "items");
  const std::string once = stored(graph_of(items.view()));
  EXPECT_EQ(stored(graph_of(items.view(), 42, 3)), once);
  EXPECT_NE(stored(graph_of(items.view(), 43)), once);
}

TEST(HnswGraph, SurvivesByteForByte) {
  const HnswGraph graph = graph_of(normal_vectors(700, 5, "items").view());
  const std::string bytes = stored(graph);
  EXPECT_EQ(stored(HnswGraph::load(TensorFile::parse(bytes, "m"), 700)), bytes);
  EXPECT_GT(graph.levels.size(), 1U);
}

TEST(HnswGraph, DamagedLinksAreRefused) {
  const HnswGraph good = graph_of(normal_vectors(300, 5, "items").view());
  const auto code_of = [](const HnswGraph& graph, std::size_t items = 300) {
    return error_of([&] { HnswGraph::load(TensorFile::parse(stored(graph), "m"), items); }).code();
  };
  const auto damaged = [&](const std::function<void(HnswGraph&)>& damage) {
    HnswGraph bad = good;
    damage(bad);
    return code_of(bad);
  };
  EXPECT_EQ(code_of(good, 299), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.entry = 300; }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels.clear(); }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[0].neighbors[7] = 300; }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[0].neighbors.pop_back(); }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { std::swap(g.levels[0].offsets[3], g.levels[0].offsets[9]); }),
            ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[0].offsets.pop_back(); }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[0].rows.push_back(1); }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[1] = {{}, {0}, {}}; }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels[1].rows.back() = 300; }), ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { std::swap(g.levels[1].rows[0], g.levels[1].rows[1]); }),
            ErrorCode::corrupt_file);
  EXPECT_EQ(damaged([](HnswGraph& g) { g.levels.resize(70, HnswGraph::Level{{}, {0}, {}}); }), ErrorCode::corrupt_file);
}

TEST(HnswGraph, RefusesVectorsThatAreNotFinite) {
  Matrix<float> items = normal_vectors(10, 5, "items");
  items(7, 2) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of([&] { graph_of(items.view()); }).code(), ErrorCode::not_finite);
  EXPECT_TRUE(graph_of(items.view().slice(0, 0)).levels.empty());
}

TEST(WalkKernels, ProductsAreThoseOfAPlainSum) {
  for (const std::size_t width : {1U, 7U, 16U, 33U, 64U}) {
    const Matrix<float> items = normal_vectors(40, width, "items");
    const Matrix<float> query = normal_vectors(1, width, "queries");
    const std::vector<std::uint32_t> rows{39, 0, 7, 7};
    test::on_each_cpu_level([&] {
      std::vector<float> products(rows.size());
      row_products(items.view(), rows, query.row(0).data(), products.data());
      for (std::size_t n = 0; n < rows.size(); ++n) {
        double sum = 0;
        for (std::size_t w = 0; w < width; ++w)
          sum += static_cast<double>(query(0, w)) * static_cast<double>(items(rows[n], w));
        EXPECT_NEAR(products[n], sum, 1e-4);
      }
    });
  }
}

}  // namespace
}  // namespace gusto
