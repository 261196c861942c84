#include "gusto/retrieval/pipeline.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

using test::error_of;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kPeople = 60;
constexpr std::size_t kFilms = 40;

struct NoChoices {};
extern const ModelInfo kClosedInfo;

/// Answers only for users it was trained on, by item row.
class ClosedModel final : public ModelWith<NoChoices, kClosedInfo> {
 public:
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}

 private:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_score(std::span<const Query>, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < scores.rows; ++q) {
      for (std::size_t i = 0; i < scores.cols; ++i) scores(q, i) = static_cast<float>(i);
    }
  }
};
constexpr ModelInfo kClosedInfo{
    .name = "closed", .summary = "", .about = "", .fields = {}, .abilities = {}, .make = nullptr};

/// Gives everyone the same scores.
class FunctionModel final : public ModelWith<NoChoices, kClosedInfo> {
 public:
  explicit FunctionModel(std::vector<float> scores) : scores_(std::move(scores)) {}
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}

 private:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_score(std::span<const Query>, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < scores.rows; ++q) std::copy(scores_.begin(), scores_.end(), scores.row(q).begin());
  }

  std::vector<float> scores_;
};

/// Three tastes again, with genres and directors. `turned`: all rows in reverse order; `part`: without every fifth
/// event.
std::shared_ptr<const Dataset> films(bool turned = false, bool part = false, std::size_t items = kFilms) {
  const auto row = [&](std::size_t i, std::size_t count) { return turned ? count - 1 - i : i; };
  auto catalog = std::make_shared<Catalog>();
  FeatureField genres, director;
  genres.name = "genres";
  genres.kind = FeatureKind::multi;
  director.name = "director";
  for (std::size_t u = 0; u < kPeople; ++u) catalog->users.add("u" + std::to_string(row(u, kPeople)));
  for (std::size_t n = 0; n < items; ++n) {
    const std::size_t i = row(n, items);
    catalog->items.add("i" + std::to_string(i));
    genres.append("g" + std::to_string(i % 3) + (i % 5 == 0 ? "|rare" : ""));
    director.append("d" + std::to_string(i % 7));
  }
  std::vector<FeatureField> fields{genres, director};
  catalog->item_features = FeatureTable(std::move(fields));
  std::vector<Event> events;
  for (Event event : test::three_tastes(kPeople, kFilms)->events()) {
    if (part && (event.user.index + event.item.index) % 5 == 0) continue;
    event.user = UserRow(row(event.user.index, kPeople));
    event.item = ItemRow(row(event.item.index, items));
    events.push_back(event);
  }
  return std::make_shared<const Dataset>(catalog, events);
}

std::shared_ptr<const Model> fitted(std::string_view name, const std::shared_ptr<const Dataset>& data) {
  Settings settings;
  for (const Field& field : find_model(name).fields) {
    if (field.name == "dim") settings.emplace_back("dim", 4);
    if (field.name == "epochs") settings.emplace_back("epochs", 5);
  }
  std::shared_ptr<Model> model = make_model(name, settings);
  Context context({.threads = 1});
  model->fit(data, Task::ratings, context);
  return model;
}

/// Models that all tests share, by the names that specs use.
std::shared_ptr<const Model> shared_model(const std::filesystem::path& name) {
  static const std::map<std::string, std::shared_ptr<const Model>> models{
      {"svd", fitted("svd", films())},
      {"knn", fitted("item-knn", films())},
      {"mf", fitted("biased-mf", films())},
      {"popular", fitted("popularity", films())},
      {"knn-part", fitted("item-knn", films(false, true))},
      {"mf-turned", fitted("biased-mf", films(true))},
      {"knn-turned-part", fitted("item-knn", films(true, true))},
      {"svd-more", fitted("svd", films(false, false, kFilms + 1))},
  };
  return models.at(name.string());
}

Pipeline opened(PipelineSpec spec) { return Pipeline(std::move(spec), shared_model); }

PipelineSpec sources(const std::vector<std::string>& names, std::size_t count = 200) {
  PipelineSpec spec;
  for (const std::string& name : names) {
    spec.candidates.push_back({.label = name, .model = name == "popularity" ? "" : name, .count = count});
  }
  return spec;
}

