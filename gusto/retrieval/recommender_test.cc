#include "gusto/retrieval/recommender.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/search.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::ask;
using test::error_of;
using test::film_ids;
using test::fitted_on_films;
using test::one_thread;
using test::scored;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Recommender& knn_films() {
  static const Recommender result(fitted_on_films("item-knn"));
  return result;
}

/// What search() gives for a query, as ids and scores.
std::vector<std::pair<std::string, float>> searched(const Recommender& recommender, const Query& query, std::size_t k,
                                                    const SearchFilter& filter = {}) {
  const TopLists lists = search(recommender.model(), {&query, 1}, k, filter, one_thread());
  std::vector<std::pair<std::string, float>> result;
  for (const ScoredItem& entry : lists[0]) {
    result.emplace_back(recommender.data().catalog().items[entry.item.index], entry.score);
  }
  return result;
}

TEST(Recommender, AnswersAKnownUserAsSearchDoes) {
  const RecommendAnswer answer = ask(knn_films(), {.who = {.user = "u7"}, .k = 5});
  EXPECT_EQ(scored(answer.items), searched(knn_films(), Query::known(UserRow(7)), 5));
  EXPECT_EQ(answer.who.name, "user u7");
  EXPECT_EQ(answer.items.front().title, "Film " + answer.items.front().id.substr(1) + " (1990)");
  EXPECT_EQ(knn_films().data().catalog().items[answer.items.front().row.index], answer.items.front().id);
  EXPECT_THAT(answer.notes, IsEmpty());
}

TEST(Recommender, AnswersAHistoryByIdsAndTitles) {
  const std::vector<HistoryEvent> history{{ItemRow(3), 5, kNoTime}, {ItemRow(6), 2, kNoTime}};
  const RecommendAnswer answer = ask(knn_films(), {.who = {.history = {{"Film 3", 5.0F}, {"i6", 2.0F}}}, .k = 4});
  EXPECT_EQ(scored(answer.items), searched(knn_films(), Query::with_history(history), 4));
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 5, Film 6 (1990): 2)");
  ASSERT_EQ(answer.who.history.size(), 2u);
  EXPECT_EQ(answer.who.history[0].item, "i3");
  EXPECT_EQ(answer.who.history[0].title, "Film 3 (1990)");
}

TEST(Recommender, TakesTheHighestValueWhereNoneIsGiven) {
  const float highest = knn_films().data().scale().high;
  EXPECT_EQ(ask(knn_films(), {.who = {.history = {{"i3"}}}}).who.history[0].value, highest);
}

TEST(Recommender, PutsAHistoryInOrderOfTime) {
  const Recommender sequential(fitted_on_films("sequential"));
  const std::vector<HistoryEvent> ordered{{ItemRow(3), 5, 10}, {ItemRow(9), 4, 20}, {ItemRow(6), 5, kNoTime}};
  const RecommendAnswer answer =
      ask(sequential, {.who = {.history = {{"i6", 5.0F}, {"i9", 4.0F, 20}, {"i3", 5.0F, 10}}}, .k = 4});
  EXPECT_EQ(scored(answer.items), searched(sequential, Query::with_history(ordered), 4));
  EXPECT_EQ(answer.who.history[0].item, "i6") << "what it understood is in the request's order";
}

TEST(Recommender, AddsFreshEventsToAKnownUsersHistory) {
  for (const std::string name : {"svd", "item-knn", "sequential"}) {
    const Recommender recommender(fitted_on_films(name));
    const UserRow user(7);
    const std::vector<HistoryEvent> stored = events_of(recommender.data().history(user));
    ASSERT_GT(stored.size(), 3u);
    const std::set<ItemRow> seen(recommender.data().history(user).items.begin(),
                                 recommender.data().history(user).items.end());
    std::vector<ItemRow> unseen;
    for (std::size_t i = 0; i + 1 < recommender.data().item_count(); ++i) {
      if (!seen.contains(ItemRow(i))) unseen.emplace_back(i);
    }
    // One between the stored ones, one that was rated before, and one without a time.
    const std::int64_t between = stored[1].time;
    std::vector<HistoryEvent> merged{stored[0], stored[1]};
    for (std::size_t e = 2; e < stored.size() && stored[e].time == between; ++e) merged.push_back(stored[e]);
    const std::size_t later = merged.size();
    merged.push_back({unseen[0], 4, between});
    merged.insert(merged.end(), stored.begin() + static_cast<std::ptrdiff_t>(later), stored.end());
    std::erase_if(merged, [&](const HistoryEvent& event) { return event.item == stored[0].item; });
    merged.push_back({stored[0].item, 1, stored.back().time + 5});
    merged.push_back({unseen[1], 5, kNoTime});

    const auto id = [&](ItemRow item) { return std::string(recommender.data().catalog().items[item.index]); };
    const RecommendRequest request{.who = {.user = "u7",
                                           .history = {{id(unseen[1]), 5.0F},
                                                       {id(stored[0].item), 1.0F, stored.back().time + 5},
                                                       {id(unseen[0]), 4.0F, between}}},
                                   .k = 6};
    const RecommendAnswer answer = ask(recommender, request);
    Query query = Query::known(user);
    query.history = merged;
    EXPECT_EQ(scored(answer.items), searched(recommender, query, 6)) << name;
    EXPECT_THAT(answer.who.name, HasSubstr("user u7 after 3 new events (")) << name;
    for (const AnsweredItem& item : answer.items) EXPECT_FALSE(seen.contains(item.row) || item.row == unseen[0]);
  }
}

