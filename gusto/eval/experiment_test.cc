#include "gusto/eval/experiment.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/file.h"
#include "gusto/base/hash.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/recipe.h"

namespace gusto {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// Events of 30 users, whose values are all equal or not.
std::string event_lines(bool one_value) {
  std::string lines;
  for (int user = 0; user < 30; ++user) {
    for (int item = 0; item < 12; ++item) {
      if ((user * 7 + item * 5) % 3 == 0) continue;
      lines += fmt::format("u{};i{};{}\n", user, item, one_value ? 1 : 1 + (user + item * item) % 5);
    }
  }
  return lines;
}

Recipe recipe_of(const std::string& data) {
  Recipe recipe;
  recipe.data.name = data;
  recipe.data.reading.delimiter = ";";
  return recipe;
}

Experiment opened(const Recipe& recipe, const DataFinder& find = {}) {
  Context context({.threads = 1});
  return open_experiment(recipe, find, context);
}

std::vector<double> means_of(const Experiment& experiment) {
  Context context({.threads = 1});
  std::vector<double> means;
  for (const ModelResult& result : compare(experiment, context).results) {
    for (const Estimate& estimate : result.estimates) means.push_back(estimate.mean);
    for (const Difference& difference : result.differences) means.push_back(difference.low);
  }
  return means;
}

TEST(Experiment, MadeInCodeOrOfARecipeOrOfFlagsOverOneGivesTheSameBits) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("events.csv", event_lines(false));
  const std::string toml = fmt::format(R"(
data = "{}"
delimiter = ";"
split = "random:0.25"
seed = 7
[[model]]
name = "bias"
[[model]]
name = "item-knn"
neighbors = 4)",
                                       path);
  Context context({.threads = 1});
  OpenOptions reading;
  reading.delimiter = ";";
  const Experiment in_code{.data = {open_dataset(path, reading, context).data},
                           .split = {.spec = parse_split("random:0.25")},
                           .entries = {{"bias"}, {"item-knn", "", {{"neighbors", 4}}}},
                           .seed = 7};
  Recipe flags;
  flags.split = "random:0.25";
  flags.seed = 7;
  flags.sets = {"item-knn.neighbors=4"};
  const Recipe file = parse_recipe(fmt::format(
      "data = \"{}\"\ndelimiter = \";\"\nseed = 3\nsplit = \"last:1\"\n[[model]]\nname = \"bias\"\n[[model]]\nname = "
      "\"item-knn\"\nneighbors = 9\n",
      path));

  const std::vector<double> means = means_of(in_code);
  ASSERT_GT(means.size(), 3u);
  EXPECT_EQ(means_of(opened(parse_recipe(toml))), means);
  EXPECT_EQ(means_of(opened(completed(flags, file))), means);
  flags.seed = 8;
  EXPECT_NE(means_of(opened(completed(flags, file))), means) << "the seed reaches split and models";
}

TEST(Experiment, ATaskIsChosenWhereNobodyNamesOneAndAllValuesAreEqual) {
  const test::TemporaryFolder folder;
  Recipe recipe = recipe_of(folder.write("clicks.csv", event_lines(true)));
  recipe.metrics = {"ndcg"};  // of top-n alone
  const Experiment chosen = opened(recipe);
  EXPECT_TRUE(chosen.task_chosen);
  EXPECT_EQ(chosen.evaluate.task, Task::top_n);
  EXPECT_EQ(chosen.split.spec, parse_split("holdout:0.2"));
  EXPECT_EQ(chosen.entries.size(), default_entries(Task::top_n).size());
  recipe.metrics = {"rmse"};
  recipe.task = "ratings";
  EXPECT_FALSE(opened(recipe).task_chosen);
  EXPECT_EQ(opened(recipe).evaluate.task, Task::ratings);

  recipe = recipe_of(folder.write("ratings.csv", event_lines(false)));
  EXPECT_FALSE(opened(recipe).task_chosen);
  EXPECT_EQ(opened(recipe).split.spec, parse_split("random:0.1"));
}

