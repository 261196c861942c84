#include "gusto/models/shared/neighbors.h"

#include <cmath>
#include <memory>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/neighbors/item_knn.h"
#include "gusto/models/neighbors/user_knn.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using testing::ElementsAre;

constexpr std::size_t kSide = 7;
/// Values by user, then by item; 0 where there is no event.
using Table = std::vector<int>;
/// One row's entries, by column.
using Row = std::vector<std::optional<double>>;

/// The formulas of neighbors.h in double precision, straight from the definition; nothing where a norm is so small that
/// only rounding would be compared.
std::optional<double> cosine_of(const std::vector<double>& a, const std::vector<double>& b,
                                const std::vector<double>& w) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    ab += w[c] * a[c] * b[c];
    aa += w[c] * a[c] * a[c];
    bb += w[c] * b[c] * b[c];
  }
  if (aa < 1e-4 || bb < 1e-4) return std::nullopt;
  return ab / std::sqrt(aa * bb);
}

std::optional<double> similarity_of_values(Similarity kind, const Row& a, const Row& b) {
  std::vector<double> common_a, common_b, full_a, full_b;
  double n_a = 0, n_b = 0, apart = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    n_a += a[c] ? 1 : 0;
    n_b += b[c] ? 1 : 0;
    full_a.push_back(a[c].value_or(0));
    full_b.push_back(b[c].value_or(0));
    if (!a[c] || !b[c]) continue;
    common_a.push_back(*a[c]);
    common_b.push_back(*b[c]);
    apart += (*a[c] - *b[c]) * (*a[c] - *b[c]);
  }
  const auto n = static_cast<double>(common_a.size());
  if (n == 0) return 0;
  switch (kind) {
    case Similarity::cosine: return cosine_of(full_a, full_b, std::vector<double>(a.size(), 1));
    case Similarity::pearson:
    case Similarity::adjusted_cosine: return cosine_of(common_a, common_b, std::vector<double>(common_a.size(), 1));
    case Similarity::jaccard: return n / (n_a + n_b - n);
    case Similarity::euclidean: return 1 / (1 + std::sqrt(apart / n));
  }
  return std::nullopt;
}

std::optional<double> similarity_of_choices(Similarity kind, const Row& a, const Row& b, const std::vector<double>& w,
                                            const std::vector<double>& column_means) {
  const std::size_t columns = a.size();
  std::vector<double> x(columns), y(columns);
  double n = 0, n_a = 0, n_b = 0, all = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    x[c] = a[c] ? 1 : 0;
    y[c] = b[c] ? 1 : 0;
    n += w[c] * x[c] * y[c];
    n_a += w[c] * x[c];
    n_b += w[c] * y[c];
    all += w[c];
  }
  if (n == 0) return 0;
  if (kind == Similarity::jaccard) return n / (n_a + n_b - n);
  if (kind == Similarity::euclidean) {
    // The root magnifies what rounding leaves of a distance of zero.
    if (n_a + n_b - 2 * n < 1e-3) return std::nullopt;
    return 1 / (1 + std::sqrt(n_a + n_b - 2 * n));
  }
  for (std::size_t c = 0; c < columns; ++c) {
    const double mean_x = kind == Similarity::pearson ? n_a / all : column_means[c];
    const double mean_y = kind == Similarity::pearson ? n_b / all : column_means[c];
    if (kind == Similarity::cosine) break;
    x[c] -= mean_x;
    y[c] -= mean_y;
  }
  return cosine_of(x, y, w);
}

std::shared_ptr<const Dataset> dataset_of(const Table& table) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < kSide; ++u) {
    for (std::size_t i = 0; i < kSide; ++i) {
      const int value = table[u * kSide + i];
      if (value > 0) events.push_back({UserRow(u), ItemRow(i), static_cast<float>(value), kNoTime});
    }
  }
  return test::dataset_of(kSide, kSide, events);
}

/// Rows as the reference version sees them: items (or users), with centered values, or the votes and means of columns.
struct PlainNeighbors {
  PlainNeighbors(const Dataset& data, bool of_items, Similarity kind, double vote_power) {
    Context context({.threads = 1});
    const Baseline baseline = fit_baseline(data, {.reg_item = 3, .reg_user = 5}, context);
    std::vector<double> user_mean(kSide), item_mean(kSide), user_count(kSide), item_count(kSide);
    for (const Event& event : data.events()) {
      user_mean[event.user.index] += event.value;
      item_mean[event.item.index] += event.value;
      ++user_count[event.user.index];
      ++item_count[event.item.index];
    }
    rows.assign(kSide, Row(kSide));
    for (const Event& event : data.events()) {
      const std::size_t u = event.user.index, i = event.item.index;
      double center = baseline.user_bias[u] + baseline.item_part(event.item);
      if (kind == Similarity::adjusted_cosine) {
        center = of_items ? user_mean[u] / user_count[u] : item_mean[i] / item_count[i];
      }
      (of_items ? rows[i][u] : rows[u][i]) = event.value - center;
    }
    const double mean_count = static_cast<double>(data.event_count()) / kSide;
    for (const double count : of_items ? user_count : item_count) {
      votes.push_back(count > 0 ? std::pow(mean_count / count, vote_power) : 0);
      means.push_back(count / kSide);
    }
  }
  std::optional<double> similarity(Similarity kind, Task task, std::size_t a, std::size_t b, double shrinkage) const {
    double n = 0;
    for (std::size_t c = 0; c < kSide; ++c) {
      if (rows[a][c] && rows[b][c]) n += task == Task::top_n ? votes[c] : 1;
    }
    const std::optional<double> plain = task == Task::top_n
                                            ? similarity_of_choices(kind, rows[a], rows[b], votes, means)
                                            : similarity_of_values(kind, rows[a], rows[b]);
    if (!plain) return std::nullopt;
    return n > 0 ? *plain * n / (n + shrinkage) : 0;
  }
  std::vector<Row> rows;
  std::vector<double> votes, means;
};

