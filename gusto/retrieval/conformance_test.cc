// What every registered model's lists must keep. The rest of the suite is in gusto/models/conformance_test.cc.

#include "gusto/models/testing/conformance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/models/shared/history.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/search.h"

namespace gusto {
namespace {

using test::ConformanceTest;
using test::scores_of;
using ::testing::IsEmpty;

constexpr std::size_t kUsers = 60;
constexpr std::size_t kItems = 40;

std::vector<Query> known_users(std::size_t count) {
  std::vector<Query> queries(count);
  for (std::size_t u = 0; u < count; ++u) queries[u].user = UserRow(u);
  return queries;
}

std::vector<std::uint32_t> rows_of(std::span<const ScoredItem> list) {
  std::vector<std::uint32_t> rows;
  for (const ScoredItem& entry : list) rows.push_back(entry.item.index);
  return rows;
}

class ListConformanceTest : public ConformanceTest {
 protected:
  static TopLists lists_of(const Model& model, const std::vector<Query>& queries, std::size_t k,
                           const SearchFilter& filter = {}, unsigned threads = 1) {
    Context context({.threads = threads});
    return search(model, queries, k, filter, context);
  }
  static std::vector<std::uint32_t> list_of(const Model& model, const Query& query, std::size_t k,
                                            const SearchFilter& filter = {}) {
    return rows_of(lists_of(model, {query}, k, filter)[0]);
  }
};

TEST_P(ListConformanceTest, WithheldDiagonalOfACheckerboardIsRankedFirst) {
  constexpr std::size_t kSize = 60;
  // Two tastes: with room for as many as there are users a factor model learns by heart that the diagonal was not
  // chosen. A network that reads histories knows no users to learn by heart, and its layers need some width. A sampler
  // leaves the neighborhood of zero, from where no factor is of use without another, after some dozen sweeps.
  const bool reads_histories = std::any_of(info().fields.begin(), info().fields.end(), [](const Field& field) {
    return field.name == "heads" || field.name == "query_fields";
  });
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "dim") settings.emplace_back("dim", reads_histories ? 16 : 3);
    if (field.name == "burn_in") settings.emplace_back("epochs", 100);
  }
  const auto model = fitted(suited(test::checkerboard(kSize, task() != Task::top_n), 2), 1, settings);
  if (abilities().personalized) {
    for (std::size_t u = 0; u < kSize; ++u) {
      const std::vector<std::uint32_t> list = list_of(*model, Query::known(UserRow(u)), 2);
      ASSERT_FALSE(list.empty());
      EXPECT_EQ(list.front(), u) << "user " << u;
    }
  } else if (task() == Task::top_n) {
    const auto everyone = list_of(*model, Query::known(UserRow(0)), kSize, {.exclude_seen = false});
    for (std::size_t u = 1; u < kSize; ++u) {
      EXPECT_EQ(list_of(*model, Query::known(UserRow(u)), kSize, {.exclude_seen = false}), everyone);
    }
  }
}

