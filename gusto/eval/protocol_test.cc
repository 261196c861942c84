#include "gusto/eval/protocol.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split.h"
#include "gusto/data/testing/real_data.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/recipe.h"

namespace gusto {
namespace {

using test::error_of;
using testing::HasSubstr;

struct Setting {
  SplitOptions split;
  EvaluateOptions evaluate;
};

Setting setting_of(std::string_view name) {
  Setting setting;
  apply_protocol(find_protocol(name), setting.split, setting.evaluate);
  return setting;
}

TEST(Protocol, EachKeepsItselfAndMeasuresWhatItSays) {
  for (const Protocol& protocol : protocol_table()) {
    const Setting setting = setting_of(protocol.name);
    check_protocol(protocol, setting.split, setting.evaluate);
    EXPECT_EQ(setting.split.spec.text(), protocol.split);
    EXPECT_EQ(measured_metrics(setting.evaluate).size(), protocol.metrics.size()) << protocol.name;
    EXPECT_FALSE(protocol.about.empty());
  }
}

TEST(Protocol, AnUnknownOneIsAnError) {
  const Error error = error_of([] { find_protocol("lightgnc"); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_THAT(error.hint(), HasSubstr("lightgcn"));
}

TEST(Protocol, ContradictionsAreErrors) {
  const auto complaint = [](std::string_view name, auto change) {
    Setting setting = setting_of(name);
    change(setting);
    const Error error = error_of([&] { check_protocol(find_protocol(name), setting.split, setting.evaluate); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option);
    EXPECT_FALSE(error.hint().empty());
    return error.message();
  };
  EXPECT_THAT(complaint("recbole", [](Setting& s) { s.split.filter.positives = 4; }),
              HasSubstr("filters by positives 3, min_user_events 10, min_item_events 10 alone, and the option "
                        "`positives` changes that."));
  EXPECT_EQ(complaint("ncf", [](Setting& s) { s.split.filter.since = 1; }),
            "The protocol ncf leaves no events out, and the option `since` does.");
  EXPECT_EQ(complaint("ncf", [](Setting& s) { s.split.filter = {.since = 1, .positives = 4}; }),
            "The protocol ncf leaves no events out, and the option `since` and the option `positives` do.");
  EXPECT_THAT(complaint("mult-vae", [](Setting& s) { s.split.spec = parse_split("holdout:0.2"); }),
              HasSubstr("users:0.1,0.1, not by holdout:0.2"));
  EXPECT_THAT(complaint("recbole", [](Setting& s) { s.split.spec = parse_split("holdout:0.2"); }),
              HasSubstr("holdout"));
  EXPECT_THAT(complaint("lightgcn", [](Setting& s) { s.evaluate.k = {10}; }), HasSubstr("lists of 20"));
  EXPECT_THAT(complaint("lightgcn", [](Setting& s) { s.evaluate.metrics = {"map@20"}; }), HasSubstr("map@20"));
  EXPECT_THAT(complaint("ncf", [](Setting& s) { s.evaluate.task = Task::ratings; }), HasSubstr("top-n"));
}

TEST(Protocol, ChangedValuesAreAContradiction) {
  for (const Protocol& protocol : protocol_table()) {
    const auto complaint = [&](auto change) {
      OpenOptions reading;
      reading.duplicates = DuplicatePolicy::keep_first;
      check_protocol(protocol, reading.value_changes());
      change(reading);
      const Error error = error_of([&] { check_protocol(protocol, reading.value_changes()); });
      EXPECT_EQ(error.code(), ErrorCode::invalid_option);
      return error.message();
    };
    EXPECT_THAT(complaint([](OpenOptions& o) { o.weights = {{"view", 1.0F}}; }), HasSubstr("and weights changes"));
    EXPECT_THAT(complaint([](OpenOptions& o) { o.half_life = 3600; }), HasSubstr("half-life"));
    EXPECT_THAT(complaint([](OpenOptions& o) { o.duplicates = DuplicatePolicy::sum; }), HasSubstr("duplicates=sum"));
    EXPECT_THAT(complaint([](OpenOptions& o) { o.duplicates = DuplicatePolicy::mean; }), HasSubstr("duplicates=mean"));
  }
}

TEST(Protocol, ComparisonsHoldReadingToTheirs) {
  Context context({.threads = 1});
  Recipe recipe;
  recipe.protocol = "recbole";
  recipe.models = {{"popularity"}};
  Experiment experiment = resolve_recipe(recipe);
  experiment.data = open_embedded(context);
  experiment.data.source.value_changes = {"half-life"};
  EXPECT_THAT(error_of([&] { compare(experiment, context); }).message(), HasSubstr("half-life"));
}

TEST(Protocol, NumbersOfUsersFilesOfNegativesAndFewerMetricsAreNone) {
  Setting setting = setting_of("mult-vae");
  setting.split.spec = parse_split("users:10000,10000");
  setting.evaluate.metrics = {"ndcg@100"};
  check_protocol(find_protocol("mult-vae"), setting.split, setting.evaluate);
  setting = setting_of("ncf");
  setting.split.spec = parse_split("negatives:some.file");
  setting.evaluate.metrics = {"sampled-ndcg"};
  check_protocol(find_protocol("ncf"), setting.split, setting.evaluate);
}

TEST(Protocol, APublishedTestFileIsUsedWhole) {
  Recipe recipe;
  recipe.protocol = "lightgcn";
  EXPECT_EQ(resolve_recipe(recipe).split.filter, (FilterOptions{{}, {}, 10, 10}));
  recipe.split = "test:published.txt";
  const Experiment experiment = resolve_recipe(recipe);
  EXPECT_EQ(experiment.split.filter, FilterOptions{});
  check_protocol(find_protocol("lightgcn"), experiment.split, experiment.evaluate);
  recipe.filter.min_item_events = 10;
  const Experiment filtered = resolve_recipe(recipe);
  EXPECT_EQ(error_of([&] { check_protocol(find_protocol("lightgcn"), filtered.split, filtered.evaluate); }).message(),
            "The protocol lightgcn leaves no events out, and the option `min_item_events` does.");
}

TEST(Protocol, ARecipeNamesOne) {
  const Recipe recipe = parse_recipe("protocol = \"recbole\"\nmetrics = [\"ndcg@10\"]");
  const Experiment experiment = resolve_recipe(recipe);
  EXPECT_EQ(experiment.protocol, "recbole");
  EXPECT_EQ(experiment.split.spec.text(), "holdout:0.1,0.1");
  EXPECT_EQ(experiment.split.filter, (FilterOptions{{}, 3, 10, 10}));
  EXPECT_EQ(experiment.evaluate.task, Task::top_n);
  EXPECT_EQ(parse_recipe(format_recipe(recipe)), recipe);
  const Error error = error_of([] { parse_recipe("seed = 3\nprotocol = \"ncf\"\nk = 5", "r.toml"); });
  EXPECT_THAT(error.message(), HasSubstr("r.toml:"));
  EXPECT_EQ(error_of([] { parse_recipe("protocol = \"ncg\""); }).code(), ErrorCode::not_found);
}

// RecBole-GNN's page of ml-1m counts 836,478 events of at least 3, and its catalog one more than the items, for
// padding.
TEST(ProtocolRealData, RecBoleCountsTheSameEvents) {
  const auto folder = test::real_data("ml-1m");
  if (!folder) GTEST_SKIP() << "ml-1m is not here";
  Context context({.threads = 1});
  const auto data = open_dataset(*folder, {}, context).data;
  const FilteredEvents filtered = filter_events(*data, {.positives = 3, .min_user_events = 1, .min_item_events = 1});
  EXPECT_EQ(std::count(filtered.kept.begin(), filtered.kept.end(), true), 836'478);
  EXPECT_EQ(filtered.candidates.size(), 3'628U);
}

// Rendle, Krichene, Zhang, Anderson (2020) quote .4535 and .2543 for popularity on the published negatives.
TEST(ProtocolRealData, PopularityHasItsPublishedFiguresOfNcf) {
  const auto folder = test::real_data("ml-1m");
  const auto negatives = test::real_data("ncf-ml-1m/ml-1m.test.negative");
  if (!folder || !negatives) GTEST_SKIP() << "ml-1m or its negatives are not here";
  Context context({.threads = 1});
  Recipe recipe;
  recipe.data.name = folder->string();
  recipe.protocol = "ncf";
  recipe.split = "negatives:" + negatives->string();
  recipe.models = {{"popularity"}};
  const Comparison comparison = compare(open_experiment(recipe, {}, context), context);
  EXPECT_NEAR(comparison.results[0].find("sampled-hit-rate@10")->mean, .4535, 3e-4);
  EXPECT_NEAR(comparison.results[0].find("sampled-ndcg@10")->mean, .2543, 3e-4);
}

}  // namespace
}  // namespace gusto
