#include "gusto/retrieval/recommender.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/search.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::error_of;
using test::film_ids;
using test::fitted_on_films;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Context& context() {
  static Context result({.threads = 1});
  return result;
}

const Recommender& knn() {
  static const Recommender result(fitted_on_films("item-knn"));
  return result;
}

RecommendAnswer ask(const Recommender& recommender, const RecommendRequest& request) {
  return recommender.recommend(request, context());
}

/// What search() gives for a query, as ids and scores.
std::vector<std::pair<std::string, float>> searched(const Recommender& recommender, const Query& query, std::size_t k,
                                                    const SearchFilter& filter = {}) {
  const TopLists lists = search(recommender.model(), {&query, 1}, k, filter, context());
  std::vector<std::pair<std::string, float>> result;
  for (const ScoredItem& entry : lists[0]) {
    result.emplace_back(recommender.data().catalogue().items[entry.item.index], entry.score);
  }
  return result;
}

std::vector<std::pair<std::string, float>> scored(const std::vector<AnsweredItem>& items) {
  std::vector<std::pair<std::string, float>> result;
  for (const AnsweredItem& item : items) result.emplace_back(item.id, item.score);
  return result;
}

TEST(Recommender, AnswersAKnownUserAsSearchDoes) {
  const RecommendAnswer answer = ask(knn(), {.who = {.user = "u7"}, .k = 5});
  EXPECT_EQ(scored(answer.items), searched(knn(), Query::known(UserRow(7)), 5));
  EXPECT_EQ(answer.who.name, "user u7");
  EXPECT_EQ(answer.items.front().title, "Film " + answer.items.front().id.substr(1) + " (1990)");
  EXPECT_EQ(knn().data().catalogue().items[answer.items.front().row.index], answer.items.front().id);
  EXPECT_THAT(answer.notes, IsEmpty());
}

TEST(Recommender, AnswersAHistoryByIdsAndTitles) {
  const std::vector<HistoryEvent> history{{ItemRow(3), 5, kNoTime}, {ItemRow(6), 2, kNoTime}};
  const RecommendAnswer answer = ask(knn(), {.who = {.history = {{"Film 3", 5.0F}, {"i6", 2.0F}}}, .k = 4});
  EXPECT_EQ(scored(answer.items), searched(knn(), Query::with_history(history), 4));
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 5, Film 6 (1990): 2)");
  ASSERT_EQ(answer.who.history.size(), 2u);
  EXPECT_EQ(answer.who.history[0].item, "i3");
  EXPECT_EQ(answer.who.history[0].title, "Film 3 (1990)");
}

TEST(Recommender, TakesTheHighestValueWhereNoneIsGiven) {
  const float highest = knn().data().scale().high;
  EXPECT_EQ(ask(knn(), {.who = {.history = {{"i3"}}}}).who.history[0].value, highest);
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
  for (const std::string_view name : {"svd", "item-knn", "sequential"}) {
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

    const auto id = [&](ItemRow item) { return std::string(recommender.data().catalogue().items[item.index]); };
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
  const RecommendAnswer answer = ask(knn(), {.who = {.history = {{"xyzzy plugh", 3.0F}, {"i3", 5.0F}}}});
  EXPECT_THAT(answer.who.unknown, ElementsAre("xyzzy plugh"));
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 5)");
  const RecommendAnswer known = ask(knn(), {.who = {.user = "u7", .history = {{"xyzzy plugh"}}}, .k = 3});
  EXPECT_THAT(known.who.unknown, ElementsAre("xyzzy plugh"));
  EXPECT_EQ(scored(known.items), searched(knn(), Query::known(UserRow(7)), 3)) << "as if nothing were new";
  EXPECT_EQ(error_of([] { ask(knn(), {.who = {.history = {{"xyzzy plugh"}}}}); }).code(), ErrorCode::not_found);
}

TEST(Recommender, ReadsTypedHistories) {
  const std::vector<RequestEvent> events = knn().parse_history("Film 3:4,xyzzy plugh,Film 6");
  const RecommendAnswer answer = ask(knn(), {.who = {.history = events}});
  EXPECT_EQ(answer.who.name, "someone new (Film 3 (1990): 4, Film 6 (1990): 5)");
  EXPECT_THAT(answer.who.unknown, ElementsAre("xyzzy plugh"));
}