RC_GTEST_PROP(Neighbors, ModelsAgreeWithTheNaiveTwinForEveryMeasure, ()) {
  const Table table = *rc::gen::container<Table>(
      kSide * kSide, rc::gen::weightedElement<int>({{4, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 4}, {2, 5}}));
  RC_PRE(std::any_of(table.begin(), table.end(), [](int value) { return value > 0; }));
  const auto kind = static_cast<Similarity>(*rc::gen::inRange(0, 5));
  const Task task = *rc::gen::element(Task::ratings, Task::top_n);
  const double shrinkage = *rc::gen::element(0.0, 2.5);
  const double vote_power = *rc::gen::element(0.0, 0.7);
  const auto data = dataset_of(table);
  Context context({.threads = 2});
  std::vector<float> found(kSide);

  const PlainNeighbors items(*data, true, kind, vote_power);
  ItemKnnModel item_knn({.similarity = kind,
                         .neighbors = 100,
                         .stored_neighbors = 100,
                         .shrinkage = shrinkage,
                         .power = 1,
                         .vote_power = vote_power,
                         .popularity_power = 0,
                         .normalization = 0});
  item_knn.fit(data, task, context);
  for (std::size_t a = 0; a < kSide; ++a) {
    item_knn.item_similarity(ItemRow(a), found);
    for (std::size_t b = 0; b < kSide; ++b) {
      const auto expected = items.similarity(kind, task, a, b, shrinkage);
      if (expected && a != b) RC_ASSERT(std::abs(found[b] - std::max(0.0, *expected)) < 1e-3);
    }
  }

  const PlainNeighbors users(*data, false, kind, vote_power);
  UserKnnModel user_knn({.similarity = kind, .shrinkage = shrinkage, .vote_power = vote_power});
  user_knn.fit(data, task, context);
  for (std::size_t a = 0; a < kSide; ++a) {
    user_knn.user_similarity(Query::known(UserRow(a)), found);
    for (std::size_t b = 0; b < kSide; ++b) {
      const auto expected = users.similarity(kind, task, a, b, shrinkage);
      if (expected && a != b) RC_ASSERT(std::abs(found[b] - *expected) < 1e-3);
    }
  }
}

TEST(Neighbors, KeepsTheNearestAndBreaksTiesByRow) {
  std::vector<std::uint64_t> keys;
  const std::vector<float> similarity{0.5F, 0.25F, 0.75F, 0.5F, 0.5F, 1e-30F};
  for (std::uint32_t row = 6; row-- > 0;) keys.push_back(rank_key(similarity[row], row));
  keep_nearest(keys, 3);
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(key_row(keys[0]), 2u);
  EXPECT_EQ(key_row(keys[1]), 0u);
  EXPECT_EQ(key_row(keys[2]), 3u);
  EXPECT_EQ(key_similarity(keys[0]), 0.75F);
  keep_nearest(keys, 10);
  EXPECT_EQ(keys.size(), 3u);
}

NeighborLists three_lists() {
  NeighborLists lists;
  lists.offsets = {0, 2, 2, 3};
  lists.ids = {2, 1, 0};
  lists.weights = {0.5F, 0.25F, 0.125F};
  return lists;
}

TEST(Neighbors, TransposesLists) {
  const NeighborLists turned = three_lists().transposed();
  EXPECT_THAT(turned.offsets, ElementsAre(0u, 1u, 2u, 3u));
  EXPECT_THAT(turned.ids, ElementsAre(2u, 0u, 0u));
  EXPECT_THAT(turned.weights, ElementsAre(0.125F, 0.25F, 0.5F));
}

TEST(Neighbors, RefusesStoredListsThatBreakTheirRules) {
  const auto reload = [](const NeighborLists& lists, std::size_t rows) {
    TensorWriter writer;
    lists.save(writer);
    return NeighborLists::load(TensorFile::parse(writer.serialize(), "lists"), rows);
  };
  EXPECT_EQ(reload(three_lists(), 3).weights, three_lists().weights);
  const auto refused = [&](const NeighborLists& lists, std::size_t rows) {
    try {
      reload(lists, rows);
    } catch (const Error& error) {
      return error.code() == ErrorCode::corrupt_file;
    }
    return false;
  };
  EXPECT_TRUE(refused(three_lists(), 2));
  NeighborLists lists = three_lists();
  lists.ids[1] = 3;
  EXPECT_TRUE(refused(lists, 3));
  lists = three_lists();
  lists.weights[0] = std::nanf("");
  EXPECT_TRUE(refused(lists, 3));
  lists = three_lists();
  lists.offsets = {0, 2, 1, 3};
  EXPECT_TRUE(refused(lists, 3));
  lists = three_lists();
  lists.offsets = {0, 2, 2, 4};
  EXPECT_TRUE(refused(lists, 3));
}

TEST(Neighbors, CutsWorkIntoEvenRanges) {
  EXPECT_THAT(cut_evenly(std::vector<std::uint64_t>{5, 1, 1, 1, 1, 1, 10}, 4), ElementsAre(0u, 1u, 6u, 7u));
  EXPECT_THAT(cut_evenly(std::vector<std::uint64_t>{0, 0, 0}, 4), ElementsAre(0u, 3u));
  EXPECT_THAT(cut_evenly({}, 4), ElementsAre(0u));
}

}  // namespace
}  // namespace gusto
