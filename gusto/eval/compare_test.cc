#include "gusto/eval/compare.h"

#include <algorithm>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/json.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/split/split.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// 60 users and 25 items, each with a taste of their own, so that biases predict well.
std::shared_ptr<const Dataset> make_data() {
  auto catalog = std::make_shared<Catalog>();
  FeatureField genres;
  genres.name = "genres";
  genres.kind = FeatureKind::multi;
  for (int u = 0; u < 60; ++u) catalog->users.add("u" + std::to_string(u));
  for (int i = 0; i < 25; ++i) {
    catalog->items.add("i" + std::to_string(i));
    genres.append(i % 2 == 0 ? "Comedy" : i % 3 == 0 ? "Drama|Comedy" : "Drama");
  }
  std::vector<FeatureField> fields;
  fields.push_back(std::move(genres));
  catalog->item_features = FeatureTable(std::move(fields));
  std::vector<Event> events;
  for (int u = 0; u < 60; ++u) {
    for (int i = 0; i < 25; ++i) {
      Random random(3, "compare test", static_cast<std::uint64_t>(u * 25 + i));
      if (random.uniform() < 0.02 * i) continue;
      const double value = 3 + 0.06 * (i - 12) + 0.03 * (u - 30) + 0.3 * random.normal();
      events.push_back({UserRow(u), ItemRow(i), static_cast<float>(value)});
    }
  }
  return std::make_shared<Dataset>(catalog, events);
}

Experiment make_experiment(Task task) {
  Experiment experiment{.data = {make_data()}, .split = {.spec = parse_split("random:0.25")}};
  experiment.data_recipe.name = "made up";
  experiment.evaluate.task = task;
  experiment.evaluate.k = {3, 5};
  experiment.entries = {
      {"bias", "", {}}, {"bias", "blunt", {{"reg_item", 1000}, {"reg_user", 1000}}}, {"popularity", "", {}}};
  return experiment;
}

Comparison run(const Experiment& experiment, unsigned threads = 1, std::uint64_t memory_limit = 0,
               const CompareObserver& observer = {}) {
  ContextOptions options;
  options.threads = threads;
  options.memory_limit = memory_limit;
  Context context(options);
  return compare(experiment, context, observer);
}

TEST(Compare, FindsTheBestAndHowSureThatIs) {
  const Comparison comparison = run(make_experiment(Task::ratings));
  EXPECT_EQ(comparison.primary_metric, "rmse");
  ASSERT_TRUE(comparison.best);
  EXPECT_EQ(comparison.results[*comparison.best].label, "bias");
  EXPECT_TRUE(comparison.results[*comparison.best].differences.empty());
  const ModelResult& blunt = comparison.results[1];
  ASSERT_EQ(blunt.differences.size(), blunt.estimates.size());
  EXPECT_GT(blunt.differences[0].low, 0);  // a larger error
  EXPECT_TRUE(blunt.differences[0].distinguishable);
  EXPECT_EQ(comparison.ranking().front(), 0u);
  EXPECT_THAT(blunt.options, testing::Contains(Pair("reg_item", FieldValue(1000.0))));
  EXPECT_GT(blunt.peak_bytes, 0u);
  ASSERT_EQ(comparison.folds.size(), 1u);
  EXPECT_GT(comparison.folds[0].receipt.test_events, 0u);
}

TEST(Compare, HasTheSameBitsAtAnyNumberOfThreads) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    const Comparison one = run(make_experiment(task), 1);
    for (const unsigned threads : {2u, 7u}) {
      const Comparison many = run(make_experiment(task), threads);
      for (std::size_t r = 0; r < one.results.size(); ++r) {
        ASSERT_EQ(many.results[r].estimates.size(), one.results[r].estimates.size());
        for (std::size_t i = 0; i < one.results[r].estimates.size(); ++i) {
          EXPECT_EQ(many.results[r].estimates[i].mean, one.results[r].estimates[i].mean);
          EXPECT_EQ(many.results[r].estimates[i].influence, one.results[r].estimates[i].influence);
        }
        for (std::size_t i = 0; i < one.results[r].differences.size(); ++i) {
          EXPECT_EQ(many.results[r].differences[i].low, one.results[r].differences[i].low);
        }
      }
    }
  }
}