TEST_P(ListConformanceTest, ListsHoldTheBestOfWhatTheFilterLeaves) {
  const Model& model = small_model();
  const std::vector<ItemRow> allowed{ItemRow(1),  ItemRow(2),  ItemRow(3),  ItemRow(5),  ItemRow(8), ItemRow(13),
                                     ItemRow(20), ItemRow(21), ItemRow(33), ItemRow(34), ItemRow(38)};
  const std::vector<ItemRow> denied{ItemRow(2), ItemRow(7), ItemRow(8), ItemRow(39)};
  std::vector<SearchFilter> filters;
  for (const bool exclude_seen : {true, false}) {
    filters.push_back({.exclude_seen = exclude_seen});
    filters.push_back({.exclude_seen = exclude_seen, .allowed = allowed});
    filters.push_back({.exclude_seen = exclude_seen, .denied = denied});
    filters.push_back({.exclude_seen = exclude_seen, .allowed = allowed, .denied = denied});
  }
  const std::vector<Query> queries = known_users(kUsers);
  constexpr std::size_t kLength = 6;
  Context context({.threads = 2});
  const std::vector<TopLists> found = search(model, queries, kLength, filters, context);
  ASSERT_EQ(found.size(), filters.size());
  for (std::size_t f = 0; f < filters.size(); ++f) {
    for (std::size_t u = 0; u < kUsers; ++u) {
      const std::vector<float> scores = scores_of(model, queries[u]);
      std::set<std::uint32_t> out;
      for (const ItemRow item : filters[f].denied) out.insert(item.index);
      const History seen = small_data()->history(UserRow(u));
      if (filters[f].exclude_seen) {
        for (const ItemRow item : seen.items) out.insert(item.index);
      }
      std::size_t candidates = 0;
      float best_left_out = -std::numeric_limits<float>::infinity();
      const std::vector<std::uint32_t> list = rows_of(found[f][u]);
      for (std::uint32_t i = 0; i < kItems; ++i) {
        const bool is_allowed = filters[f].allowed.empty() ||
                                std::find(allowed.begin(), allowed.end(), ItemRow(std::size_t{i})) != allowed.end();
        if (!is_allowed || !model.ranks(ItemRow(std::size_t{i}))) out.insert(i);
        if (out.count(i) > 0) continue;
        ++candidates;
        if (std::find(list.begin(), list.end(), i) == list.end()) best_left_out = std::max(best_left_out, scores[i]);
      }
      ASSERT_EQ(list.size(), std::min(kLength, candidates));
      ASSERT_EQ(std::set<std::uint32_t>(list.begin(), list.end()).size(), list.size()) << "an item came twice";
      for (const ScoredItem& entry : found[f][u]) {
        ASSERT_EQ(out.count(entry.item.index), 0U) << "item " << entry.item.index << " was filtered out";
        const float tolerance = 1e-4F * (1 + std::abs(entry.score));
        ASSERT_NEAR(entry.score, scores[entry.item.index], tolerance);
        ASSERT_GE(entry.score, best_left_out - tolerance);
      }
    }
  }
}

/// Draws filters of every width, with some rows named twice.
struct DrawnFilter {
  std::vector<ItemRow> allowed;
  std::vector<ItemRow> denied;
  bool exclude_seen = true;

  SearchFilter filter() const { return {.exclude_seen = exclude_seen, .allowed = allowed, .denied = denied}; }

  static DrawnFilter draw(std::size_t items) {
    const auto rows = [&](std::size_t most) {
      std::vector<ItemRow> drawn;
      for (const auto row : *rc::gen::container<std::vector<std::size_t>>(*rc::gen::inRange<std::size_t>(0, most + 1),
                                                                          rc::gen::inRange<std::size_t>(0, items))) {
        drawn.emplace_back(row);
      }
      return drawn;
    };
    return {rows(*rc::gen::element<std::size_t>(0, 2, 2 * items)), rows(*rc::gen::element<std::size_t>(0, items)),
            *rc::gen::arbitrary<bool>()};
  }
};

/// Scores of the items that a filter leaves to a user, best first, ties to the lower row.
std::vector<std::pair<float, std::uint32_t>> filtered_catalog(const Model& model, UserRow user,
                                                              const SearchFilter& filter) {
  std::vector<std::pair<float, std::uint32_t>> left;
  const std::vector<float> scores = scores_of(model, Query::known(user));
  const auto holds = [](auto rows, ItemRow item) { return std::find(rows.begin(), rows.end(), item) != rows.end(); };
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const ItemRow item(i);
    if (filter.exclude_seen && holds(model.data().history(user).items, item)) continue;
    if (!model.ranks(item)) continue;
    if ((!filter.allowed.empty() && !holds(filter.allowed, item)) || holds(filter.denied, item)) continue;
    left.emplace_back(scores[i], item.index);
  }
  std::sort(left.begin(), left.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  return left;
}