TEST(Recommender, WithIdsTakesNoNameThatIsNearlyRight) {
  const Recommender strict(fitted_on_films("item-knn"), nullptr, ItemNames::ids);
  EXPECT_THAT(ask(strict, {.who = {.history = {{"i3"}, {"Film 6 (1990)"}}}}).who.unknown, ElementsAre("Film 6 (1990)"));
  EXPECT_EQ(error_of([&] { strict.similar_items("Film 6 (1990)", 3); }).code(), ErrorCode::not_found);
  EXPECT_EQ(strict.similar_items("i6", 3).item.title, "Film 6 (1990)");
}

TEST(Recommender, AnswersFeaturesAndTime) {
  const Recommender demographic(fitted_on_films("demographic"));
  const std::vector<FeatureValue> features{{"taste", "t1"}};
  Query query;
  query.features = features;
  const RecommendAnswer answer = ask(demographic, {.who = {.features = {{"taste", "t1"}}}, .k = 4});
  EXPECT_EQ(scored(answer.items), searched(demographic, query, 4));
  EXPECT_EQ(answer.who.name, "someone new (taste=t1)");

  const Recommender timed(fitted_on_films("bias", {{"day_bins", "4"}}));
  Query later = Query::known(UserRow(7));
  later.time = 1'004'000;
  EXPECT_EQ(timed.score({.user = "u7", .time = later.time}, std::vector<std::string>{"i3"}).items[0].score,
            test::scores_of(timed.model(), later)[3]);
}

TEST(Recommender, AnswersEveryoneAndSaysWhatIsNotKnown) {
  const Recommender popular(fitted_on_films("popularity"));
  const RecommendAnswer answer = ask(popular, {.k = 3});
  EXPECT_EQ(answer.who.name, "everyone");
  EXPECT_THAT(answer.notes, ElementsAre("Nothing is known of this person."));
  EXPECT_EQ(scored(answer.items), searched(popular, Query{}, 3));
}

TEST(Recommender, FiltersByOnlyExcludeWhereAndSeen) {
  const auto ids = [](const ItemFilter& filter) {
    return film_ids(ask(knn(), {.who = {.user = "u7"}, .k = 100, .filter = filter}).items);
  };
  const std::vector<std::string> all = ids({});
  const Catalogue& catalogue = knn().data().catalogue();
  const auto has = [&](const std::string& id, const std::string& genre) {
    return catalogue.item_features.at("genres").matches(*catalogue.items.find(id), genre);
  };
  std::vector<std::string> expected;
  for (const std::string& id : all) {
    if (has(id, "g1") && has(id, "rare")) expected.push_back(id);
  }
  EXPECT_EQ(ids({.where = {{"genre", "g1"}, {"genres", "RARE"}}}), expected);
  EXPECT_THAT(expected, Not(IsEmpty()));

  EXPECT_EQ(ids({.only = {all[3], catalogue.title(ItemRow(*catalogue.items.find(all[1])))}}),
            (std::vector{all[1], all[3]}));
  EXPECT_EQ(ids({.only = {all[1], all[3]}, .exclude = {all[1]}}), std::vector{all[3]});

  const std::string seen(catalogue.items[knn().data().history(UserRow(7)).items[0].index]);
  EXPECT_THAT(ids({.only = {seen}}), IsEmpty());
  EXPECT_THAT(ids({.only = {seen}, .with_seen = true}), ElementsAre(seen));
}

