#include "gusto/data/split/split_ways.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/split/split.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/data/testing/lines.h"
#include "gusto/data/testing/split.h"

namespace gusto {
namespace {

using test::error_of;
using test::Line;
using test::make_data;
using test::named;
using test::split_of;
using test::staircase;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<std::string> items_of(const Catalog& catalog, std::span<const HistoryEvent> history) {
  std::vector<std::string> items;
  for (const HistoryEvent& event : history) items.emplace_back(catalog.items[event.item.index]);
  return items;
}

std::vector<Line> shuffled(std::vector<Line> lines) {
  Random(7, "test shuffle").shuffle(std::span(lines));
  return lines;
}

TEST(Kfold, EachEventIsTestedOnce) {
  const std::vector<Line> lines = staircase(6);  // 21 events
  const Split split = split_of(lines, "kfold:5");
  ASSERT_EQ(split.folds.size(), 5U);
  std::set<std::pair<std::string, std::string>> tested;
  std::vector<std::size_t> sizes;
  for (const Fold& fold : split.folds) {
    sizes.push_back(fold.test.size());
    EXPECT_EQ(fold.train->event_count() + fold.test.size(), 21U);
    for (const auto& event : named(fold.train->catalog(), fold.test)) EXPECT_TRUE(tested.insert(event).second);
  }
  EXPECT_EQ(tested.size(), 21U);
  EXPECT_THAT(sizes, ElementsAre(4, 4, 4, 4, 5));
  EXPECT_EQ(split.folds[1].name, "fold 2");
}

TEST(Holdout, ASecondNumberSetsEventsAside) {
  std::vector<Line> lines;
  for (const auto& [user, events] : std::map<std::string, int>{{"one", 1}, {"two", 2}, {"three", 3}, {"ten", 10}}) {
    for (int i = 0; i < events; ++i) lines.push_back({user, "i" + std::to_string(i)});
  }
  const Fold fold = split_of(lines, "holdout:0.1,0.1").folds[0];
  const Vocabulary& users = fold.train->catalog().users;
  std::map<std::string, std::vector<std::size_t>> parts;  // training, test, withheld
  for (std::size_t u = 0; u < users.size(); ++u) {
    const UserRow user(u);
    const auto tested =
        std::count_if(fold.test.begin(), fold.test.end(), [&](const Event& e) { return e.user == user; });
    const auto found = std::find(fold.withheld.users.begin(), fold.withheld.users.end(), user);
    const std::size_t withheld =
        found == fold.withheld.users.end()
            ? 0
            : fold.withheld[static_cast<std::size_t>(found - fold.withheld.users.begin())].size();
    parts[std::string(users[u])] = {fold.train->history(user).size(), static_cast<std::size_t>(tested), withheld};
  }
  EXPECT_THAT(parts, ElementsAre(Pair("one", ElementsAre(1, 0, 0)), Pair("ten", ElementsAre(8, 1, 1)),
                                 Pair("three", ElementsAre(1, 1, 1)), Pair("two", ElementsAre(1, 1, 0))));
  EXPECT_EQ(fold.receipt.withheld, 2U);
}

// Twelve users with ten events each at times 1 … 10, and one item that only one of them has.
std::vector<Line> dozen() {
  std::vector<Line> lines;
  for (int u = 0; u < 12; ++u) {
    for (int i = 0; i < 10; ++i) {
      const std::string item = i == 0 ? "only u" + std::to_string(u) : "i" + std::to_string(i);
      lines.push_back({"u" + std::to_string(u), item, 3, i + 1});
    }
  }
  return lines;
}

TEST(Users, HeldOutOnesBringFourFifthsOfTheirEvents) {
  const Split split = split_of(dozen(), "users:0.25");
  const Fold& fold = split.folds[0];
  EXPECT_EQ(fold.receipt.train_users, 9U);
  EXPECT_EQ(fold.receipt.test_users, 3U);
  EXPECT_EQ(fold.receipt.unseen_user_share, 1);
  // Of nine known items each, floor(.2 · 9) = 1 is to be found; that which only they have counts for nothing.
  EXPECT_EQ(fold.test.size(), 3U);
  EXPECT_EQ(fold.receipt.history_users, 3U);
  EXPECT_EQ(fold.receipt.history_events, 24U);
  EXPECT_EQ(fold.receipt.untrained_items, 3U);
  EXPECT_EQ(split.candidates.size(), 18U);  // nine for all, nine of one user each
  for (std::size_t t = 0; t < fold.test.size(); ++t) {
    const Query query = fold.query(t);
    EXPECT_EQ(query.user, fold.test[t].user);
    EXPECT_EQ(query.time, kNoTime);
    EXPECT_EQ(fold.train->history(*query.user).size(), 0U);
    ASSERT_EQ(query.history.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_NE(query.history[i].item, fold.test[t].item);
      if (i == 0) continue;
      EXPECT_LT(query.history[i - 1].time, query.history[i].time);
    }
  }
}

TEST(Users, MayBeANumberAndLeaveOthersOut) {
  const Fold fold = split_of(dozen(), "users:4,2").folds[0];
  EXPECT_EQ(fold.receipt.test_users, 4U);
  EXPECT_EQ(fold.receipt.train_users, 6U);
  const Error error = error_of([] { split_of(dozen(), "users:13"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("12"));
  EXPECT_EQ(error_of([] { split_of(dozen(), "users:12"); }).code(), ErrorCode::empty_dataset);
}

TEST(ColdItems, AreTestedWithAllTheirEvents) {
  const std::vector<Line> lines = dozen();  // 12 users; 9 items of all of them and 12 of one each
  const Split split = split_of(lines, "cold-items:0.2");
  const Fold& fold = split.folds[0];
  EXPECT_EQ(fold.receipt.test_items, 4U);  // round(.2 · 21)
  EXPECT_EQ(fold.receipt.train_items, 17U);
  EXPECT_EQ(fold.receipt.unseen_item_share, 1);
  EXPECT_EQ(fold.receipt.train_events + fold.receipt.test_events, lines.size());
  EXPECT_EQ(split.candidates.size(), 21U);
  EXPECT_TRUE(fold.candidates.empty());

  const Split alone = split_of(lines, "cold-items:0.2,alone");
  EXPECT_EQ(alone.candidates, split.candidates);
  EXPECT_EQ(fold.candidates_or(split.candidates).size(), 21U);
  EXPECT_EQ(alone.folds[0].candidates_or(alone.candidates).size(), 4U);
  ASSERT_EQ(alone.folds[0].candidates.size(), 4U);
  EXPECT_EQ(alone.folds[0].receipt.candidates, 4U);
  EXPECT_NE(alone.folds[0].receipt.hash, fold.receipt.hash) << "other items are ranked";
  std::set<ItemRow> tested;
  for (const Event& event : fold.test) tested.insert(event.item);
  EXPECT_EQ(std::vector<ItemRow>(tested.begin(), tested.end()), alone.folds[0].candidates);
}

TEST(ColdItems, MayBeANumber) {
  EXPECT_EQ(split_of(dozen(), "cold-items:5").folds[0].receipt.test_items, 5U);
  const Error error = error_of([] { split_of(dozen(), "cold-items:22"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("21"));
  EXPECT_EQ(error_of([] { split_of(dozen(), "cold-items:21"); }).code(), ErrorCode::empty_dataset);
}

TEST(Rolling, TrainsOnThePastAndTestsOnTheNextWindow) {
  std::vector<Line> lines;
  for (int i = 1; i <= 10; ++i) lines.push_back({"u", "i" + std::to_string(i), 1, i});
  const Split split = split_of(lines, "rolling:4");
  ASSERT_EQ(split.folds.size(), 4U);
  for (std::size_t w = 0; w < 4; ++w) {
    const SplitReceipt& receipt = split.folds[w].receipt;
    const auto end = static_cast<std::int64_t>(2 * w + 2);
    EXPECT_EQ(receipt.train_first, 1);
    EXPECT_EQ(receipt.train_last, end);
    EXPECT_EQ(receipt.test_first, end + 1);
    EXPECT_EQ(receipt.test_last, end + 2);
  }
  EXPECT_EQ(split.folds[0].name, "window 2");
}

TEST(Rolling, EqualTimesStayInTheEarlierWindow) {
  std::vector<Line> lines;
  for (const int time : {1, 2, 2, 3, 4, 5}) lines.push_back({"u", "i" + std::to_string(lines.size()), 1, time});
  const Split split = split_of(lines, "rolling:2");  // windows would end after events 2 and 4
  EXPECT_EQ(split.folds[0].receipt.train_events, 3U);
  EXPECT_EQ(split.folds[0].receipt.test_events, 1U);
  EXPECT_EQ(split.folds[1].receipt.train_events, 4U);
  EXPECT_EQ(split.folds[1].receipt.test_events, 2U);
}

TEST(Prequential, EachEventHasTheHistoryUpToIt) {
  const auto data = make_data({{"a", "p", 1, 1},
                               {"a", "q", 1, 2},
                               {"b", "p", 1, 3},
                               {"a", "z", 1, 5},
                               {"new", "q", 1, 6},
                               {"a", "r", 1, 7},
                               {"new", "p", 1, 8}});
  SplitOptions options;
  options.spec = parse_split("prequential:0.4");  // three of seven
  const Fold fold = make_split(data, options).folds[0];
  const Catalog& catalog = data->catalog();
  EXPECT_EQ(fold.receipt.train_events, 3U);
  ASSERT_EQ(fold.test.size(), 4U);
  EXPECT_TRUE(fold.receipt.each_event);
  std::map<std::string, std::pair<std::vector<std::string>, std::int64_t>> asked;
  for (std::size_t t = 0; t < 4; ++t) {
    const Query query = fold.query(t);
    EXPECT_EQ(query.user, fold.test[t].user);
    const std::string who(catalog.users[fold.test[t].user.index]);
    asked[who + " " + std::string(catalog.items[fold.test[t].item.index])] = {items_of(catalog, query.history),
                                                                              query.time};
  }
  EXPECT_THAT(asked,
              ElementsAre(Pair("a r", Pair(ElementsAre("p", "q", "z"), 7)), Pair("a z", Pair(ElementsAre("p", "q"), 5)),
                          Pair("new p", Pair(ElementsAre("q"), 8)), Pair("new q", Pair(ElementsAre(), 6))));
  // Each user's events are kept once, whatever the number of questions.
  EXPECT_EQ(fold.histories.events.size(), 6U);
}

TEST(DrawnNegatives, AreItemsThatTheUserHasNot) {
  std::vector<Line> lines = dozen();
  for (int i = 0; i < 300; ++i) lines.push_back({"reader", "book " + std::to_string(i), 1, i});
  for (const char* spec : {"negatives:4", "negatives:99"}) {  // by drawing again, and from a list
    const Fold fold = split_of(lines, spec).folds[0];
    const Catalog& catalog = fold.train->catalog();
    ASSERT_EQ(fold.given.users.size(), 13U);
    EXPECT_TRUE(fold.receipt.drawn);
    for (std::size_t u = 0; u < fold.given.users.size(); ++u) {
      const std::span<const ItemRow> items = fold.given[u];
      EXPECT_EQ(items.size(), std::string(spec) == "negatives:4" ? 5U : catalog.users[u] == "reader" ? 22U : 100U);
      EXPECT_TRUE(std::is_sorted(items.begin(), items.end()));
      EXPECT_EQ(std::adjacent_find(items.begin(), items.end()), items.end());
      EXPECT_EQ(fold.test[u].user, fold.given.users[u]);
      EXPECT_EQ(std::count(items.begin(), items.end(), fold.test[u].item), 1);
      for (const ItemRow seen : fold.train->history(fold.given.users[u]).items) {
        EXPECT_EQ(std::count(items.begin(), items.end(), seen), 0);
      }
    }
  }
}

TEST(DrawnNegatives, NobodyIsTestedWithoutAny) {
  const Fold fold =
      split_of({{"all", "x", 1, 1}, {"all", "y", 1, 2}, {"some", "x", 1, 1}, {"some", "z", 1, 2}, {"all", "z", 1, 3}},
               "negatives:9")
          .folds[0];
  ASSERT_EQ(fold.test.size(), 1U);
  EXPECT_EQ(fold.train->catalog().users[fold.test[0].user.index], "some");
}

TEST(SplitWays, NeitherOrderNorThreadsChangeThem) {
  for (const char* spec : {"kfold:3", "users:0.25", "users:0.25,2", "rolling:3", "prequential:0.5", "negatives:4",
                           "holdout:0.2,0.1", "cold-items:0.3", "cold-items:0.3,alone"}) {
    const Split given = split_of(dozen(), spec);
    const Split other = split_of(shuffled(dozen()), spec);
    ASSERT_EQ(given.folds.size(), other.folds.size()) << spec;
    for (std::size_t f = 0; f < given.folds.size(); ++f) {
      EXPECT_EQ(given.folds[f].receipt.hash, other.folds[f].receipt.hash) << spec;
      EXPECT_EQ(to_json(receipt_from_json(to_json(given.folds[f].receipt))), to_json(given.folds[f].receipt)) << spec;
    }
    if (std::string_view(spec).starts_with("rolling") || std::string_view(spec).starts_with("preq")) continue;
    EXPECT_NE(given.folds[0].receipt.hash, split_of(dozen(), spec, 43).folds[0].receipt.hash) << spec;
  }
}

TEST(SplitWays, TheHashKnowsWhatTestUsersBring) {
  // The same two parts; another event in the history, and another withheld.
  EXPECT_NE(split_of(dozen(), "prequential:0.5").folds[0].receipt.hash,
            split_of(dozen(), "time:0.5").folds[0].receipt.hash);
}

TEST(SplitWays, TimesAreNeededByName) {
  for (const char* spec : {"rolling:2", "prequential:0.8", "negatives:3"}) {
    EXPECT_EQ(error_of([&] { split_of({{"a", "x"}, {"a", "y"}}, spec); }).code(), ErrorCode::invalid_input) << spec;
  }
}

}  // namespace
}  // namespace gusto