// Events of 30 users with 8 items each, whose values come one after the other.
std::string lines_of_values(const std::vector<std::string>& values) {
  std::string lines;
  for (int event = 0; event < 240; ++event) {
    lines += fmt::format("u{};i{};{}\n", event / 8, event % 8 + event / 40, values[event % values.size()]);
  }
  return lines;
}

TEST(Experiment, RanksWhereValuesSayWhoChoseWhat) {
  const test::TemporaryFolder folder;
  Recipe recipe =
      recipe_of(folder.write("counts.csv", lines_of_values({"1", "1", "2", "1", "1", "1", "3", "1", "1", "400"})));
  EXPECT_EQ(opened(recipe).evaluate.task, Task::top_n);
  EXPECT_THAT(opened(recipe).data.report.notes.back(),
              testing::AllOf(HasSubstr("sequential"), Not(HasSubstr("popularity"))));
  recipe.data.reading.values = "ignore";
  EXPECT_EQ(opened(recipe).evaluate.task, Task::ratings);
}

TEST(Experiment, ZerosBesideOnesAreNoChoices) {
  const test::TemporaryFolder folder;
  for (const std::string refused : {"0", "-1"}) {
    Recipe recipe = recipe_of(folder.write("clicked" + refused + ".csv", lines_of_values({"1", refused, "1"})));
    const Experiment clicked = opened(recipe);
    EXPECT_EQ(clicked.evaluate.task, Task::top_n);
    EXPECT_EQ(clicked.split.filter.positives, 1);
    EXPECT_EQ(clicked.split.filter.least_user_events(), 1U);
    EXPECT_THAT(clicked.data.report.notes.back(), HasSubstr("only events of 1 count"));
    recipe.filter.positives = -1;
    recipe.task = "top-n";
    EXPECT_EQ(opened(recipe).split.filter.positives, -1);
  }
  Recipe jokes = recipe_of(folder.write("jokes.csv", lines_of_values({"-9.5", "3.25", "10"})));
  jokes.task = "top-n";
  EXPECT_FALSE(opened(jokes).split.filter.positives);
  EXPECT_THAT(opened(jokes).data.report.notes.back(), HasSubstr("option `positives`"));
}