TEST_P(ListConformanceTest, EveryIndexKeepsToEveryFilter) {
  const Model& model = small_model();
  Context context({.threads = 1});
  std::vector<Index> indexes;
  indexes.push_back(Index::build(model, {.kind = IndexKind::exact, .queries = 5}, context));
  if (abilities().item_vectors) {
    indexes.push_back(Index::build(model, {.kind = IndexKind::int8, .queries = 5}, context));
    indexes.push_back(Index::build(model, {.kind = IndexKind::hnsw, .queries = 5}, context));
  }
  const auto holds = [&] {
    const DrawnFilter drawn = DrawnFilter::draw(kItems);
    const SearchFilter filter = drawn.filter();
    const std::size_t k = *rc::gen::inRange<std::size_t>(0, kItems + 3);
    const UserRow user(*rc::gen::inRange<std::size_t>(0, kUsers));
    const Query query = Query::known(user);
    const auto left = filtered_catalog(model, user, filter);
    const TopLists exact = search(model, {&query, 1}, k, filter, context);
    for (const Index& index : indexes) {
      const TopLists found = search(model, index, {&query, 1}, k, filter, context);
      RC_ASSERT(found[0].size() == std::min(k, left.size()));
      std::set<std::uint32_t> rows;
      for (std::size_t p = 0; p < found[0].size(); ++p) {
        const ScoredItem& entry = found[0][p];
        RC_ASSERT(rows.insert(entry.item.index).second);
        const auto place =
            std::find_if(left.begin(), left.end(), [&](const auto& l) { return l.second == entry.item.index; });
        RC_ASSERT(place != left.end());
        if (index.kind() == IndexKind::hnsw) continue;
        RC_ASSERT(entry.item == exact[0][p].item);
        RC_ASSERT(entry.score == exact[0][p].score);
        RC_ASSERT(std::abs(entry.score - left[p].first) <= 1e-4F * (1 + std::abs(entry.score)));
      }
    }
  };
  EXPECT_TRUE(rc::check(holds));
}

TEST_P(ListConformanceTest, ListsAreOrderedByScoreThenRow) {
  const Model& model = small_model();
  const TopLists lists = lists_of(model, known_users(kUsers), kItems);
  for (std::size_t u = 0; u < kUsers; ++u) {
    EXPECT_TRUE(std::is_sorted(lists[u].begin(), lists[u].end(), [](const ScoredItem& a, const ScoredItem& b) {
      return a.score != b.score ? a.score > b.score : a.item < b.item;
    }));
  }
}

TEST_P(ListConformanceTest, ListsAreTheSameAtAnyNumberOfThreads) {
  const Model& model = small_model();
  const TopLists once = lists_of(model, known_users(kUsers), 10);
  for (const unsigned threads : {2U, 7U}) {
    const TopLists again = lists_of(model, known_users(kUsers), 10, {}, threads);
    ASSERT_EQ(again.offsets, once.offsets);
    for (std::size_t e = 0; e < once.entries.size(); ++e) {
      ASSERT_EQ(again.entries[e].item, once.entries[e].item);
      ASSERT_EQ(again.entries[e].score, once.entries[e].score);
    }
  }
}

TEST_P(ListConformanceTest, FewerCandidatesThanAskedForGiveAShortList) {
  const Model& model = small_model();
  const Query query = Query::known(UserRow(0));
  const std::size_t ranked = model.ranks(ItemRow(39)) ? kItems : kItems - 1;
  const std::size_t unseen = ranked - small_data()->history(UserRow(0)).size();
  EXPECT_EQ(list_of(model, query, 1000).size(), unseen);
  EXPECT_THAT(list_of(model, query, 0), IsEmpty());
  const std::vector<std::uint32_t> all = list_of(model, query, kItems);
  const std::vector<ItemRow> one{ItemRow(std::size_t{all.back()})};
  EXPECT_EQ(list_of(model, query, 10, {.allowed = one}).size(), 1U);
  EXPECT_THAT(list_of(model, query, 10, {.allowed = one, .denied = one}), IsEmpty());
}

