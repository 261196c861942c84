// Searching 60,000 and a million items of 64 numbers for the best 100, on one core; and answering requests by ids.
// Every answer is first compared with that of a plain search.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/base/random.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/exact_index.h"
#include "gusto/retrieval/hnsw_index.h"
#include "gusto/retrieval/int8_index.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/search.h"

namespace {

using gusto::Context;
using gusto::ExactIndex;
using gusto::Matrix;
using gusto::TopLists;

constexpr std::size_t kWidth = 64;
constexpr std::size_t kLength = 100;
constexpr std::size_t kQueries = 256;

Matrix<float> vectors(std::size_t rows, std::string_view purpose) {
  Matrix<float> result(rows, kWidth);
  for (std::size_t r = 0; r < rows; ++r) {
    gusto::Random random(1, purpose, r);
    for (float& x : result.row(r)) x = static_cast<float>(random.uniform()) - 0.5F;
  }
  return result;
}

const Matrix<float>& queries() {
  static const Matrix<float> result = vectors(kQueries, "bench queries");
  return result;
}

const ExactIndex& index_of(std::size_t items) {
  static const ExactIndex small(vectors(60'000, "bench items").view());
  if (items == small.size()) return small;
  static const ExactIndex large(vectors(1'000'000, "bench items").view());
  return large;
}

/// What reading all vectors once takes: no exact search of one query is faster.
double floor_seconds(const ExactIndex& index) { return static_cast<double>(index.bytes()) / read_rate(index.bytes()); }

/// Whether the list holds the best scores, in order, of a search in double precision.
bool is_right(std::span<const gusto::ScoredItem> list, std::size_t item_count, std::size_t query) {
  std::vector<double> scores(item_count);
  for (std::size_t i = 0; i < item_count; ++i) {
    gusto::Random random(1, "bench items", i);
    for (const float x : queries().row(query))
      scores[i] += static_cast<double>(x) * static_cast<double>(static_cast<float>(random.uniform()) - 0.5F);
  }
  std::partial_sort(scores.begin(), scores.begin() + kLength, scores.end(), std::greater<>());
  for (std::size_t p = 0; p < list.size(); ++p) {
    if (std::abs(static_cast<double>(list[p].score) - scores[p]) > 1e-4) return false;
  }
  return list.size() == kLength;
}

void exact_single(benchmark::State& state) {
  const ExactIndex& index = index_of(static_cast<std::size_t>(state.range(0)));
  Context context({.threads = 1});
  std::size_t q = 0;
  if (!is_right(index.top_k(queries().view().slice(7, 8), kLength, {}, {}, context)[0], index.size(), 7)) {
    state.SkipWithError("the list is wrong");
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(index.top_k(queries().view().slice(q, q + 1), kLength, {}, {}, context));
    q = (q + 1) % kQueries;
  }
  state.counters["MB"] = static_cast<double>(index.bytes()) / 1e6;
  state.counters["floor_us"] = 1e6 * floor_seconds(index);
}
BENCHMARK(exact_single)->Arg(60'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void exact_batch(benchmark::State& state) {
  const ExactIndex& index = index_of(60'000);
  Context context({.threads = 1});
  const TopLists lists = index.top_k(queries().view(), kLength, {}, {}, context);
  for (const std::size_t q : {0U, 100U, 255U}) {
    if (!is_right(lists[q], index.size(), q)) state.SkipWithError("a list is wrong");
  }
  for (auto _ : state) benchmark::DoNotOptimize(index.top_k(queries().view(), kLength, {}, {}, context));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kQueries));
  state.counters["floor_ms"] = 1e3 * 2 * static_cast<double>(kQueries * index.size() * kWidth) / peak_flops();
}
BENCHMARK(exact_batch)->Unit(benchmark::kMillisecond);

/// What a search without an index does: panels are made as it goes.
void exact_single_from_rows(benchmark::State& state) {
  static const Matrix<float> items = vectors(60'000, "bench items");
  const gusto::PreparedFilter filter({}, items.rows());
  std::vector<std::vector<gusto::ScoredItem>> lists(1);
  std::size_t q = 0;
  const auto scan = gusto::exact_scan(gusto::PanelSource(items.view()), {&filter, 1}, kLength);
  scan->run(queries().view().slice(7, 8), {}, lists);
  if (!is_right(lists[0], items.rows(), 7)) state.SkipWithError("the list is wrong");
  for (auto _ : state) {
    scan->run(queries().view().slice(q, q + 1), {}, lists);
    q = (q + 1) % kQueries;
  }
}
BENCHMARK(exact_single_from_rows)->Unit(benchmark::kMicrosecond);

/// 8-bit numbers re-ranked by floats; the lists must be those of exact search.
void int8_single(benchmark::State& state) {
  const ExactIndex& exact = index_of(static_cast<std::size_t>(state.range(0)));
  static Matrix<float> items;
  if (items.rows() != exact.size()) items = vectors(exact.size(), "bench items");
  Context context({.threads = 1});
  const gusto::Int8Index index(std::as_const(items).view(), context);
  const gusto::PreparedFilter filter({}, items.rows());
  const auto scan = index.scan(filter, kLength);
  std::vector<std::vector<gusto::ScoredItem>> lists(1);
  const auto search = [&](std::size_t q) { scan->run(queries().view().slice(q, q + 1), {}, lists); };
  for (std::size_t q = 0; q < 50; ++q) {
    search(q);
    const TopLists right = exact.top_k(queries().view().slice(q, q + 1), kLength, {}, {}, context);
    const auto same = [](const auto& a, const auto& b) { return a.item == b.item && a.score == b.score; };
    if (!std::equal(lists[0].begin(), lists[0].end(), right[0].begin(), right[0].end(), same)) {
      state.SkipWithError("the list is not that of exact search");
    }
  }
  std::size_t q = 0;
  for (auto _ : state) {
    search(q);
    q = (q + 1) % kQueries;
  }
}
BENCHMARK(int8_single)->Arg(60'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

/// A walk through a graph of 20,000 items, which takes some seconds to make; nine tenths of the best 100 must be found.
void hnsw_single(benchmark::State& state) {
  static const Matrix<float> items = vectors(20'000, "bench items");
  static const ExactIndex exact(items.view());
  Context context({.threads = 1});
  static const gusto::HnswIndex index(items.view(), gusto::build_hnsw(items.view(), {}, 42, context), 512);
  const gusto::PreparedFilter filter({}, items.rows());
  const auto scan = index.scan(filter, kLength);
  std::vector<std::vector<gusto::ScoredItem>> lists(1);
  std::size_t hits = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    scan->run(queries().view().slice(q, q + 1), {}, lists);
    const TopLists right = exact.top_k(queries().view().slice(q, q + 1), kLength, {}, {}, context);
    for (const auto& entry : lists[0]) {
      hits +=
          std::any_of(right[0].begin(), right[0].end(), [&](const auto& r) { return r.item == entry.item; }) ? 1 : 0;
    }
  }
  state.counters["recall"] = static_cast<double>(hits) / static_cast<double>(kQueries * kLength);
  if (hits * 10 < kQueries * kLength * 9) state.SkipWithError("too few of the best are found");
  std::size_t q = 0;
  for (auto _ : state) {
    scan->run(queries().view().slice(q, q + 1), {}, lists);
    q = (q + 1) % kQueries;
  }
}
BENCHMARK(hnsw_single)->Unit(benchmark::kMicrosecond);

/// 6,000 users and 3,700 items of 64 numbers, as many as MovieLens 1M has, with a title each.
const std::shared_ptr<const gusto::Model>& users_and_items() {
  static const std::shared_ptr<const gusto::Model> model = [] {
    constexpr std::size_t kUsers = 6'000, kItems = 3'700, kEach = 100;
    auto catalog = std::make_shared<gusto::Catalog>();
    gusto::FeatureField titles;
    titles.name = "title";
    titles.kind = gusto::FeatureKind::text;
    std::vector<gusto::Event> events;
    for (std::size_t i = 0; i < kItems; ++i) {
      catalog->items.add(std::to_string(1000 + i));
      titles.append("A film of some length, number " + std::to_string(i));
    }
    catalog->item_features = gusto::FeatureTable({std::move(titles)});
    for (std::size_t u = 0; u < kUsers; ++u) {
      catalog->users.add(std::to_string(u));
      gusto::Random random(1, "bench events", u);
      const std::size_t step = 1 + random.below(kItems / kEach - 1);
      for (std::size_t e = 0; e < kEach; ++e) {
        events.push_back({gusto::UserRow(u), gusto::ItemRow(e * step), 1 + static_cast<float>(random.below(5))});
      }
    }
    std::shared_ptr<gusto::Model> result = gusto::make_model("bpr", {{"dim", 64}, {"epochs", 1}});
    Context context({.threads = 1});
    result->fit(std::make_shared<const gusto::Dataset>(catalog, events), gusto::Task::top_n, context);
    return result;
  }();
  return model;
}

/// What search() takes for all users, which the next is measured against.
void search_for_users(benchmark::State& state) {
  const gusto::Model& model = *users_and_items();
  Context context({.threads = 1});
  std::vector<gusto::Query> users;
  for (std::size_t u = 0; u < model.data().user_count(); ++u) {
    users.push_back(gusto::Query::known(gusto::UserRow(u)));
  }
  const auto k = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(gusto::search(model, users, k, gusto::SearchFilter{}, context));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(users.size()));
}
BENCHMARK(search_for_users)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

/// The same by ids, with ids and titles in the answers: at most 1.3 times as long.
void recommend_to_users(benchmark::State& state) {
  const gusto::Recommender recommender(users_and_items());
  Context context({.threads = 1});
  std::vector<gusto::Query> users;
  std::vector<gusto::RecommendRequest> requests(recommender.data().user_count());
  for (std::size_t u = 0; u < requests.size(); ++u) {
    users.push_back(gusto::Query::known(gusto::UserRow(u)));
    requests[u].who.user = std::to_string(u);
    requests[u].k = static_cast<std::size_t>(state.range(0));
  }
  const TopLists right = gusto::search(recommender.model(), users, requests[0].k, gusto::SearchFilter{}, context);
  recommender.recommend(
      requests,
      [&](std::size_t place, const gusto::RecommendAnswer& answer) {
        const auto same = [](const gusto::AnsweredItem& a, const gusto::ScoredItem& b) {
          return a.row == b.item && a.score == b.score;
        };
        if (!std::equal(answer.items.begin(), answer.items.end(), right[place].begin(), right[place].end(), same)) {
          state.SkipWithError("an answer is not that of search");
        }
      },
      context);
  for (auto _ : state) {
    recommender.recommend(
        requests,
        [](std::size_t, const gusto::RecommendAnswer& answer) { benchmark::DoNotOptimize(answer.items.data()); },
        context);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests.size()));
}
BENCHMARK(recommend_to_users)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
