#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::ask;
using test::error_of;
using test::film_ids;
using test::fitted_on_films;
using test::one_thread;
using test::scored;
using testing::ElementsAre;

TEST(RecommenderQuestions, GivesReasonsThatSumToTheScore) {
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
    const auto cause = std::find_if(item.reasons.begin(), item.reasons.end(),
                                    [](const Reason& reason) { return reason.item.has_value(); });
    ASSERT_NE(cause, item.reasons.end());
    EXPECT_EQ(cause->text, "Film " + cause->item->substr(1) + " (1990)");
  }
  EXPECT_EQ(ask(svd, {.who = {.user = "u7"}, .k = 1, .reasons = 2}).items[0].reasons.size(), 2u);
  const Recommender silent(fitted_on_films("bpr"));
  EXPECT_EQ(error_of([&] { ask(silent, {.who = {.user = "u7"}, .reasons = 2}); }).code(), ErrorCode::unsupported);
}

TEST(RecommenderQuestions, NamesSimilarUsersAsReasons) {
  const Recommender users(fitted_on_films("user-knn"));
  const ExplainAnswer explained = users.explain({.user = "u7"}, "i9");
  const auto named = std::find_if(explained.item.reasons.begin(), explained.item.reasons.end(),
                                  [](const Reason& reason) { return reason.user.has_value(); });
  ASSERT_NE(named, explained.item.reasons.end());
  EXPECT_EQ(named->text, "user " + *named->user);
}

TEST(RecommenderQuestions, FindsSimilarItemsAndUsers) {
  const Recommender knn(fitted_on_films("item-knn"));
  const SimilarItemsAnswer items = knn.similar_items("Film 3", 4);
  EXPECT_EQ(items.item.id, "i3");
  ASSERT_EQ(items.items.size(), 4u);
  std::vector<float> similarity(knn.data().item_count());
  knn.model().item_similarity(ItemRow(3), similarity);
  for (const AnsweredItem& item : items.items) {
    EXPECT_NE(item.id, "i3");
    EXPECT_EQ(item.score, similarity[item.row.index]);
  }
  const Recommender by_users(fitted_on_films("user-knn"));
  const SimilarUsersAnswer users = by_users.similar_users({.user = "u7"}, 5);
  ASSERT_EQ(users.users.size(), 5u);
  for (const SimilarUser& user : users.users) {
    EXPECT_NE(user.id, "u7");
    const UserRow row(*by_users.data().catalog().users.find(user.id));
    EXPECT_EQ(user.events, by_users.data().history(row).size());
  }
  EXPECT_EQ(error_of([] { Recommender(fitted_on_films("bias")).similar_items("i3", 2); }).code(),
            ErrorCode::unsupported);
}

TEST(RecommenderQuestions, PredictsWithinTheScale) {
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
  const Recommender knn(fitted_on_films("item-knn"));
  const auto scores = knn.score(pairs);
  const std::vector<float> all = test::scores_of(knn.model(), Query::known(UserRow(7)));
  EXPECT_NEAR(*scores[0], all[3], 1e-5);
  EXPECT_FALSE(scores[1] || scores[2]);
  EXPECT_NEAR(*scores[3], all[6], 1e-5);
  EXPECT_NEAR(knn.score({.user = "u7"}, names).items[1].score, all[6], 1e-5);

  const Recommender bayes(fitted_on_films("bayes-fm"));
  EXPECT_GT(bayes.predict({.user = "u7"}, names).items[0].stddev.value(), 0);
  EXPECT_GT(bayes.predict(pairs)[0]->stddev.value(), 0);
}

TEST(RecommenderQuestions, DrawsAChartOfEachGenre) {
  const Recommender popular(fitted_on_films("popularity"));
  const ChartAnswer chart = popular.chart({.k = 2, .values = 3}, one_thread());
  EXPECT_EQ(chart.by, "genres");
  EXPECT_EQ(chart.who.name, "everyone");
  ASSERT_EQ(chart.groups.size(), 3u);
  EXPECT_GE(chart.groups[0].events, chart.groups[1].events);
  for (const ChartGroup& group : chart.groups) {
    const RecommendAnswer same = ask(popular, {.k = 2, .filter = {.where = {{"genres", group.value}}}});
    EXPECT_EQ(scored(group.items), scored(same.items));
  }
  const ChartAnswer part = popular.chart({.by = "director", .filter = {.where = {{"genre", "g1"}}}}, one_thread());
  for (const ChartGroup& group : part.groups) {
    for (const AnsweredItem& item : group.items) EXPECT_EQ(item.row.index % 3, 1u);
  }
  EXPECT_EQ(error_of([&] { popular.chart({.by = "title"}, one_thread()); }).code(), ErrorCode::invalid_option);
}

TEST(RecommenderQuestions, AnswersByAPipelineWithWhatItsStagesMade) {
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
  const PipelineLists lists = alone.recommend(queries, 5, {}, one_thread());
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

TEST(RecommenderQuestions, AsksAPipelinesRankingModelInItsOwnRows) {
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
  const ChartAnswer one = mixed.chart({.who = {.user = "u7"}}, one_thread());
  const ChartAnswer other = alone.chart({.who = {.user = "u7"}}, one_thread());
  ASSERT_EQ(one.groups.size(), other.groups.size());
  const auto same = [](const ChartGroup& a, const ChartGroup& b) { return scored(a.items) == scored(b.items); };
  for (const ChartGroup& group : one.groups) {
    EXPECT_TRUE(std::any_of(other.groups.begin(), other.groups.end(),
                            [&](const ChartGroup& b) { return b.value == group.value && same(group, b); }));
  }
}

TEST(RecommenderQuestions, OpensModelFilesWithTheirIndexAndPipelineFiles) {
  const test::TemporaryFolder folder;
  const auto model = fitted_on_films("svd");
  const Index index = Index::build(*model, {.kind = IndexKind::int8}, one_thread());
  save_model(*model, {}, folder.path() / "films.gusto", [&](TensorWriter& out) { index.save(out); });
  const Recommender opened = Recommender::open(folder.path() / "films.gusto", one_thread());
  ASSERT_NE(opened.index(), nullptr);
  EXPECT_EQ(opened.index()->kind(), IndexKind::int8);
  const RecommendRequest request{.who = {.user = "u7"}, .k = 4};
  const std::vector<std::pair<std::string, float>> right = scored(ask(Recommender(model), request).items);
  EXPECT_EQ(scored(ask(opened, request).items), right);

  const std::string file = folder.write("p.toml", "[[candidates]]\nmodel = \"films.gusto\"\n");
  const Recommender pipeline = Recommender::open_pipeline(file, one_thread());
  ASSERT_NE(pipeline.pipeline(), nullptr);
  EXPECT_EQ(film_ids(ask(pipeline, request).items), film_ids(ask(opened, request).items));
  EXPECT_EQ(error_of([&] { Recommender::open(folder.path() / "none.gusto", one_thread()); }).code(),
            ErrorCode::not_found);

  const auto other = fitted_on_films("biased-mf");
  const auto foreign = std::make_shared<const Index>(Index::build(*other, {.kind = IndexKind::exact}, one_thread()));
  EXPECT_EQ(error_of([&] { Recommender(model, foreign); }).code(), ErrorCode::invalid_option);
  const std::shared_ptr<const Model> unfitted = make_model("svd", {});
  EXPECT_EQ(error_of([&] { Recommender{unfitted}; }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace gusto