/// A fitted FunctionModel that scores these items 1 and others 0.
std::shared_ptr<const Model> fixed_model(const std::set<std::size_t>& better) {
  std::vector<float> scores(kFilms);
  for (const std::size_t item : better) scores[item] = 1;
  auto model = std::make_shared<FunctionModel>(std::move(scores));
  Context context({.threads = 1});
  model->fit(films(), Task::top_n, context);
  return model;
}

std::vector<PipelineItem> list_of(const Pipeline& pipeline, const Query& query, std::size_t k,
                                  const SearchFilter& filter = {}) {
  Context context({.threads = 1});
  const PipelineLists lists = pipeline.recommend({&query, 1}, k, filter, context);
  return {lists[0].begin(), lists[0].end()};
}

std::vector<std::string> ids_of(const Pipeline& pipeline, const std::vector<PipelineItem>& list) {
  std::vector<std::string> ids;
  for (const PipelineItem& entry : list) ids.emplace_back(pipeline.data().catalog().items[entry.item.index]);
  return ids;
}

const Query kSomeone = Query::known(UserRow(7));
const Query kNobody = Query::known(UserRow(kPeople - 1));

TEST(Pipeline, OfOneModelGivesWhatSearchGives) {
  for (const std::string name : {"svd", "knn", "popular"}) {
    for (const std::size_t count : {3U, 200U}) {
      const Pipeline pipeline = opened(sources({name}, count));
      Context context({.threads = 1});
      const TopLists expected = search(*shared_model(name), {&kSomeone, 1}, 10, SearchFilter{}, context);
      const std::vector<PipelineItem> list = list_of(pipeline, kSomeone, 10);
      ASSERT_EQ(list.size(), expected[0].size());
      for (std::size_t i = 0; i < list.size(); ++i) {
        EXPECT_EQ(list[i].item, expected[0][i].item);
        EXPECT_EQ(list[i].source_score, expected[0][i].score);
        EXPECT_EQ(list[i].source_place, i + 1);
        EXPECT_EQ(list[i].reranked.candidate, i);
        EXPECT_FALSE(list[i].ranking_score.has_value());
      }
      EXPECT_EQ(list.front().relevance, 1);
    }
  }
}

TEST(Pipeline, TakesCandidatesFromAnIndex) {
  const std::shared_ptr<const Model> model = shared_model("svd");
  Context context({.threads = 1});
  IndexOptions options;
  options.kind = IndexKind::int8;
  const auto index = std::make_shared<const Index>(Index::build(*model, options, context));
  const Pipeline indexed(sources({"svd"}), [&](const std::filesystem::path&) { return PipelineModel(model, index); });
  const std::vector<PipelineItem> list = list_of(indexed, kSomeone, 10);
  const TopLists expected = search(*model, *index, {&kSomeone, 1}, 10, SearchFilter{}, context);
  ASSERT_EQ(list.size(), expected[0].size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i].item, expected[0][i].item);
    EXPECT_EQ(list[i].source_score, expected[0][i].score);
  }
}

TEST(Pipeline, RanksCandidatesByTheRankingModel) {
  PipelineSpec spec = sources({"knn"}, 12);
  spec.ranking = RankingStage{.model = "mf"};
  const std::vector<PipelineItem> list = list_of(opened(spec), kSomeone, 12);
  ASSERT_EQ(list.size(), 12u);
  const std::vector<float> scores = test::scores_of(*shared_model("mf"), kSomeone);
  std::set<std::size_t> places;
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_NEAR(list[i].ranking_score.value(), scores[list[i].item.index], 1e-5);
    EXPECT_TRUE(i == 0 || *list[i - 1].ranking_score >= *list[i].ranking_score);
    places.insert(list[i].source_place);
  }
  EXPECT_EQ(places.size(), 12u) << "the candidates are the first twelve of the source";
  EXPECT_EQ(*places.rbegin(), 12u);
  EXPECT_EQ(list.front().relevance, 1);
  EXPECT_EQ(list.back().relevance, 0);
}