TEST(Recommender, LeavesUnknownItemsOutAndSaysSo) {
  const RecommendAnswer answer = ask(knn_films(), {.who = {.history = {{"xyzzy plugh", 3.0F}, {"i3", 5.0F}}}});
  EXPECT_THAT(answer.who.unknown, ElementsAre("xyzzy plugh"));
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 5)");
  const RecommendAnswer known = ask(knn_films(), {.who = {.user = "u7", .history = {{"xyzzy plugh"}}}, .k = 3});
  EXPECT_THAT(known.who.unknown, ElementsAre("xyzzy plugh"));
  EXPECT_EQ(scored(known.items), searched(knn_films(), Query::known(UserRow(7)), 3)) << "as if nothing were new";
  EXPECT_EQ(error_of([] { ask(knn_films(), {.who = {.history = {{"xyzzy plugh"}}}}); }).code(), ErrorCode::not_found);
}

TEST(Recommender, ReadsTypedHistories) {
  const std::vector<RequestEvent> events = knn_films().parse_history("Film 3:4,xyzzy plugh,Film 6");
  const RecommendAnswer answer = ask(knn_films(), {.who = {.history = events}});
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 4, Film 6 (1990): 5)");
  EXPECT_THAT(answer.who.unknown, ElementsAre("xyzzy plugh"));
}

TEST(Recommender, WithIdsTakesNoNameThatIsNearlyRight) {
  const Recommender strict(fitted_on_films("item-knn"), nullptr, ItemNames::ids);
  EXPECT_THAT(ask(strict, {.who = {.history = {{"i3"}, {"Film 6 (1990)"}}}}).who.unknown, ElementsAre("Film 6 (1990)"));
  EXPECT_EQ(error_of([&] { strict.similar_items("Film 6 (1990)", 3); }).code(), ErrorCode::not_found);
  EXPECT_EQ(strict.similar_items("i6", 3).item.title, "Film 6 (1990)");
}

TEST(Recommender, AnswersFeatures) {
  const Recommender demographic(fitted_on_films("demographic"));
  const std::vector<FeatureValue> features{{"taste", "t1"}};
  Query query;
  query.features = features;
  const RecommendAnswer answer = ask(demographic, {.who = {.features = {{"taste", "t1"}}}, .k = 4});
  EXPECT_EQ(scored(answer.items), searched(demographic, query, 4));
  EXPECT_EQ(answer.who.name, "someone new (taste=t1)");
}

struct ClockOptions {};
extern const ModelInfo kClockInfo;

/// Scores every item by the time of asking.
class ClockModel final : public ModelWith<ClockOptions, kClockInfo> {
 public:
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  void save_state(TensorWriter&) const override {}

 private:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < scores.rows; ++q) {
      std::fill(scores.row(q).begin(), scores.row(q).end(), static_cast<float>(queries[q].time));
    }
  }
};
constexpr ModelInfo kClockInfo{
    .name = "clock", .summary = "", .about = "", .fields = {}, .abilities = {.timed = true}, .make = nullptr};

TEST(Recommender, AsksForTheTimeOfTheRequest) {
  auto model = std::make_unique<ClockModel>();
  model->fit(test::films_with_titles(), Task::top_n, one_thread());
  const Recommender clock(std::move(model));
  EXPECT_EQ(ask(clock, {.who = {.user = "u7", .time = 5}, .k = 1}).items[0].score, 5.0F);
  EXPECT_EQ(clock.score({.user = "u7", .time = 7}, std::vector<std::string>{"i3"}).items[0].score, 7.0F);
  const auto scores = clock.score(std::vector<UserItem>{{"u7", "i3", 8}, {"u7", "i4", 9}});
  EXPECT_EQ(scores[0], 8.0F);
  EXPECT_EQ(scores[1], 9.0F);
}

TEST(Recommender, AnswersEveryoneAndSaysWhatIsNotKnown) {
  const Recommender popular(fitted_on_films("popularity"));
  const RecommendAnswer answer = ask(popular, {.k = 3});
  EXPECT_EQ(answer.who.name, "everyone");
  EXPECT_THAT(answer.notes, ElementsAre("Nothing is known of this person."));
  EXPECT_EQ(scored(answer.items), searched(popular, Query{}, 3));
}