TEST(Compare, SaysThatFiguresAreSampled) {
  const test::TemporaryFolder folder;
  std::string lines;
  const auto data = make_data();
  for (int u = 0; u < 60; ++u) {
    const std::span<const ItemRow> items = data->history(UserRow(u)).items;
    lines += "(u" + std::to_string(u) + ",i" + std::to_string(items[0].index) + ")";
    for (std::uint32_t i = 0; i < 25; ++i) {
      if (std::find(items.begin(), items.end(), ItemRow(i)) == items.end()) lines += "\ti" + std::to_string(i);
    }
    lines += "\n";
  }
  Experiment experiment = make_experiment(Task::top_n);
  experiment.split.spec = parse_split("negatives:" + folder.write("n.tsv", lines));
  const Comparison comparison = run(experiment);
  EXPECT_EQ(comparison.primary_metric, "sampled-ndcg@3");
  ASSERT_TRUE(comparison.best);
  for (const Estimate& estimate : comparison.results[0].estimates) {
    EXPECT_TRUE(estimate.metric.starts_with("sampled-")) << estimate.metric;
  }
  const auto json = parse_json(to_json(comparison));
  EXPECT_TRUE(json["sampled"].get<bool>());
  EXPECT_GT(json["folds"][0]["negatives"].get<int>(), 0);
  EXPECT_FALSE(parse_json(to_json(run(make_experiment(Task::top_n)))).contains("sampled"));
  experiment.evaluate.metrics = {"ndcg"};
  EXPECT_FALSE(parse_json(to_json(run(experiment))).contains("sampled")) << "a full ranking, on the same split";

  bool fitted = false;
  CompareObserver observer;
  observer.on_fit = [&](std::size_t, std::size_t) { fitted = true; };
  experiment = make_experiment(Task::top_n);
  experiment.evaluate.metrics = {"sampled-ndcg"};
  EXPECT_EQ(test::code_of([&] { run(experiment, 1, 0, observer); }), ErrorCode::invalid_option);
  EXPECT_FALSE(fitted);
}

TEST(Compare, TakesModelsThatAreNotInTheRegistry) {
  ModelInfo own = find_model("bias");
  own.name = "mine";
  Experiment experiment = make_experiment(Task::ratings);
  experiment.entries = {{.model = "bias"}, {.info = &own}, {.label = "blunt", .info = &own}};
  apply_set(experiment.entries, "blunt.reg_item=1000");
  const Comparison comparison = run(experiment);
  EXPECT_EQ(comparison.results[1].model, "mine");
  EXPECT_EQ(comparison.results[1].label, "mine");
  EXPECT_EQ(comparison.results[1].estimates.at(0).mean, comparison.results[0].estimates.at(0).mean);
  EXPECT_GT(comparison.results[2].estimates.at(0).mean, comparison.results[0].estimates.at(0).mean);
  const auto json = parse_json(to_json(comparison));
  EXPECT_EQ(json["results"][2]["options"]["reg_item"], 1000);
}

TEST(Compare, ModelsLearnTheExperimentsLikeThresholdUnlessTheySetTheirOwn) {
  struct Options {
    double like_threshold = 4;
  };
  constexpr auto kFields = fields(field<&Options::like_threshold>("like_threshold", Bounds{}, search_none(),
                                                                  "Value from which an event is a like."));
  ModelInfo info{};
  EXPECT_EQ(with_like_threshold(info, {{"dim", 8}}, 3.5), (Settings{{"dim", 8}})) << "the model has no such option";
  info.fields = kFields;
  EXPECT_EQ(with_like_threshold(info, {{"dim", 8}}, 3.5), (Settings{{"dim", 8}, {"like_threshold", 3.5}}));
  EXPECT_EQ(with_like_threshold(info, {{"like_threshold", 2}}, 3.5), (Settings{{"like_threshold", 2}}));
}

TEST(Compare, LetsThroughWhatTheProgressSinkThrowsEvenIfItLooksLikeARefusal) {
  Context context(
      {.threads = 2, .progress = [](const ProgressEvent&) { throw Error(ErrorCode::unsupported, "Enough."); }});
  EXPECT_EQ(test::error_of([&] { compare(make_experiment(Task::ratings), context); }).message(), "Enough.");
}

TEST(Compare, DrawsByItsOwnSeed) {
  Experiment experiment = make_experiment(Task::ratings);
  const Comparison first = run(experiment);
  experiment.seed = 7;
  const Comparison other = run(experiment);
  EXPECT_EQ(other.experiment.split.seed, 7U);
  EXPECT_NE(first.results[0].estimates[0].mean, other.results[0].estimates[0].mean);
}

