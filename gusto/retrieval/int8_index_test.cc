#include "gusto/retrieval/int8_index.h"

#include <limits>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"
#include "gusto/base/testing/testing.h"
#include "gusto/retrieval/testing/lists.h"

namespace gusto {
namespace {

using test::Pairs;
using test::pairs;
/// Normal numbers; every third item is long, every fifth repeats the one before, and some are zero.
Matrix<float> uneven_vectors(std::size_t rows, std::size_t width, std::uint64_t seed, std::string_view purpose) {
  Matrix<float> result(rows, width);
  for (std::size_t r = 0; r < rows; ++r) {
    Random random(seed, purpose, r % 5 == 4 ? r - 1 : r);
    const double length = r % 3 == 0 ? 10 : r % 7 == 0 ? 0 : 0.1;
    for (float& x : result.row(r)) x = static_cast<float>(length * random.normal());
  }
  return result;
}

TopLists search_int8(const Int8Index& index, MatrixView<const float> queries, std::size_t k,
                     const PreparedFilter& filter, std::span<const std::vector<std::uint32_t>> seen, Context& context) {
  return search_vectors(
      queries, seen, [&] { return index.scan(filter, k); }, context);
}

RC_GTEST_PROP(Int8Index, ListsAreThoseOfExactSearch, ()) {
  const std::size_t items = *rc::gen::inRange<std::size_t>(1, 6000);
  const std::size_t width = *rc::gen::inRange<std::size_t>(1, 70);
  const std::size_t k = *rc::gen::element<std::size_t>(0, 1, 10, 100, 7000);
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  const Matrix<float> vectors = uneven_vectors(items, width, seed, "items");
  const Matrix<float> queries = uneven_vectors(6, width, seed, "queries");
  std::vector<ItemRow> allowed, denied;
  std::vector<std::vector<std::uint32_t>> seen(6);
  Random random(seed, "filter");
  const auto open = random.below(11);
  for (std::size_t i = 0; i < items; ++i) {
    if (random.below(10) < open) allowed.emplace_back(i);
    if (random.below(10) == 0) denied.emplace_back(i);
    if (random.below(20) == 0) seen[i % 6].push_back(static_cast<std::uint32_t>(i));
  }
  const SearchFilter filter{.exclude_seen = *rc::gen::arbitrary<bool>(), .allowed = allowed, .denied = denied};
  const PreparedFilter prepared(filter, items);
  Context context({.threads = 2});
  const TopLists exact = ExactIndex(vectors.view()).top_k(queries.view(), k, filter, seen, context);
  const Int8Index index(vectors.view(), context);
  const TopLists found = search_int8(index, queries.view(), std::min(k, items), prepared, seen, context);
  for (std::size_t q = 0; q < 6; ++q) RC_ASSERT(pairs(found[q]) == pairs(exact[q]));
}

TEST(Int8Index, OnEachCpuLevelListsAreThoseOfExactSearch) {
  const Matrix<float> vectors = uneven_vectors(3000, 21, 1, "items");
  const Matrix<float> queries = uneven_vectors(4, 21, 1, "queries");
  const PreparedFilter filter({}, 3000);
  test::on_each_cpu_level([&] {
    Context context({.threads = 1});
    const TopLists exact = ExactIndex(vectors.view()).top_k(queries.view(), 50, {}, {}, context);
    const Int8Index index(vectors.view(), context);
    const TopLists found = search_int8(index, queries.view(), 50, filter, {}, context);
    for (std::size_t q = 0; q < 4; ++q) ASSERT_EQ(pairs(found[q]), pairs(exact[q]));
  });
}

TEST(Int8Index, NumbersNearTheEndsOfFloatsChangeNothing) {
  Context context({.threads = 1});
  for (const float size : {1e-44F, 1e-39F, 1e-30F, 1e17F}) {
    Matrix<float> vectors = uneven_vectors(400, 9, 1, "items");
    for (float& x : vectors.values()) x *= size;
    const Matrix<float> queries = uneven_vectors(3, 9, 1, "queries");
    const Int8Index index(vectors.view(), context);
    const TopLists found = search_int8(index, queries.view(), 50, PreparedFilter({}, 400), {}, context);
    const TopLists exact = ExactIndex(vectors.view()).top_k(queries.view(), 50, {}, {}, context);
    for (std::size_t q = 0; q < 3; ++q) EXPECT_EQ(pairs(found[q]), pairs(exact[q])) << size;
  }
}

TEST(Int8Index, AScoreThatIsNoNumberIsSaid) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Matrix<float> vectors = uneven_vectors(500, 8, 1, "items");
    vectors(471, 3) = bad;
    const Matrix<float> queries = uneven_vectors(1, 8, 1, "queries");
    Context context({.threads = 1});
    const Int8Index index(vectors.view(), context);
    const PreparedFilter filter({}, 500);
    EXPECT_EQ(test::error_of([&] { search_int8(index, queries.view(), 3, filter, {}, context); }).code(),
              ErrorCode::not_finite);
  }
}

}  // namespace
}  // namespace gusto