TEST(Recommender, SaysWhatIsWrongWithARequest) {
  const auto error = [](const RecommendRequest& request) { return error_of([&] { ask(knn(), request); }); };
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

TEST(Recommender, GivesReasonsThatSumToTheScore) {
  const Recommender svd(fitted_on_films("svd"));
  const RecommendAnswer answer = ask(svd, {.who = {.user = "u7"}, .k = 3, .reasons = 1'000});
  for (const AnsweredItem& item : answer.items) {
    double sum = 0;
    for (const Reason& reason : item.reasons) sum += reason.amount;
    EXPECT_NEAR(sum, item.score, 1e-4);
    const ExplainAnswer explained = svd.explain({.user = "u7"}, item.title);
    EXPECT_EQ(explained.item.id, item.id);
    ASSERT_EQ(explained.item.reasons.size(), item.reasons.size());
    EXPECT_NEAR(explained.item.score, item.score, 1e-4);
    EXPECT_EQ(item.reasons[0].text, knn().data().catalogue().title(ItemRow(
                                        *knn().data().catalogue().items.find(item.reasons[0].item.value()))));
  }
  EXPECT_EQ(ask(svd, {.who = {.user = "u7"}, .k = 1, .reasons = 2}).items[0].reasons.size(), 2u);
  const Recommender silent(fitted_on_films("bpr"));
  EXPECT_EQ(error_of([&] { ask(silent, {.who = {.user = "u7"}, .reasons = 2}); }).code(), ErrorCode::unsupported);
}

TEST(Recommender, NamesSimilarUsersAsReasons) {
  const Recommender users(fitted_on_films("user-knn"));
  const ExplainAnswer explained = users.explain({.user = "u7"}, "i9");
  const auto named = std::find_if(explained.item.reasons.begin(), explained.item.reasons.end(),
                                  [](const Reason& reason) { return reason.user.has_value(); });
  ASSERT_NE(named, explained.item.reasons.end());
  EXPECT_EQ(named->text, "user " + *named->user);
}

TEST(Recommender, FindsSimilarItemsAndUsers) {
  const SimilarItemsAnswer items = knn().similar_items("Film 3", 4);
  EXPECT_EQ(items.item.id, "i3");
  ASSERT_EQ(items.items.size(), 4u);
  std::vector<float> similarity(knn().data().item_count());
  knn().model().item_similarity(ItemRow(3), similarity);
  for (const AnsweredItem& item : items.items) {
    EXPECT_NE(item.id, "i3");
    EXPECT_EQ(item.score, similarity[item.row.index]);
  }
  const Recommender by_users(fitted_on_films("user-knn"));
  const SimilarUsersAnswer users = by_users.similar_users({.user = "u7"}, 5);
  ASSERT_EQ(users.users.size(), 5u);
  for (const SimilarUser& user : users.users) {
    EXPECT_NE(user.id, "u7");
    const UserRow row(*by_users.data().catalogue().users.find(user.id));
    EXPECT_EQ(user.events, by_users.data().history(row).size());
  }
  EXPECT_EQ(error_of([] { Recommender(fitted_on_films("bias")).similar_items("i3", 2); }).code(),
            ErrorCode::unsupported);
}

TEST(Recommender, PredictsWithinTheScale) {
  const Recommender bias(fitted_on_films("bias"));
  const std::vector<std::string> names{"i3", "Film 6"};
  const PredictAnswer answer = bias.predict({.user = "u7"}, names);
  ASSERT_EQ(answer.items.size(), 2u);
  const std::vector<Query> queries(2, Query::known(UserRow(7)));
  std::vector<float> values(2);
  bias.model().predict(queries, std::vector{ItemRow(3), ItemRow(6)}, values);
  const Scale scale = bias.data().scale();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(answer.items[i].score, std::clamp(values[i], scale.low, scale.high));
    EXPECT_FALSE(answer.items[i].stddev.has_value());
  }
  const std::vector<UserItem> pairs{{"u7", "i3"}, {"nobody", "i3"}, {"u7", "Film 3"}, {"u7", "i6"}};
  const auto predictions = bias.predict(pairs);
  EXPECT_EQ(predictions[0]->value, answer.items[0].score);
  EXPECT_FALSE(predictions[1] || predictions[2]) << "pairs go by ids alone";
  EXPECT_EQ(predictions[3]->value, answer.items[1].score);
  const auto scores = knn().score(pairs);
  const std::vector<float> all = test::scores_of(knn().model(), Query::known(UserRow(7)));
  EXPECT_NEAR(*scores[0], all[3], 1e-5);
  EXPECT_FALSE(scores[1] || scores[2]);
  EXPECT_NEAR(*scores[3], all[6], 1e-5);
  EXPECT_NEAR(knn().score({.user = "u7"}, names).items[1].score, all[6], 1e-5);

  const Recommender bayes(fitted_on_films("bayes-fm"));
  EXPECT_GT(bayes.predict({.user = "u7"}, names).items[0].stddev.value(), 0);
  EXPECT_GT(bayes.predict(pairs)[0]->stddev.value(), 0);
}

TEST(Recommender, DrawsAChartOfEachGenre) {
  const Recommender popular(fitted_on_films("popularity"));
  const ChartAnswer chart = popular.chart({.k = 2, .values = 3}, context());
  EXPECT_EQ(chart.by, "genres");
  EXPECT_EQ(chart.who.name, "everyone");
  ASSERT_EQ(chart.groups.size(), 3u);
  EXPECT_GE(chart.groups[0].events, chart.groups[1].events);
  for (const ChartGroup& group : chart.groups) {
    const RecommendAnswer same = ask(popular, {.k = 2, .filter = {.where = {{"genres", group.value}}}});
    EXPECT_EQ(scored(group.items), scored(same.items));
  }
  const ChartAnswer part = popular.chart({.by = "director", .filter = {.where = {{"genre", "g1"}}}}, context());
  for (const ChartGroup& group : part.groups) {
    for (const AnsweredItem& item : group.items) EXPECT_EQ(item.row.index % 3, 1u);
  }
  EXPECT_EQ(error_of([&] { popular.chart({.by = "title"}, context()); }).code(), ErrorCode::invalid_option);
}

TEST(Recommender, AnswersByAPipelineWithWhatItsStagesMade) {
  const auto spec = [] {
    PipelineSpec result;
    result.candidates = {{.label = "knn", .model = "item-knn", .count = 15}, {.label = "popular"}};
    result.ranking = RankingStage{.model = "svd"};
    result.rerank.diversity = 0.3;
    return result;
  };
  const auto models = [](const std::filesystem::path& name) -> PipelineModel { return fitted_on_films(name.string()); };
  const Pipeline alone(spec(), models);
  const Recommender recommender(Pipeline(spec(), models));
  const std::vector<Query> queries{Query::known(UserRow(7))};
  const PipelineLists lists = alone.recommend(queries, 5, {}, context());
  const RecommendAnswer answer = ask(recommender, {.who = {.user = "u7"}, .k = 5, .reasons = 1});
  ASSERT_EQ(answer.items.size(), lists[0].size());
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    const PipelineItem& expected = lists[0][i];
    const StageScores& stages = answer.items[i].stages.value();
    EXPECT_EQ(answer.items[i].row, expected.item);
    EXPECT_EQ(answer.items[i].score, expected.relevance);
    EXPECT_EQ(stages.source, alone.source_label(expected.source));
    EXPECT_EQ(stages.source_place, expected.source_place);
    EXPECT_EQ(stages.ranking_score, expected.ranking_score);
    EXPECT_EQ(stages.reranked.similarity, expected.reranked.similarity);
    EXPECT_EQ(answer.items[i].reasons.size(), 1u);
  }
  EXPECT_EQ(recommender.model().info().name, "svd") << "the ranking model answers the other questions";
  EXPECT_THAT(ask(recommender, {.who = {.user = "u59"}, .k = 3}).notes,
              ElementsAre("Nothing is known of this person: popular items answer."));
}

TEST(Recommender, AsksAPipelinesRankingModelInItsOwnRows) {
  PipelineSpec spec;
  spec.candidates = {{.label = "knn", .model = "straight"}};
  spec.ranking = RankingStage{.model = "turned"};
  const auto turned = fitted_on_films("svd", {}, true);
  const Recommender mixed(Pipeline(spec, [&](const std::filesystem::path& name) -> PipelineModel {
    return name == "turned" ? turned : fitted_on_films("svd");
  }));
  const Recommender alone(turned);
  EXPECT_EQ(scored(mixed.similar_items("Film 3", 5).items), scored(alone.similar_items("Film 3", 5).items));
  const std::vector<std::string> names{"i3", "i9"};
  EXPECT_EQ(scored(mixed.score({.user = "u7"}, names).items), scored(alone.score({.user = "u7"}, names).items));
  EXPECT_EQ(mixed.explain({.user = "u7"}, "i9").item.reasons[0].item,
            alone.explain({.user = "u7"}, "i9").item.reasons[0].item);
  const ChartAnswer one = mixed.chart({.who = {.user = "u7"}}, context());
  const ChartAnswer other = alone.chart({.who = {.user = "u7"}}, context());
  ASSERT_EQ(one.groups.size(), other.groups.size());
  const auto same = [](const ChartGroup& a, const ChartGroup& b) { return scored(a.items) == scored(b.items); };
  for (const ChartGroup& group : one.groups) {
    EXPECT_TRUE(std::any_of(other.groups.begin(), other.groups.end(),
                            [&](const ChartGroup& b) { return b.value == group.value && same(group, b); }));
  }
}

TEST(Recommender, OpensModelFilesWithTheirIndexAndPipelineFiles) {
  const test::TemporaryFolder folder;
  const auto model = fitted_on_films("svd");
  const Index index = Index::build(*model, {.kind = IndexKind::int8}, context());
  save_model(*model, {}, folder.path() / "films.gusto", [&](TensorWriter& out) { index.save(out); });
  const Recommender opened = Recommender::open(folder.path() / "films.gusto", context());
  ASSERT_NE(opened.index(), nullptr);
  EXPECT_EQ(opened.index()->kind(), IndexKind::int8);
  const RecommendRequest request{.who = {.user = "u7"}, .k = 4};
  const std::vector<std::pair<std::string, float>> right = scored(ask(Recommender(model), request).items);
  EXPECT_EQ(scored(ask(opened, request).items), right);

  const std::string file = folder.write("p.toml", "[[candidates]]\nmodel = \"films.gusto\"\n");
  const Recommender pipeline = Recommender::open_pipeline(file, context());
  ASSERT_NE(pipeline.pipeline(), nullptr);
  EXPECT_EQ(film_ids(ask(pipeline, request).items), film_ids(ask(opened, request).items));
  EXPECT_EQ(error_of([&] { Recommender::open(folder.path() / "none.gusto", context()); }).code(),
            ErrorCode::not_found);

  const auto other = fitted_on_films("biased-mf");
  const auto foreign = std::make_shared<const Index>(Index::build(*other, {.kind = IndexKind::exact}, context()));
  EXPECT_EQ(error_of([&] { Recommender(model, foreign); }).code(), ErrorCode::invalid_option);
  const std::shared_ptr<const Model> unfitted = make_model("svd", {});
  EXPECT_EQ(error_of([&] { Recommender{unfitted}; }).code(), ErrorCode::unsupported);
}

TEST(Recommender, IsUsedAsItsHeaderSays) {
  const test::TemporaryFolder folder;
  save_model(*fitted_on_films("item-knn"), {}, folder.path() / "films.gusto");
  const Recommender films = Recommender::open(folder.path() / "films.gusto", context());
  std::ostringstream out;

  RecommendRequest request;
  request.who.user = "u7";
  request.who.history = {{.item = "Film 3 (1990)", .value = 5.0F}, {.item = "Film 6 (1990)"}};
  request.filter.where = {{"genre", "g1"}};
  request.k = 3;
  for (const AnsweredItem& item : films.recommend(request, context()).items) {
    out << item.id << ' ' << item.title << ' ' << item.score << '\n';
  }
  EXPECT_THAT(out.str(), AllOf(HasSubstr("i"), HasSubstr(" Film ")));

  std::vector<std::size_t> stored;
  const std::vector<RecommendRequest> requests{request, {.who = {.user = "nobody"}}, request};
  films.recommend(
      requests, [&](std::size_t place, RecommendAnswer answer) {
        stored.push_back(place);
        EXPECT_EQ(answer.error.has_value(), place == 1);
      },
      context());
  EXPECT_THAT(stored, ElementsAre(0u, 1u, 2u));
}

}  // namespace
}  // namespace gusto