TEST(Compare, RefusalsAreRecordedAndOthersGoOn) {
  const Comparison comparison = run(make_experiment(Task::ratings), 1, 1);
  EXPECT_FALSE(comparison.best);
  for (const ModelResult& result : comparison.results) {
    ASSERT_TRUE(result.refusal);
    EXPECT_EQ(result.refusal->code(), ErrorCode::out_of_memory);
  }
  const auto json = parse_json(to_json(comparison));
  EXPECT_TRUE(json["best"].is_null());
  EXPECT_EQ(json["results"][0]["refusal"]["code"], "out_of_memory");
  EXPECT_TRUE(json["results"][0]["metrics"].empty());
}

TEST(Compare, AveragesFolds) {
  const Experiment experiment = make_experiment(Task::ratings);
  SplitOptions options = experiment.split;
  Split both = make_split(make_data(), options);
  options.seed = 43;
  both.folds.push_back(make_split(make_data(), options).folds[0]);
  const auto one = [&](std::vector<Fold> folds) {
    Context context;
    Split split;
    split.folds = std::move(folds);
    split.candidates = both.candidates;
    return compare(split, experiment, context).results[0].find("rmse")->mean;
  };
  EXPECT_NEAR(one(both.folds), (one({both.folds[0]}) + one({both.folds[1]})) / 2, 1e-12);
}

TEST(Compare, WritesTheJsonThatIsPromised) {
  Experiment experiment = make_experiment(Task::top_n);
  experiment.split.filter.positives = 2;
  const Comparison comparison = run(experiment, 2);
  const auto json = parse_ordered_json(to_json(comparison));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  keys.resize(5);
  EXPECT_THAT(keys, ElementsAre("data", "split", "task", "seed", "threads"));
  EXPECT_EQ(json["data"], "made up");
  EXPECT_EQ(json["split"], "random:0.25");
  EXPECT_EQ(json["task"], "top-n");
  EXPECT_EQ(json["seed"], 42);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["positives"], 2);
  EXPECT_EQ(json["k"], OrderedJson::array({3, 5}));
  ASSERT_EQ(json["results"].size(), 3u);
  const auto& blunt = json["results"][1];
  EXPECT_EQ(blunt["model"], "bias");
  EXPECT_EQ(blunt["label"], "blunt");
  EXPECT_TRUE(blunt["options"]["epochs"].is_number_integer());
  EXPECT_TRUE(blunt["options"]["reg_item"].is_number_float());
  for (const char* key : {"fit_seconds", "score_seconds", "peak_bytes"}) EXPECT_TRUE(blunt[key].is_number()) << key;
  for (const char* metric :
       {"ndcg@3", "recall@5", "topk-accuracy@5", "coverage@5", "diversity@5", "novelty@5", "gini@5"}) {
    EXPECT_TRUE(blunt["metrics"][metric]["mean"].is_number()) << metric;
    EXPECT_TRUE(blunt["metrics"][metric]["stderr"].is_number()) << metric;
    EXPECT_GT(blunt["metrics"][metric]["users"], 0) << metric;
  }
  EXPECT_EQ(json["folds"][0]["hash"], comparison.folds[0].receipt.hash);
}

TEST(Compare, EstimatesComeBackFromTheirJson) {
  Estimate rmse;
  rmse.metric = "rmse";
  rmse.mean = 0.8389;
  rmse.stderr_ = 0.0035;
  rmse.user_count = 5970;
  Estimate ndcg = rmse;
  ndcg.metric = "ndcg@10";
  const std::vector<Estimate> written = {rmse, ndcg};
  const std::vector<Estimate> read = estimates_from_json(to_json(written));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].metric, "rmse");
  EXPECT_EQ(read[0].mean, 0.8389);
  EXPECT_EQ(read[0].stderr_, 0.0035);
  EXPECT_EQ(read[0].user_count, 5970U);
  EXPECT_FALSE(read[0].higher_is_better);
  EXPECT_TRUE(read[1].higher_is_better);
  EXPECT_TRUE(estimates_from_json("{}").empty());
  for (const char* broken : {"", "[1]", R"({"rmse": 1})"}) EXPECT_THROW(estimates_from_json(broken), Error) << broken;
}