TEST(Pipeline, MixesRelevancesByWeight) {
  PipelineSpec spec = sources({"knn"}, 12);
  const std::vector<PipelineItem> found = list_of(opened(spec), kSomeone, 12);
  spec.ranking = RankingStage{.model = "mf"};
  const std::vector<PipelineItem> ranked = list_of(opened(spec), kSomeone, 12);
  spec.ranking->weight = 0.25;
  const auto relevance_in = [](const std::vector<PipelineItem>& list, ItemRow item) {
    return std::find_if(list.begin(), list.end(), [item](const auto& entry) { return entry.item == item; })->relevance;
  };
  const std::vector<PipelineItem> mixed = list_of(opened(spec), kSomeone, 12);
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    const ItemRow item = mixed[i].item;
    EXPECT_NEAR(mixed[i].relevance, 0.25F * relevance_in(ranked, item) + 0.75F * relevance_in(found, item), 1e-6);
    EXPECT_TRUE(i == 0 || mixed[i - 1].relevance >= mixed[i].relevance);
  }
}

TEST(Pipeline, SaysWhichSourceHadAnItemHighest) {
  PipelineSpec spec = sources({"knn", "popularity"}, 5);
  spec.merge = Merge::best_rank;
  const Pipeline pipeline = opened(spec);
  const std::vector<PipelineItem> list = list_of(pipeline, kSomeone, 10);
  ASSERT_GE(list.size(), 5u);
  EXPECT_EQ(pipeline.source_label(list[0].source), "knn");
  EXPECT_EQ(list[0].source_place, 1u);
  const auto popular = std::find_if(list.begin(), list.end(), [](const auto& entry) { return entry.source == 1; });
  ASSERT_NE(popular, list.end());
  EXPECT_EQ(popular->source_score, pipeline.data().item_events(popular->item).size());
}

TEST(Pipeline, GivesPopularItemsToTheEmptyHanded) {
  const Pipeline popular = opened(sources({"popularity", "svd"}));
  const std::vector<std::string> expected = ids_of(popular, list_of(popular, kNobody, 8));
  Query unheard;
  for (const std::string name : {"knn", "popular"}) {
    const Pipeline pipeline = opened(sources({name}));
    EXPECT_EQ(ids_of(pipeline, list_of(pipeline, kNobody, 8)), expected);
    const std::vector<PipelineItem> list = list_of(pipeline, unheard, 8);
    EXPECT_EQ(ids_of(pipeline, list), expected);
    EXPECT_EQ(pipeline.source_label(list[0].source), "popularity");
  }
}

TEST(Pipeline, GivesPopularItemsToWhomNoModelAnswers) {
  auto closed = std::make_shared<ClosedModel>();
  Context context({.threads = 1});
  closed->fit(films(), Task::top_n, context);
  PipelineSpec spec = sources({"closed"});
  spec.ranking = RankingStage{.model = "closed"};
  const Pipeline pipeline(spec, [&](const std::filesystem::path&) -> std::shared_ptr<const Model> { return closed; });
  EXPECT_EQ(list_of(pipeline, kSomeone, 1).front().ranking_score, kFilms - 1);
  const std::vector<HistoryEvent> history{{ItemRow(3), 5, kNoTime}};
  const std::vector<PipelineItem> list = list_of(pipeline, Query::with_history(history), 5);
  ASSERT_EQ(list.size(), 5u);
  EXPECT_EQ(pipeline.source_label(list[0].source), "popularity");
  EXPECT_FALSE(list[0].ranking_score.has_value());
}