TEST(Experiment, LikesBeginWithinTheScale) {
  const test::TemporaryFolder folder;
  Recipe recipe = recipe_of(folder.write("shares.csv", lines_of_values({"0.1", "0.5", "1", "0.2"})));
  recipe.task = "likes";
  EXPECT_NEAR(opened(recipe).evaluate.like_threshold, 0.775, 1e-6);
  recipe.like_threshold = 4;
  Context context;
  const Error error = test::error_of([&] { open_experiment(recipe, {}, context); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("none of the values is a like"));
  recipe = recipe_of(folder.write("stars.csv", lines_of_values({"1", "5", "3"})));
  recipe.task = "likes";
  EXPECT_EQ(opened(recipe).evaluate.like_threshold, 4);
}

TEST(Experiment, NamesOfDataAreFoundByTheCaller) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("events.csv", event_lines(false));
  const DataFinder find = [&](const std::string& name) {
    return name == "fetch:mine" ? std::filesystem::path(path) : std::filesystem::path(name);
  };
  const Experiment experiment = opened(recipe_of("fetch:mine"), find);
  EXPECT_EQ(experiment.data_recipe.name, "fetch:mine");
  EXPECT_EQ(experiment.data.source.path, path);
  EXPECT_EQ(error_of([&] { opened(recipe_of("fetch:yours"), find); }).code(), ErrorCode::not_found);
  Recipe embedded;
  embedded.data.name = "movielens-small";
  EXPECT_EQ(opened(embedded).data.data->event_count(), 100'004u);
}

TEST(Experiment, SplitsFromFilesAreReadAsTheDataWas) {
  const test::TemporaryFolder folder;
  const std::string data = folder.write("events.txt", "i1;u1;3\ni2;u1;4\ni1;u2;5\ni3;u2;1\n");
  const std::string listed = folder.write("test.txt", "i2;u1;4\n");
  OpenOptions reading;
  reading.columns = {"item", "user", "rating"};
  Context context({.threads = 1});
  const OpenedDataset in_code = open_dataset(data, reading, context);
  Recipe recipe = recipe_of(data);
  recipe.data.reading.columns = "item,user,rating";
  for (const OpenedDataset& each : {in_code, opened(recipe).data}) {
    const Split split = make_split(each, {.spec = parse_split("test:" + listed)});
    ASSERT_EQ(split.folds.size(), 1u);
    ASSERT_EQ(split.folds[0].test.size(), 1u);
    EXPECT_EQ(each.data->catalog().users[split.folds[0].test[0].user.index], "u1");
  }
}

TEST(Experiment, ProtocolsAreHeldToByHowEventsAreRead) {
  const test::TemporaryFolder folder;
  Recipe recipe = recipe_of(folder.write("events.csv", event_lines(false)));
  recipe.protocol = "ncf";
  EXPECT_EQ(opened(recipe).split.spec.text(), "negatives:99");
  recipe.data.reading.duplicates = "sum";
  EXPECT_THAT(error_of([&] { opened(recipe); }).message(), HasSubstr("duplicates=sum"));
}

TEST(Experiment, LabelsLikeThresholdsAndOptionsAreFilledIn) {
  Recipe recipe;
  recipe.task = "likes";
  recipe.like_threshold = 3;
  recipe.models = {{"deepfm"}, {"deepfm", "own", {{"like_threshold", 2.0}}}};
  recipe.sets = {"own.epochs=3"};
  const Experiment experiment = checked(resolve_recipe(recipe));
  EXPECT_EQ(experiment.entries[0].label, "deepfm");
  EXPECT_THAT(experiment.entries[0].settings, ElementsAre(Pair("like_threshold", FieldValue(3.0))));
  EXPECT_THAT(experiment.entries[1].settings,
              ElementsAre(Pair("like_threshold", FieldValue(2.0)), Pair("epochs", FieldValue(3))));
}

TEST(Experiment, MistakesAreFoundBeforeDataAreRead) {
  Recipe recipe;
  recipe.data.name = "no-such-file";
  recipe.models = {{"bais"}};
  EXPECT_THAT(error_of([&] { opened(recipe); }).hint(), HasSubstr("bias"));
  recipe.models = {{"bias"}, {"bias"}};
  recipe.task = "ratings";
  EXPECT_THAT(error_of([&] { opened(recipe); }).message(), HasSubstr("label"));
  recipe.models = {};
  recipe.sets = {"bias.epoch=3"};
  EXPECT_THAT(error_of([&] { opened(recipe); }).hint(), HasSubstr("epochs"));
}

TEST(Experiment, ATaskThatNoModelCanDoIsRefusedBeforeDataAreRead) {
  Recipe recipe;
  recipe.data.name = "no-such-file";
  recipe.models = {{"ease"}};
  recipe.task = "ratings";
  EXPECT_EQ(error_of([&] { opened(recipe); }).code(), ErrorCode::unsupported);
  recipe.models = {{"ease"}, {"bias"}};
  EXPECT_EQ(error_of([&] { opened(recipe); }).code(), ErrorCode::not_found) << "the other one can";
}

TEST(Experiment, AllStandsForEveryModelAndSomeAreLeftOut) {
  Recipe recipe;
  recipe.models = {{"all"}};
  recipe.exclude = {"svd", "ease"};
  const auto labels = [&] {
    std::vector<std::string> result;
    for (const CompareEntry& entry : resolve_recipe(recipe).entries) result.push_back(entry.label);
    return result;
  };
  EXPECT_EQ(labels().size(), default_entries(Task::ratings).size() - 1) << "ease predicts no ratings";
  EXPECT_THAT(labels(), testing::Not(testing::Contains("svd")));
  recipe.exclude = {"svdd"};
  EXPECT_THAT(error_of([&] { labels(); }).hint(), HasSubstr("svd"));
}

TEST(Experiment, ASplitOfSeveralFoldsIsRefusedWhereOneIsNeeded) {
  Context context({.threads = 1});
  const OpenedDataset data = open_embedded(context);
  const SplitOptions three{.spec = parse_split("kfold:3")}, one{.spec = parse_split("random:0.1")};
  const Split split = make_split(data, one);
  EXPECT_EQ(&single_fold(split, one.spec, "a model is trained on one"), split.folds.data());
  const Split folds = make_split(data, three);
  const Error error = error_of([&] { single_fold(folds, three.spec, "a model is trained on one"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_EQ(error.message(), "The split kfold:3 makes 3 folds, and a model is trained on one.");
}

// What an experiment is, in a line: its settings as a hash.
std::string summary_of(const std::string& name, const Experiment& experiment) {
  std::vector<std::string> labels;
  std::string settings;
  for (const CompareEntry& entry : experiment.entries) {
    labels.push_back(entry.label);
    settings += entry.label + "=" + entry.model + "(";
    for (const auto& [option, value] : entry.settings) settings += option + "=" + format_field(value) + ";";
    settings += ")\n";
  }
  const FilterOptions& filter = experiment.split.filter;
  const EvaluateOptions& evaluate = experiment.evaluate;
  return fmt::format(
      "{} | {} | {} | protocol {} | split {} | task {} | from {} at least {} core {} {} | k {} | metrics {} | likes "
      "{:g} | seed {} x {} | {} | {}",
      name, experiment.data_recipe.name, fmt::join(experiment.data_recipe.features.items, ","), experiment.protocol,
      experiment.split.spec.text(), to_string(evaluate.task), filter.since.value_or(0), filter.positives.value_or(0),
      filter.least_user_events(), filter.least_item_events(), fmt::join(evaluate.k, ","),
      fmt::join(evaluate.metrics, ","), evaluate.like_threshold, experiment.split.seed, experiment.split.repeats,
      fmt::join(labels, ","), to_hex(xxh3(std::as_bytes(std::span(settings)))));
}

// The lines were written when recipes were first resolved by other code: whoever changes a recipe changes its line.
TEST(Experiment, TheRecipesOfTheRepositoryMeanWhatTheyMeant) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(GUSTO_SOURCE_DIR "/recipes")) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::ifstream golden(GUSTO_SOURCE_DIR "/tests/golden/recipes.txt");
  for (const std::filesystem::path& file : files) {
    const Recipe recipe = parse_recipe(MappedFile::open(file).text(), file.string());  // paths as they are written
    std::string line;
    std::getline(golden, line);
    EXPECT_EQ(summary_of(file.filename().string(), checked(resolve_recipe(recipe))), line);
    EXPECT_EQ(parse_recipe(format_recipe(recipe)), recipe) << file;
  }
}

TEST(Experiment, TakesFurtherModelsByNameFromRecipesAndCode) {
  static ModelInfo own = find_model("popularity");
  own.name = "own-model";
  const ModelInfo* const further[]{&own};
  const Recipe recipe =
      parse_recipe("[[model]]\nname = \"own-model\"\n\n[[model]]\nname = \"bias\"", "r.toml", further);
  const Experiment read = resolve_recipe(recipe, further);
  ASSERT_EQ(read.entries.size(), 2U);
  EXPECT_EQ(&read.entries[0].kind(), &own);
  EXPECT_EQ(read.entries[0].label, "own-model");
  EXPECT_EQ(&read.entries[1].kind(), &find_model("bias"));

  Recipe typed;
  typed.models = {{"own-model"}};
  EXPECT_EQ(&resolve_recipe(typed, further).entries.front().kind(), &own);
  EXPECT_EQ(default_entries(Task::top_n, further).size(), default_entries(Task::top_n).size() + 1);
  EXPECT_EQ(error_of([&] { resolve_recipe(typed); }).code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace gusto
