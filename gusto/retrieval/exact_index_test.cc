#include "gusto/retrieval/exact_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"
#include "gusto/base/testing/testing.h"
#include "gusto/retrieval/testing/lists.h"

namespace gusto {
namespace {

using test::error_of;
using test::normal_vectors;
using test::Pairs;
using test::pairs;

/// Small whole numbers: products are exact, and ties are many.
Matrix<float> whole_vectors(std::size_t rows, std::size_t width, std::uint64_t seed, std::string_view purpose) {
  Matrix<float> result(rows, width);
  for (std::size_t r = 0; r < rows; ++r) {
    Random random(seed, purpose, r);
    for (float& x : result.row(r)) x = static_cast<float>(random.below(5)) - 2;
  }
  return result;
}

/// The definition: score everything, drop what is filtered, sort.
Pairs plain_top_k(const Matrix<float>& items, std::span<const float> query, std::size_t k, const SearchFilter& filter,
                  const std::vector<std::uint32_t>& seen) {
  const auto holds = [](auto rows, ItemRow item) { return std::find(rows.begin(), rows.end(), item) != rows.end(); };
  Pairs list;
  for (std::uint32_t i = 0; i < items.rows(); ++i) {
    const ItemRow item(std::size_t{i});
    if (filter.exclude_seen && std::find(seen.begin(), seen.end(), i) != seen.end()) continue;
    if (!filter.allowed.empty() && !holds(filter.allowed, item)) continue;
    if (holds(filter.denied, item)) continue;
    double score = 0;
    for (std::size_t w = 0; w < query.size(); ++w)
      score += static_cast<double>(query[w]) * static_cast<double>(items(i, w));
    list.emplace_back(i, static_cast<float>(score));
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  list.resize(std::min(k, list.size()));
  return list;
}

std::vector<ItemRow> item_rows(const std::set<std::uint32_t>& rows) {
  std::vector<ItemRow> result;
  for (const std::uint32_t row : rows) result.emplace_back(std::size_t{row});
  return result;
}

std::set<std::uint32_t> some_rows(std::size_t items, std::size_t count, std::uint64_t seed, std::string_view purpose) {
  Random random(seed, purpose);
  std::set<std::uint32_t> rows;
  for (std::size_t i = 0; i < count; ++i) rows.insert(static_cast<std::uint32_t>(random.below(items)));
  return rows;
}

RC_GTEST_PROP(ExactIndex, FilteredListsAreThoseOfTheFilteredCatalog, ()) {
  const std::size_t items = *rc::gen::inRange<std::size_t>(1, 2500);
  const std::size_t width = *rc::gen::inRange<std::size_t>(1, 40);
  const std::size_t query_count = *rc::gen::inRange<std::size_t>(1, 30);
  const std::size_t k = *rc::gen::element<std::size_t>(0, 1, 7, 100, 3000);
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  const Matrix<float> vectors = whole_vectors(items, width, seed, "items");
  const Matrix<float> queries = whole_vectors(query_count, width, seed, "queries");
  const auto up_to = [](std::size_t most) { return *rc::gen::inRange<std::size_t>(0, most); };
  const std::vector<ItemRow> allowed =
      item_rows(some_rows(items, up_to(*rc::gen::element(1, 30, 4000)), seed, "allowed"));
  const std::vector<ItemRow> denied = item_rows(some_rows(items, up_to(*rc::gen::element(1, 4000)), seed, "denied"));
  std::vector<std::vector<std::uint32_t>> seen(query_count);
  for (std::size_t q = 0; q < query_count; ++q) {
    const std::set<std::uint32_t> rows = some_rows(items, up_to(100), seed + q, "seen");
    seen[q].assign(rows.begin(), rows.end());
  }
  const SearchFilter filter{.exclude_seen = *rc::gen::arbitrary<bool>(), .allowed = allowed, .denied = denied};
  Context context({.threads = 2});
  const TopLists found = ExactIndex(vectors.view()).top_k(queries.view(), k, filter, seen, context);
  RC_ASSERT(found.size() == query_count);
  for (std::size_t q = 0; q < query_count; ++q) {
    RC_ASSERT(pairs(found[q]) == plain_top_k(vectors, queries.row(q), k, filter, seen[q]));
  }
}

TEST(ExactIndex, AnAnswerHasTheSameBitsWhoeverElseAsks) {
  constexpr std::size_t kQueries = 217;
  const Matrix<float> vectors = normal_vectors(3001, 37, "items");
  const Matrix<float> queries = normal_vectors(kQueries, 37, "queries");
  const ExactIndex index(vectors.view());
  Context one({.threads = 1}), three({.threads = 3});
  const TopLists together = index.top_k(queries.view(), 20, {}, {}, three);
  for (std::size_t q = 0; q < kQueries; ++q) {
    const TopLists alone = index.top_k(queries.view().slice(q, q + 1), 20, {}, {}, one);
    ASSERT_EQ(pairs(alone[0]), pairs(together[q])) << "query " << q;
    const Pairs plain = plain_top_k(vectors, queries.row(q), 20, {}, {});
    for (std::size_t p = 0; p < plain.size(); ++p) ASSERT_NEAR(alone[0][p].score, plain[p].second, 1e-4F);
  }
}

TEST(ExactIndex, EqualItemsTieWhereverTheyLie) {
  const Matrix<float> one = normal_vectors(1, 23, "items");
  Matrix<float> vectors(1111, 23);
  for (std::size_t i = 0; i < vectors.rows(); ++i) std::copy_n(one.row(0).data(), 23, vectors.row(i).data());
  const Matrix<float> queries = normal_vectors(14, 23, "queries");
  Context context({.threads = 1});
  const TopLists found = ExactIndex(vectors.view()).top_k(queries.view(), 300, {}, {}, context);
  for (std::size_t q = 0; q < 14; ++q) {
    ASSERT_EQ(found[q].size(), 300U);
    for (std::size_t p = 0; p < 300; ++p) {
      ASSERT_EQ(found[q][p].item.index, p);
      ASSERT_EQ(found[q][p].score, found[q][0].score);
    }
  }
}

TEST(ExactIndex, RowsAndPanelsGiveTheSameBits) {
  const Matrix<float> vectors = normal_vectors(2000, 19, "items");
  const Matrix<float> queries = normal_vectors(5, 19, "queries");
  const ExactIndex index(vectors.view());
  const std::vector<ItemRow> few{ItemRow(3), ItemRow(31), ItemRow(32), ItemRow(1999)};
  const std::vector<PreparedFilter> filters{{SearchFilter{}, 2000}, {SearchFilter{.allowed = few}, 2000}};
  std::vector<std::vector<ScoredItem>> from_panels(10), from_rows(10);
  exact_scan(index.source(), filters, 50)->run(queries.view(), {}, from_panels);
  exact_scan(PanelSource(vectors.view()), filters, 50)->run(queries.view(), {}, from_rows);
  for (std::size_t l = 0; l < 10; ++l) EXPECT_EQ(pairs(from_panels[l]), pairs(from_rows[l]));
  EXPECT_EQ(from_panels[9].size(), 4U);
}

TEST(ExactIndex, OnEachCpuLevelListsAreThoseOfAPlainSearch) {
  const Matrix<float> vectors = whole_vectors(700, 21, 1, "items");
  const Matrix<float> queries = whole_vectors(17, 21, 1, "queries");
  test::on_each_cpu_level([&] {
    Context context({.threads = 1});
    const TopLists found = ExactIndex(vectors.view()).top_k(queries.view(), 40, {}, {}, context);
    for (std::size_t q = 0; q < 17; ++q) ASSERT_EQ(pairs(found[q]), plain_top_k(vectors, queries.row(q), 40, {}, {}));
  });
}

TEST(ExactIndex, AScoreThatIsNoNumberIsSaid) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 3e38F, -3e38F}) {
    for (const std::size_t query_count : {1U, 3U, 12U, 40U}) {
      Matrix<float> vectors = normal_vectors(500, 8, "items");
      // An overflow below every list's end changes nothing, so that it comes among the first items.
      vectors.row(std::isnan(bad) ? 471 : 5)[3] = bad;
      Matrix<float> queries(query_count, 8);
      queries.fill(10);
      Context context({.threads = 1});
      const ExactIndex index(vectors.view());
      EXPECT_EQ(error_of([&] { index.top_k(queries.view(), 3, {}, {}, context); }).code(), ErrorCode::not_finite);
    }
  }
}

TEST(ExactIndex, NothingToFindGivesEmptyLists) {
  Context context({.threads = 1});
  const Matrix<float> queries = normal_vectors(3, 8, "queries");
  EXPECT_TRUE(ExactIndex(Matrix<float>(0, 8).view()).top_k(queries.view(), 5, {}, {}, context)[2].empty());
  const ExactIndex index(normal_vectors(9, 8, "items").view());
  EXPECT_TRUE(index.top_k(queries.view(), 0, {}, {}, context)[2].empty());
  EXPECT_EQ(index.top_k(queries.view().slice(0, 0), 5, {}, {}, context).size(), 0U);
  EXPECT_EQ(index.top_k(queries.view(), 5, {}, {}, context)[2].size(), 5U);
}

}  // namespace
}  // namespace gusto