TEST(Pipeline, TiesAreNoAnswerOnlyIfAllCandidatesTie) {
  const std::set<std::size_t> some{0, 1, 2, 11, 17, 23, 28, 30, 31, 35};
  const std::set<std::size_t> none;
  const auto source_of = [](const std::set<std::size_t>& better, std::size_t count, std::size_t k) {
    const auto model = fixed_model(better);
    const Pipeline pipeline(sources({"told"}, count), [&](const std::filesystem::path&) { return model; });
    const std::vector<PipelineItem> list = list_of(pipeline, kSomeone, k, {.exclude_seen = false});
    EXPECT_EQ(list.size(), k);
    for (const PipelineItem& entry : list) {
      EXPECT_TRUE(entry.source == 1 || better.count(entry.item.index) == 1) << entry.item.index;
    }
    return std::string(pipeline.source_label(list.at(0).source));
  };
  for (const std::size_t length : {1U, 3U, 10U}) {
    EXPECT_EQ(source_of(some, length, length), "told") << length;
    EXPECT_EQ(source_of(none, length, length), "popularity") << length;
  }
  // All that the filter leaves with one score, and a single candidate, which nothing can be compared with.
  const auto model = fixed_model(some);
  const Pipeline pipeline(sources({"told"}), [&](const std::filesystem::path&) { return model; });
  const std::vector<ItemRow> tied{ItemRow(11), ItemRow(17)}, one{ItemRow(11)};
  const auto label = [&](std::span<const ItemRow> allowed) {
    const SearchFilter filter{.exclude_seen = false, .allowed = allowed};
    return pipeline.source_label(list_of(pipeline, kSomeone, 2, filter).at(0).source);
  };
  EXPECT_EQ(label(tied), "popularity");
  EXPECT_EQ(label(one), "told");
}

TEST(Pipeline, ARankingModelThatScoresAllCandidatesAlikeHasNoAnswer) {
  PipelineSpec spec = sources({"knn"}, 6);
  const std::vector<PipelineItem> found = list_of(opened(spec), kSomeone, 6);
  spec.ranking = RankingStage{.model = "told"};
  const auto ranked_by = [&](const std::set<std::size_t>& better, std::size_t k) {
    const auto model = fixed_model(better);
    const Pipeline pipeline(spec, [&](const std::filesystem::path& name) -> PipelineModel {
      return name == "told" ? model : shared_model(name);
    });
    return list_of(pipeline, kSomeone, k);
  };
  const std::vector<PipelineItem> list = ranked_by({}, 6);
  ASSERT_EQ(list.size(), found.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i].item, found[i].item);
    EXPECT_EQ(list[i].relevance, found[i].relevance);
    EXPECT_FALSE(list[i].ranking_score.has_value());
  }
  EXPECT_EQ(ranked_by({found[4].item.index}, 6).front().item, found[4].item);
  spec.candidates[0].count = 1;
  EXPECT_EQ(ranked_by({}, 1).front().ranking_score, 0.0F) << "a single score is like no other";
}

TEST(Pipeline, AsksByHistoryAboutUsersWhomAModelDoesNotKnow) {
  const auto data = films();
  auto strangers = std::make_shared<Catalog>();
  for (std::size_t u = 0; u < kPeople; ++u) strangers->users.add("stranger" + std::to_string(u));
  for (std::size_t i = 0; i < kFilms; ++i) strangers->items.add("i" + std::to_string(i));
  const auto ranker = fitted("biased-mf", std::make_shared<const Dataset>(strangers, data->events()));
  PipelineSpec spec = sources({"knn"});
  spec.ranking = RankingStage{.model = "ranker"};
  const Pipeline pipeline(
      spec, [&](const std::filesystem::path& name) { return name == "ranker" ? ranker : shared_model(name); });
  const std::vector<HistoryEvent> history = events_of(data->history(*kSomeone.user));
  const std::vector<float> scores = test::scores_of(*ranker, Query::with_history(history));
  const std::vector<PipelineItem> list = list_of(pipeline, kSomeone, 5);
  ASSERT_EQ(list.size(), 5u);
  for (const PipelineItem& entry : list) EXPECT_NEAR(entry.ranking_score.value(), scores[entry.item.index], 1e-5);
}