TEST_P(ListConformanceTest, OwnHistoryFoldedInGivesTheUsersOwnList) {
  if (!folds_in()) return;
  constexpr std::size_t kLength = 10;
  const Model& model = small_model();
  double shared = 0;
  double listed = 0;
  for (std::size_t u = 0; u + 1 < kUsers; ++u) {
    const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(u)));
    std::vector<std::uint32_t> known = list_of(model, Query::known(UserRow(u)), kLength);
    std::vector<std::uint32_t> folded = list_of(model, Query::with_history(history), kLength);
    ASSERT_EQ(known.size(), folded.size()) << "seen items are those of the history";
    std::sort(known.begin(), known.end());
    std::sort(folded.begin(), folded.end());
    std::vector<std::uint32_t> both;
    std::set_intersection(known.begin(), known.end(), folded.begin(), folded.end(), std::back_inserter(both));
    shared += static_cast<double>(both.size());
    listed += static_cast<double>(known.size());
  }
  // Scores that differ in the last bit may swap neighbors at the list's end.
  EXPECT_GE(shared, (abilities().fold_in == FoldIn::exact ? 0.99 : 0.5) * listed);
}

TEST_P(ListConformanceTest, UnknownItemsOfAHistoryAreSkippedAndCounted) {
  if (!folds_in()) return;
  const Model& model = small_model();
  const Vocabulary& items = small_data()->catalog().items;
  const std::vector<NamedEvent> with_unknown{{"i3", 5}, {"not yet made", 5}, {"i6", 4}, {"nor this", 1}};
  const std::vector<NamedEvent> without{{"i3", 5}, {"i6", 4}};
  const ResolvedHistory some = resolve_history(items, with_unknown);
  const ResolvedHistory all = resolve_history(items, without);
  EXPECT_EQ(some.unknown.size(), 2U);
  const std::vector<std::uint32_t> list = list_of(model, Query::with_history(some.events), 10);
  EXPECT_EQ(list, list_of(model, Query::with_history(all.events), 10));
  EXPECT_EQ(list.size(), 10U);
  EXPECT_EQ(std::count(list.begin(), list.end(), 3U) + std::count(list.begin(), list.end(), 6U), 0);
}

/// 80 items that some have, and 300 that nobody has; `described`: with features that tell of what taste items are.
std::shared_ptr<const Dataset> mostly_new(bool described) {
  std::vector<Event> events = test::three_tastes(60, 81)->events();
  const auto plain = test::dataset_of(60, 380, events);
  return described ? test::with_features(*plain, 3) : plain;
}

TEST_P(ListConformanceTest, ItemsWithoutEventsAreInNoListUnlessFeaturesScoreThem) {
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 2);
  }
  Context context({.threads = 2});
  for (const bool described : {false, true}) {
    if (!described && test::needs_features(info())) continue;
    const std::shared_ptr<const Model> model = fitted(mostly_new(described), 1, settings);
    const Recommender recommender(model);
    std::size_t new_items = 0, unranked = 0;
    const auto count = [&](const auto& items) {
      for (const AnsweredItem& item : items) {
        new_items += item.row.index >= 80 ? 1 : 0;
        unranked += model->ranks(item.row) ? 0 : 1;
      }
    };
    std::vector<RecommendRequest> requests;
    for (const std::string user : {"u0", "u1", "u58", "u59"}) {
      requests.push_back({.who = {.user = user}, .k = 380});
      requests.push_back({.who = {.user = user}, .k = 400, .filter = {.with_seen = true}});
    }
    if (folds_in()) requests.push_back({.who = {.history = {{.item = "i3", .value = 5.0F}}}, .k = 380});
    recommender.recommend(
        requests,
        [&](std::size_t, const RecommendAnswer& answer) {
          ASSERT_FALSE(answer.error) << answer.error->message();
          EXPECT_FALSE(answer.items.empty());
          count(answer.items);
        },
        context);
    if (abilities().similar_items) count(recommender.similar_items("i3", 380).items);
    EXPECT_EQ(unranked, 0U);
    if (!abilities().cold_items || !described) {
      EXPECT_EQ(new_items, info().name == "content" ? new_items : 0U);
    }
    if (!abilities().similar_items || model->ranks(ItemRow(200))) continue;
    EXPECT_EQ(test::code_of([&] { recommender.similar_items("i200", 5); }), ErrorCode::unsupported);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ListConformanceTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
