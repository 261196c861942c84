#include "gusto/retrieval/search.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/testing/lists.h"

namespace gusto {
namespace {

using test::pairs;

struct NoOptions {};
extern const ModelInfo kVectorsInfo;
extern const ModelInfo kRowsInfo;

/// Random whole-number vectors, so that products are exact and ties are many. As one model with vectors and one
/// without.
template <const ModelInfo& Info>
class ToyModel final : public ModelWith<NoOptions, Info> {
 public:
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}
  MatrixView<const float> item_vectors() const override { return items_.view(); }

 private:
  void do_fit(const Dataset& data, const FitOptions&, Context&) override {
    items_ = Matrix<float>(data.item_count(), 3);
    for (std::size_t i = 0; i < items_.rows(); ++i) {
      Random random(1, "toy items", i);
      for (float& x : items_.row(i)) x = static_cast<float>(random.below(5)) - 2;
    }
  }
  void do_load(const TensorFile&) override {}
  void do_predict(std::span<const Query>, std::span<const ItemRow>, std::span<float>) const override {}
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) {
      Random random(1, "toy users", queries[q].user->index);
      for (float& x : out.row(q)) x = static_cast<float>(random.below(5)) - 2;
    }
  }

  Matrix<float> items_;
};

constexpr ModelInfo kVectorsInfo{
    .name = "vectors", .summary = "", .about = "", .fields = {}, .abilities = {.item_vectors = true}, .make = nullptr};
constexpr ModelInfo kRowsInfo{
    .name = "rows", .summary = "", .about = "", .fields = {}, .abilities = {}, .make = nullptr};

std::shared_ptr<const Dataset> random_data(std::size_t users, std::size_t items) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  for (std::size_t u = 0; u < users; ++u) catalog->users.add(std::to_string(u));
  for (std::size_t i = 0; i < items; ++i) catalog->items.add(std::to_string(i));
  for (std::size_t u = 0; u < users; ++u) {
    Random random(2, "toy events", u);
    for (std::size_t i = 0; i < items; ++i) {
      if (random.below(4) == 0) events.push_back({UserRow(u), ItemRow(i)});
    }
  }
  if (events.empty()) events.push_back({UserRow(0), ItemRow(0)});
  return std::make_shared<Dataset>(catalog, events);
}

/// The definition: score everything, drop what is filtered, sort.
std::vector<std::pair<std::uint32_t, float>> plain_search(const Model& model, const Query& query, std::size_t k,
                                                          const SearchFilter& filter) {
  std::vector<float> scores(model.data().item_count());
  model.score({&query, 1}, MatrixView<float>(scores.data(), 1, scores.size()));
  const auto holds = [](auto items, ItemRow item) {
    return std::find(items.begin(), items.end(), item) != items.end();
  };
  std::vector<std::pair<std::uint32_t, float>> list;
  for (std::uint32_t i = 0; i < scores.size(); ++i) {
    const ItemRow item(i);
    if (filter.exclude_seen && holds(model.data().history(*query.user).items, item)) continue;
    if (!filter.allowed.empty() && !holds(filter.allowed, item)) continue;
    if (holds(filter.denied, item)) continue;
    list.emplace_back(i, scores[i]);
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  list.resize(std::min(k, list.size()));
  return list;
}

std::vector<ItemRow> random_items(std::size_t items, std::uint64_t share, std::uint64_t key) {
  std::vector<ItemRow> chosen;
  Random random(3, "toy filter", key);
  for (std::size_t i = 0; i < items; ++i) {
    if (random.below(10) < share) chosen.emplace_back(i);
  }
  return chosen;
}

template <class ModelType>
void expect_plain_results(std::size_t users, std::size_t items, std::size_t k) {
  ModelType model;
  Context context({.threads = 2});
  model.fit(random_data(users, items), Task::top_n, context);
  std::vector<Query> queries;
  for (std::size_t u = 0; u < users; ++u) queries.push_back(Query::known(UserRow(u)));
  const std::vector<ItemRow> few = random_items(items, 2, 0), most = random_items(items, 9, 1);
  const std::vector<ItemRow> some = random_items(items, 3, 2);
  const std::vector<SearchFilter> filters = {{.exclude_seen = true, .allowed = {}, .denied = {}},
                                             {.exclude_seen = false, .allowed = {}, .denied = {}},
                                             {.exclude_seen = true, .allowed = few, .denied = {}},
                                             {.exclude_seen = true, .allowed = most, .denied = some},
                                             {.exclude_seen = false, .allowed = {}, .denied = some}};
  const std::vector<TopLists> found = search(model, queries, k, filters, context);
  for (std::size_t f = 0; f < filters.size(); ++f) {
    ASSERT_EQ(found[f].size(), users);
    for (std::size_t u = 0; u < users; ++u) {
      ASSERT_EQ(pairs(found[f][u]), plain_search(model, queries[u], k, filters[f])) << "filter " << f << ", user " << u;
    }
  }
}

TEST(Search, EqualsSortingWithVectors) {
  for (std::size_t k : {0u, 10u, 5000u}) expect_plain_results<ToyModel<kVectorsInfo>>(70, 2100, k);
}

TEST(Search, EqualsSortingWithoutVectors) {
  for (std::size_t k : {1u, 10u, 5000u}) expect_plain_results<ToyModel<kRowsInfo>>(70, 130, k);
}

TEST(Search, RefusesRowsOutsideTheCatalog) {
  ToyModel<kVectorsInfo> model;
  Context context({.threads = 1});
  model.fit(random_data(2, 5), Task::top_n, context);
  const Query query = Query::known(UserRow(0));
  const std::vector<ItemRow> outside = {ItemRow(5)};
  EXPECT_ANY_THROW(search(model, {&query, 1}, 3, {.exclude_seen = true, .allowed = {}, .denied = outside}, context));
}

TEST(TopK, BreaksTiesByRowAndLeavesOutTheFiltered) {
  const float out = -std::numeric_limits<float>::infinity();
  const std::vector<float> scores = {1, out, 3, 3, -0.0F, 0.0F};
  EXPECT_EQ(pairs(top_k(scores, 3)), (std::vector<std::pair<std::uint32_t, float>>{{2, 3}, {3, 3}, {0, 1}}));
  EXPECT_EQ(top_k(scores, 10).size(), 5u);
  EXPECT_EQ(top_k(scores, 10)[3].item, ItemRow(4));
  EXPECT_TRUE(top_k({}, 3).empty());
}

RC_GTEST_PROP(TopK, EqualsAStableSort, (std::vector<std::int8_t> values, std::uint8_t k)) {
  const std::vector<float> scores(values.begin(), values.end());
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  order.resize(std::min<std::size_t>(order.size(), k));
  std::vector<std::uint32_t> found;
  for (const ScoredItem& entry : top_k(scores, k)) found.push_back(entry.item.index);
  RC_ASSERT(found == order);
}

}  // namespace
}  // namespace gusto