TEST(Recommender, FiltersByWhatAFeatureIsNot) {
  const auto asked = [](const ItemCondition& condition) {
    return film_ids(ask(knn_films(), {.who = {.user = "u7"}, .k = 100, .filter = {.where = {condition}}}).items);
  };
  const auto with = asked({"genre", "rare"});
  const auto without = asked({"genre", "rare", "!="});
  const auto all = film_ids(ask(knn_films(), {.who = {.user = "u7"}, .k = 100}).items);
  EXPECT_FALSE(with.empty());
  EXPECT_EQ(with.size() + without.size(), all.size());
  for (const auto& id : with) EXPECT_EQ(std::count(without.begin(), without.end(), id), 0);
  EXPECT_EQ(error_of([&] { asked({"genre", "rare", ">"}); }).code(), ErrorCode::invalid_option);
  EXPECT_EQ(error_of([&] { asked({"genre", "raer", "!="}); }).hint(), "Did you mean rare?");
}

TEST(Recommender, FiltersByOnlyExcludeWhereAndSeen) {
  const auto ids = [](const ItemFilter& filter) {
    return film_ids(ask(knn_films(), {.who = {.user = "u7"}, .k = 100, .filter = filter}).items);
  };
  const std::vector<std::string> all = ids({});
  const Catalog& catalog = knn_films().data().catalog();
  const auto has = [&](const std::string& id, const std::string& genre) {
    return catalog.item_features.at("genres").matches(*catalog.items.find(id), genre);
  };
  std::vector<std::string> expected;
  for (const std::string& id : all) {
    if (has(id, "g2") && has(id, "rare")) expected.push_back(id);
  }
  EXPECT_EQ(ids({.where = {{"genre", "g2"}, {"genres", "RARE"}}}), expected);
  EXPECT_THAT(expected, Not(IsEmpty()));

  EXPECT_EQ(ids({.only = {all[3], catalog.title(ItemRow(*catalog.items.find(all[1])))}}),
            (std::vector{all[1], all[3]}));
  EXPECT_EQ(ids({.only = {all[1], all[3]}, .exclude = {all[1]}}), std::vector{all[3]});

  const std::string seen(catalog.items[knn_films().data().history(UserRow(7)).items[0].index]);
  EXPECT_THAT(ids({.only = {seen}}), IsEmpty());
  EXPECT_THAT(ids({.only = {seen}, .with_seen = true}), ElementsAre(seen));
}

TEST(Recommender, SaysWhatIsWrongWithARequest) {
  const auto error = [](const RecommendRequest& request) { return error_of([&] { ask(knn_films(), request); }); };
  EXPECT_EQ(error({.who = {.user = "nobody"}}).message(), "The model's training data has no user \"nobody\".");
  EXPECT_EQ(error({.who = {.user = "nobody"}}).code(), ErrorCode::not_found);
  EXPECT_EQ(error({.who = {.history = {{"i3"}, {"Film 3 (1990)"}}}}).message(),
            "The history names Film 3 (1990) twice.");
  EXPECT_EQ(error({.who = {.history = {{"i3", NAN}}}}).code(), ErrorCode::invalid_input);
  EXPECT_EQ(error({.who = {.features = {{"tastes", "t1"}}}}).hint(), "Did you mean taste?");
  EXPECT_EQ(error({.filter = {.where = {{"gnre", "g1"}}}}).hint(), "Did you mean genres?");
  EXPECT_EQ(error({.filter = {.where = {{"genre", "g9"}}}}).message(), "No item has genres \"g9\".");
  EXPECT_EQ(error({.filter = {.where = {{"genre", "g1"}, {"genre", "g2"}}}}).message(),
            "No item meets all of these conditions.");
  EXPECT_EQ(error({.filter = {.exclude = {"Film"}}}).code(), ErrorCode::invalid_input) << "many titles begin so";
  EXPECT_EQ(error({.filter = {.only = {"xyzzy plugh"}}}).code(), ErrorCode::not_found);
}

TEST(Recommender, IsUsedAsItsHeaderSays) {
  const test::TemporaryFolder folder;
  save_model(*fitted_on_films("item-knn"), {}, folder.path() / "films.gusto");
  const Recommender films = Recommender::open(folder.path() / "films.gusto", one_thread());
  std::ostringstream out;

  RecommendRequest request;
  request.who.user = "u7";
  request.who.history = {{.item = "Film 3 (1990)", .value = 5.0F}, {.item = "Film 6 (1990)"}};
  request.filter.where = {{"genre", "g1"}};
  request.k = 3;
  for (const AnsweredItem& item : films.recommend(request, one_thread()).items) {
    out << item.id << ' ' << item.title << ' ' << item.score << '\n';
  }
  EXPECT_THAT(out.str(), AllOf(HasSubstr("i"), HasSubstr(" Film ")));

  std::vector<std::size_t> stored;
  const std::vector<RecommendRequest> requests{request, {.who = {.user = "nobody"}}, request};
  films.recommend(
      requests,
      [&](std::size_t place, RecommendAnswer answer) {
        stored.push_back(place);
        EXPECT_EQ(answer.error.has_value(), place == 1);
      },
      one_thread());
  EXPECT_THAT(stored, ElementsAre(0u, 1u, 2u));
}

}  // namespace
}  // namespace gusto