TEST(Pipeline, MatchesRowsById) {
  PipelineSpec spec = sources({"knn"}, 15);
  spec.ranking = RankingStage{.model = "mf"};
  PipelineSpec turned = spec;
  turned.ranking->model = "mf-turned";
  const Pipeline straight = opened(spec), mixed = opened(turned);
  const std::vector<PipelineItem> list = list_of(mixed, kSomeone, 15);
  ASSERT_EQ(list.size(), 15u);
  const std::vector<float> scores =
      test::scores_of(*shared_model("mf-turned"), Query::known(UserRow(kPeople - 1 - kSomeone.user->index)));
  for (const PipelineItem& entry : list) {
    EXPECT_NEAR(*entry.ranking_score, scores[kFilms - 1 - entry.item.index], 1e-5);
  }
  std::vector<std::string> a = ids_of(straight, list_of(straight, kSomeone, 15)), b = ids_of(mixed, list);
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  EXPECT_EQ(a, b) << "the candidates are the same";
}

TEST(Pipeline, RefusesModelsOfOtherItems) {
  const Error error = error_of([] { opened(sources({"svd", "svd-more"})); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_EQ(error.message(), "svd was not trained on the items of svd-more: it lacks 1 of their 41, such as \"i40\".");
}

TEST(Pipeline, RefusesSpecsThatMakeNoSense) {
  const auto message = [](const PipelineSpec& spec) { return error_of([&] { opened(spec); }).message(); };
  EXPECT_THAT(message({}), HasSubstr("no source of candidates"));
  EXPECT_THAT(message(sources({"popularity"})), HasSubstr("names no model"));
  EXPECT_THAT(message(sources({"svd", "svd"})), HasSubstr("Two sources have the label \"svd\""));
  EXPECT_THAT(message(sources({"svd"}, 0)), HasSubstr("0 candidates"));
  PipelineSpec spec = sources({"knn"});
  spec.rerank.caps = {{"genre", 3}};
  EXPECT_THAT(error_of([&] { opened(spec); }).hint(), HasSubstr("genres"));
  spec.rerank.caps = {{"genres", 0}};
  EXPECT_THAT(message(spec), HasSubstr("At most 0"));
  spec = sources({"knn"});
  spec.rerank.diversity = 0.5;
  spec.rerank.diversity_by = DiversityBy::embedding;
  EXPECT_THAT(message(spec), HasSubstr("item vectors"));
  spec.rerank.diversity = 2;
  EXPECT_THAT(message(spec), HasSubstr("diversity has a share of 2"));
  spec = sources({"svd"});
  spec.ranking = RankingStage{.model = "mf", .weight = -1};
  EXPECT_THAT(message(spec), HasSubstr("weight of -1"));
}

TEST(Pipeline, RefusesRowsOutsideTheCatalog) {
  const Pipeline pipeline = opened(sources({"svd", "knn-turned-part"}));
  const std::vector<ItemRow> outside{ItemRow(kFilms)};
  const std::vector<HistoryEvent> history{{ItemRow(kFilms), 3, kNoTime}};
  for (const auto& error : {error_of([&] { list_of(pipeline, kSomeone, 3, {.allowed = outside}); }),
                            error_of([&] { list_of(pipeline, kSomeone, 3, {.denied = outside}); }),
                            error_of([&] { list_of(pipeline, Query::with_history(history), 3); }),
                            error_of([&] { list_of(pipeline, Query::known(UserRow(kPeople)), 3); })}) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_THAT(error.message(), HasSubstr("outside the catalog"));
  }
}

TEST(Pipeline, DiversityByEmbeddingComparesItemVectors) {
  PipelineSpec spec = sources({"svd"});
  spec.rerank.diversity = 0.5;
  spec.rerank.diversity_by = DiversityBy::embedding;
  const std::vector<PipelineItem> list = list_of(opened(spec), kSomeone, 6);
  ASSERT_EQ(list.size(), 6u);
  const MatrixView<const float> vectors = shared_model("svd")->item_vectors();
  std::vector<float> cosines(kFilms);
  for (std::size_t i = 1; i < list.size(); ++i) {
    cosine_to_rows(vectors, vectors.row(list[i].item.index), cosines);
    float closest = -1;
    for (std::size_t above = 0; above < i; ++above) closest = std::max(closest, cosines[list[above].item.index]);
    EXPECT_NEAR(list[i].reranked.similarity, closest, 1e-4);
  }
}

TEST(Pipeline, CalibrationBringsTheListCloserToTheHistory) {
  PipelineSpec spec = sources({"popular"});
  const auto divergence = [&](double share) {
    spec.rerank.calibration = share;
    return list_of(opened(spec), kSomeone, 8).back().reranked.divergence;
  };
  EXPECT_LT(divergence(0.9), 0.5 * divergence(1e-6));
}

TEST(Pipeline, PopularityPenaltyFavorsTheLessKnown) {
  PipelineSpec spec = sources({"popular"});
  const auto events = [&](double share) {
    spec.rerank.popularity_penalty = share;
    const Pipeline pipeline = opened(spec);
    std::size_t sum = 0;
    for (const PipelineItem& entry : list_of(pipeline, kSomeone, 8))
      sum += pipeline.data().item_events(entry.item).size();
    return sum;
  };
  EXPECT_LT(events(0.8), events(0));
}

/// Any pipeline, user and filter.
struct RandomPipeline {
  PipelineSpec spec;
  std::vector<HistoryEvent> history;
  Query query;
  std::vector<ItemRow> allowed, denied;
  SearchFilter filter;
  std::size_t k;

  explicit RandomPipeline(std::uint64_t seed) {
    Random random(seed, "pipeline test");
    std::vector<std::string> names;
    for (const std::string name : {"svd", "knn-turned-part", "popularity", "knn-part", "popular"}) {
      if (random.below(2) == 0) names.push_back(name);
    }
    if (names.empty() || names == std::vector<std::string>{"popularity"}) names.push_back("knn");
    spec = sources(names, 1 + random.below(20));
    if (random.below(2) == 0) spec.merge = Merge::best_rank;
    spec.scale = static_cast<ScoreScale>(random.below(3));
    if (random.below(2) == 0) spec.ranking = RankingStage{.model = random.below(2) == 0 ? "mf" : "mf-turned"};
    spec.rerank.diversity = random.below(2) == 0 ? 0 : 0.3;
    spec.rerank.calibration = random.below(2) == 0 ? 0 : 0.3;
    spec.rerank.popularity_penalty = random.below(2) == 0 ? 0 : 0.3;
    if (random.below(2) == 0) spec.rerank.caps = {{"director", 1 + random.below(3)}, {"genres", 1 + random.below(5)}};
    query = Query::known(UserRow(random.below(kPeople)));
    if (random.below(3) == 0) {
      for (std::size_t i = 0; i < kFilms; ++i) {
        if (random.below(6) == 0) history.push_back({ItemRow(i), 4, kNoTime});
      }
      query = Query::with_history(history);
    }
    for (std::size_t i = 0; i < kFilms; ++i) {
      if (random.below(4) == 0) denied.emplace_back(i);
      if (random.below(2) == 0) allowed.emplace_back(i);
    }
    filter.exclude_seen = random.below(2) == 0;
    if (random.below(2) == 0) filter.denied = denied;
    if (random.below(2) == 0) filter.allowed = allowed;
    k = random.below(15);
  }
  RandomPipeline(const RandomPipeline&) = delete;
  RandomPipeline& operator=(const RandomPipeline&) = delete;

  std::set<ItemRow> open_items(const Pipeline& pipeline) const {
    std::set<ItemRow> open(filter.allowed.begin(), filter.allowed.end());
    for (std::size_t i = 0; i < kFilms && filter.allowed.empty(); ++i) open.insert(ItemRow(i));
    for (const ItemRow item : filter.denied) open.erase(item);
    for (std::size_t i = 0; i < kFilms; ++i) {
      if (pipeline.data().item_events(ItemRow(i)).size() == 0) open.erase(ItemRow(i));
    }
    if (!filter.exclude_seen) return open;
    for (const HistoryEvent& event : history) open.erase(event.item);
    const bool whole = std::any_of(spec.candidates.begin(), spec.candidates.end(), [](const auto& source) {
      return source.model.string().find("part") == std::string::npos && !source.model.empty();
    });
    const auto data =
        whole || spec.ranking ? shared_model("knn")->shared_data() : shared_model("knn-part")->shared_data();
    if (!query.user) return open;
    // Home may have its rows turned; sets are kept in its rows.
    const bool turned = pipeline.data().catalog().items[0] != "i0";
    const UserRow user(turned ? kPeople - 1 - query.user->index : query.user->index);
    for (const ItemRow item : data->history(user).items) {
      open.erase(turned ? ItemRow(kFilms - 1 - item.index) : item);
    }
    return open;
  }
};

RC_GTEST_PROP(Pipeline, FiltersAndCapsHoldAndListsAreAsLongAsTheyCanBe, (std::uint64_t seed)) {
  const RandomPipeline one(seed);
  const Pipeline pipeline = opened(one.spec);
  const std::vector<PipelineItem> list = list_of(pipeline, one.query, one.k, one.filter);
  const std::set<ItemRow> open = one.open_items(pipeline);
  std::set<ItemRow> met;
  std::map<std::string, std::map<std::uint32_t, std::size_t>> counts;
  for (const PipelineItem& entry : list) {
    RC_ASSERT(open.count(entry.item) == 1);
    RC_ASSERT(met.insert(entry.item).second);
    for (const auto& [name, most] : one.spec.rerank.caps) {
      for (const std::uint32_t id : pipeline.data().catalog().item_features.at(name).ids_of(entry.item.index)) {
        RC_ASSERT(++counts[name][id] <= most);
      }
    }
    RC_ASSERT(entry.relevance >= 0 && entry.relevance <= 1);
  }
  RC_ASSERT(list.size() <= one.k);
  if (one.spec.rerank.caps.empty()) RC_ASSERT(list.size() == std::min(one.k, open.size()));
}

TEST(Pipeline, IsTheSameAtAnyNumberOfThreads) {
  PipelineSpec spec = sources({"svd", "knn-part", "popularity"}, 20);
  spec.ranking = RankingStage{.model = "mf", .weight = 0.5};
  spec.rerank.diversity = 0.2;
  spec.rerank.calibration = 0.2;
  const Pipeline pipeline = opened(spec);
  std::vector<Query> queries;
  for (std::size_t u = 0; u < kPeople; ++u) queries.push_back(Query::known(UserRow(u)));
  Context one({.threads = 1}), four({.threads = 4});
  const PipelineLists a = pipeline.recommend(queries, 10, {}, one), b = pipeline.recommend(queries, 10, {}, four);
  ASSERT_EQ(a.size(), kPeople);
  ASSERT_EQ(a.offsets, b.offsets);
  for (std::size_t e = 0; e < a.entries.size(); ++e) {
    EXPECT_EQ(a.entries[e].item, b.entries[e].item);
    EXPECT_EQ(a.entries[e].relevance, b.entries[e].relevance);
    EXPECT_EQ(a.entries[e].reranked.value, b.entries[e].reranked.value);
  }
}

TEST(Pipeline, CountsBeyondTheCatalogAskForAllOfIt) {
  const std::size_t largest = std::numeric_limits<std::size_t>::max();
  const std::vector<ItemRow> six{ItemRow(3), ItemRow(9), ItemRow(12), ItemRow(20), ItemRow(31), ItemRow(38)};
  const SearchFilter filter{.exclude_seen = false, .allowed = six};
  // The second has seen more than the first, for which the first is asked for more.
  const Pipeline pipeline = opened(sources({"knn-part", "svd", "popularity"}, largest));
  EXPECT_EQ(list_of(pipeline, kSomeone, largest, filter).size(), 6u);
  EXPECT_EQ(list_of(pipeline, kSomeone, largest).size(), list_of(pipeline, kSomeone, kFilms).size());
}

TEST(Pipeline, GivesShortListsWhereLittleIsLeft) {
  const Pipeline pipeline = opened(sources({"knn", "svd"}));
  const std::vector<ItemRow> two{ItemRow(3), ItemRow(38)};
  EXPECT_EQ(list_of(pipeline, kNobody, 10, {.allowed = two}).size(), 2u);
  EXPECT_THAT(list_of(pipeline, kNobody, 10, {.allowed = two, .denied = two}), IsEmpty());
  EXPECT_THAT(list_of(pipeline, kSomeone, 0), IsEmpty());
}

}  // namespace
}  // namespace gusto