TEST(Compare, MistakesAreFoundBeforeAnythingIsFitted) {
  const auto message = [](const Experiment& experiment) {
    Context context;
    CompareObserver observer;
    observer.on_fit = [](std::size_t, std::size_t) { ADD_FAILURE() << "fitted"; };
    try {
      compare(experiment, context, observer);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Experiment experiment = make_experiment(Task::ratings);
  experiment.entries[2] = {"bais", "", {}};
  EXPECT_THAT(message(experiment), HasSubstr("bias"));
  experiment.entries[2] = {"bias", "blunt", {}};
  EXPECT_THAT(message(experiment), HasSubstr("label"));
  experiment.entries[2] = {"bias", "third", {{"reg_itm", 3}}};
  EXPECT_THAT(message(experiment), HasSubstr("reg_item"));
  experiment.entries.clear();
  EXPECT_THAT(message(experiment), HasSubstr("no model"));
  experiment = make_experiment(Task::ratings);
  experiment.evaluate.metrics = {"ndcg"};
  EXPECT_THAT(message(experiment), HasSubstr("top-n"));
}

TEST(Compare, TellsHowFarItIs) {
  std::vector<std::string> calls;
  CompareObserver observer;
  observer.on_split = [&](const Split& split) { calls.push_back("split " + std::to_string(split.folds.size())); };
  observer.on_fit = [&](std::size_t entry, std::size_t) { calls.push_back("fit " + std::to_string(entry)); };
  observer.on_score = [&](std::size_t entry, std::size_t) { calls.push_back("score " + std::to_string(entry)); };
  observer.on_result = [&](std::size_t, const ModelResult& result) { calls.push_back("result " + result.label); };
  Experiment experiment = make_experiment(Task::ratings);
  experiment.entries.resize(2);
  run(experiment, 1, 0, observer);
  EXPECT_THAT(calls, ElementsAre("split 1", "fit 0", "score 0", "result bias", "fit 1", "score 1", "result blunt"));
}

TEST(Compare, CancelingEndsIt) {
  CancelToken token;
  token.cancel();
  ContextOptions options;
  options.cancel = &token;
  Context context(options);
  try {
    compare(make_experiment(Task::ratings), context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::canceled);
  }
}

TEST(Compare, CancelingKeepsWhatIsFinished) {
  CancelToken token;
  ContextOptions options;
  options.cancel = &token;
  Context context(options);
  CompareObserver observer;
  observer.on_result = [&](std::size_t, const ModelResult&) { token.cancel(); };
  const Experiment experiment = make_experiment(Task::ratings);
  const Comparison comparison = compare(experiment, context, observer);
  EXPECT_TRUE(comparison.canceled);
  ASSERT_EQ(comparison.results.size(), 1U);
  EXPECT_EQ(comparison.best, 0U);
  EXPECT_EQ(comparison.results[0].estimates[0].mean, run(experiment, 1).results[0].estimates[0].mean);
  EXPECT_THAT(to_json(comparison), testing::HasSubstr("\"canceled\": true"));
}

TEST(Compare, SetOfSeveralValuesMakesAnEntryOfEach) {
  std::vector<CompareEntry> entries{{"bias", "bias"}, {"svd", "svd"}};
  apply_set(entries, "svd.dim=16, 32,64");
  apply_set(entries, "svd.iterations=2");
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].label, "bias");
  EXPECT_EQ(entries[2].label, "svd dim=32");
  EXPECT_THAT(entries[3].settings, ElementsAre(Pair("dim", FieldValue(64)), Pair("iterations", FieldValue(2))));
}

TEST(Compare, SetReachesLabelsFirstAndThenModels) {
  Experiment experiment = make_experiment(Task::ratings);
  experiment.entries[0].label = "bias";
  apply_set(experiment.entries, "blunt.epochs=3");
  EXPECT_TRUE(experiment.entries[0].settings.empty());
  EXPECT_THAT(experiment.entries[1].settings, testing::Contains(Pair("epochs", FieldValue(3))));
  apply_set(experiment.entries, "blunt.epochs=4");
  EXPECT_EQ(experiment.entries[1].settings.size(), 3u);
  experiment.entries[0].label = "sharp";
  apply_set(experiment.entries, "bias.reg_user = 2");
  EXPECT_THAT(experiment.entries[0].settings, ElementsAre(Pair("reg_user", FieldValue(2.0))));
  EXPECT_THAT(experiment.entries[1].settings, testing::Contains(Pair("reg_user", FieldValue(2.0))));
  for (const char* wrong : {"bias", "bias.epochs", "epochs=3", "bais.epochs=3", "bias.epoch=3", "bias.epochs=x"}) {
    EXPECT_THROW(apply_set(experiment.entries, wrong), Error) << wrong;
  }
}

TEST(Compare, DefaultEntriesCanDoTheTask) {
  const auto has = [](Task task, const std::string& model) {
    for (const CompareEntry& entry : default_entries(task)) {
      if (entry.model == model) return true;
    }
    return false;
  };
  EXPECT_TRUE(has(Task::ratings, "bias"));
  EXPECT_TRUE(has(Task::top_n, "popularity"));
}

}  // namespace
}  // namespace gusto
