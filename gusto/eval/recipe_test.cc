#include "gusto/eval/recipe.h"

#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

constexpr std::string_view kFull = R"(
data = "ml-1m"
user_features = "people.csv"
item_features = ["films.csv", "cast.csv"]
feature_types = "year=number"
extras = ["tags", "links"]
split = "holdout:0.2"
task = "top-n"
positives = 4
min_user_events = 3
min_item_events = 2
since = 2001-02-03
like_threshold = 3.5
k = [10, 20]
metrics = ["ndcg@10", "recall"]
seed = 7
repeats = 3
set = ["plain.reg_item=3"]

[[model]]
name = "popularity"

[[model]]
name = "bias"
label = "plain"
epochs = 4

[[model]]
name = "bias"
label = "damped"
[model.options]
reg_item = 12.5
reg_user = 20
)";

TEST(Recipe, HoldsAWholeExperiment) {
  const Recipe recipe = parse_recipe(kFull);
  EXPECT_EQ(recipe.data.name, "ml-1m");
  EXPECT_THAT(recipe.data.features.users, ElementsAre("people.csv"));
  EXPECT_THAT(recipe.data.features.items, ElementsAre("films.csv", "cast.csv"));
  EXPECT_EQ(recipe.data.features.types, "year=number");
  EXPECT_THAT(recipe.data.features.extras, ElementsAre("tags", "links"));
  EXPECT_EQ(recipe.split, "holdout:0.2");
  EXPECT_EQ(recipe.filter, (FilterOptions{981'158'400, 4, 3, 2}));
  EXPECT_EQ(recipe.repeats, 3u);
  EXPECT_EQ(recipe.seed, 7u);
  EXPECT_EQ(recipe.task, "top-n");
  EXPECT_EQ(recipe.like_threshold, 3.5);
  EXPECT_THAT(recipe.k, ElementsAre(10, 20));
  EXPECT_THAT(recipe.metrics, ElementsAre("ndcg@10", "recall"));
  EXPECT_THAT(recipe.sets, ElementsAre("plain.reg_item=3"));
  ASSERT_EQ(recipe.models.size(), 3u);
  EXPECT_EQ(recipe.models[0].label, "");
  EXPECT_TRUE(recipe.models[0].settings.empty());
  EXPECT_EQ(recipe.models[1].label, "plain");
  EXPECT_THAT(recipe.models[1].settings, ElementsAre(Pair("epochs", FieldValue(4))));
  EXPECT_THAT(recipe.models[2].settings,
              ElementsAre(Pair("reg_item", FieldValue(12.5)), Pair("reg_user", FieldValue(20.0))));
}

TEST(Recipe, OptionsHaveTheirOwnTypesAndTextMaySpellThem) {
  const Recipe recipe = parse_recipe("[[model]]\nname = \"bias\"\nepochs = \"4\"\nreg_item = 12\nreg_user = \"1e-3\"");
  EXPECT_THAT(recipe.models[0].settings,
              testing::UnorderedElementsAre(Pair("epochs", FieldValue(4)), Pair("reg_item", FieldValue(12.0)),
                                            Pair("reg_user", FieldValue(0.001))));
}

TEST(Recipe, EmptyOneSaysNothing) { EXPECT_EQ(parse_recipe(""), Recipe()); }

TEST(Recipe, SurvivesWritingAndReading) {
  for (const std::string_view text : {kFull, std::string_view("since = 1970-01-02"), std::string_view("")}) {
    const Recipe recipe = parse_recipe(text);
    EXPECT_EQ(parse_recipe(format_recipe(recipe)), recipe);
  }
  Recipe seed;
  seed.seed = ~std::uint64_t{0};
  EXPECT_THROW(format_recipe(seed), Error);
}

TEST(Recipe, HasABudgetOfTime) {
  EXPECT_EQ(resolve_recipe(parse_recipe("budget = \"1.5m\"")).budget, 90);
  EXPECT_EQ(resolve_recipe(Recipe()).budget, 0);
  Recipe flags;
  flags.budget = "30s";
  EXPECT_EQ(completed(flags, parse_recipe("budget = \"2m\"")).budget, "30s");
  EXPECT_EQ(parse_recipe(format_recipe(flags)), flags);
}

TEST(Recipe, SaysHowEventsAreRead) {
  const Recipe recipe = parse_recipe(R"(
columns = "user=who,item=what,kind=how"
header = "yes"
duplicates = "sum"
weights = "view=1,buy=8"
half_life = "30d"
skip_bad_lines = true)");
  EXPECT_EQ(recipe.data.reading, (ReadingSpec{.columns = "user=who,item=what,kind=how",
                                              .header = "yes",
                                              .duplicates = "sum",
                                              .weights = "view=1,buy=8",
                                              .half_life = "30d",
                                              .skip_bad_lines = true}));
  EXPECT_EQ(parse_recipe(format_recipe(recipe)), recipe);
}

TEST(Recipe, WhatIsSaidFirstWins) {
  Recipe flags;
  flags.data.name = "mine.csv";
  flags.data.reading.header = "no";
  flags.split = "last:1";
  flags.filter.positives = 3;
  flags.seed = 1;
  flags.sets = {"plain.epochs=5"};
  const Recipe both = completed(flags, parse_recipe(kFull));
  EXPECT_EQ(both.data.name, "mine.csv");
  EXPECT_EQ(both.data.reading.header, "no");
  EXPECT_EQ(both.data.features.types, "year=number");
  EXPECT_EQ(both.split, "last:1");
  EXPECT_EQ(both.task, "top-n");
  EXPECT_EQ(both.filter, (FilterOptions{981'158'400, 3, 3, 2}));
  EXPECT_EQ(both.seed, 1u);
  EXPECT_EQ(both.repeats, 3u);
  EXPECT_THAT(both.k, ElementsAre(10, 20));
  EXPECT_EQ(both.models.size(), 3u);
  EXPECT_THAT(both.sets, ElementsAre("plain.reg_item=3", "plain.epochs=5"));

  flags.models = {{"popularity"}};
  EXPECT_THAT(completed(flags, parse_recipe(kFull)).sets, ElementsAre("plain.epochs=5")) << "of its own models";
}

TEST(Recipe, AProtocolSaidFirstSetsAnewWhatProtocolsSet) {
  Recipe flags;
  flags.protocol = "ncf";
  const Recipe both = completed(flags, parse_recipe(kFull));
  EXPECT_EQ(both.split + both.task, "");
  EXPECT_EQ(both.filter, FilterOptions());
  EXPECT_TRUE(both.k.empty());
  EXPECT_TRUE(both.metrics.empty());
  EXPECT_EQ(both.seed, 7u);
  EXPECT_EQ(both.like_threshold, 3.5);
}

RC_GTEST_PROP(Recipe, AnyTextSurvivesInALabel, ()) {
  Recipe recipe = parse_recipe("[[model]]\nname = \"bias\"");
  recipe.data.name = *rc::gen::container<std::string>(rc::gen::inRange<char>(0x01, 0x7f));
  recipe.models[0].label = "x" + *rc::gen::container<std::string>(rc::gen::inRange<char>(0x01, 0x7f)) + "é";
  RC_ASSERT(parse_recipe(format_recipe(recipe)) == recipe);
}

struct Mistake {
  const char* recipe;
  ErrorCode code;
  const char* place;
  const char* says;
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << testing::PrintToString(mistake.recipe); }

class RecipeMistake : public testing::TestWithParam<Mistake> {};

TEST_P(RecipeMistake, IsNamedWithItsPlace) {
  try {
    parse_recipe(GetParam().recipe, "r.toml");
    FAIL() << "accepted: " << GetParam().recipe;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code) << error.what();
    EXPECT_THAT(error.message(), StartsWith(GetParam().place));
    EXPECT_THAT(std::string(error.what()), HasSubstr(GetParam().says));
  }
}

constexpr Mistake kMistakes[] = {
    {"split = \n", ErrorCode::invalid_input, "r.toml:1:", "TOML"},
    {"seed = 1\nseed = 2\n", ErrorCode::invalid_input, "r.toml:2:", "TOML"},
    {"data = \"x\"\nspilt = \"last:1\"", ErrorCode::invalid_option, "r.toml:2:1: ", "split"},
    {"item_features = [3]", ErrorCode::invalid_option, "r.toml:1:18: ", "text"},
    {"extras = [\"tag\"]", ErrorCode::invalid_option, "r.toml:1:10: ", "genome"},
    {"feature_types = \"year\"", ErrorCode::invalid_option, "r.toml:1:17: ", "no kind"},
    {"split = \"lsat:1\"", ErrorCode::invalid_option, "r.toml:1:9: ", "lsat"},
    {"split = 3", ErrorCode::invalid_option, "r.toml:1:9: ", "text"},
    {"task = \"topn\"", ErrorCode::invalid_option, "r.toml:1:8: ", "top-n"},
    {"positives = \"4\"", ErrorCode::invalid_option, "r.toml:1:13: ", "number"},
    {"positives = nan", ErrorCode::invalid_option, "r.toml:1:13: ", "number"},
    {"min_user_events = 0", ErrorCode::invalid_option, "r.toml:1:19: ", "at least 1"},
    {"min_item_events = 1.5", ErrorCode::invalid_option, "r.toml:1:19: ", "whole number"},
    {"since = 2003", ErrorCode::invalid_option, "r.toml:1:9: ", "2003-01-01"},
    {"since = \"once\"", ErrorCode::invalid_option, "r.toml:1:9: ", "no time"},
    {"like_threshold = inf", ErrorCode::invalid_option, "r.toml:1:18: ", "number"},
    {"seed = -1", ErrorCode::invalid_option, "r.toml:1:8: ", "at least 0"},
    {"seed = 1.5", ErrorCode::invalid_option, "r.toml:1:8: ", "whole"},
    {"k = [10, 0]", ErrorCode::invalid_option, "r.toml:1:10: ", "at least 1"},
    {"task = \"top-n\"\nk = [10, 10]", ErrorCode::invalid_option, "r.toml:2:5: ", "twice"},
    {"task = \"top-n\"\nk = []", ErrorCode::invalid_option, "r.toml:2:5: ", "length"},
    {"metrics = \"rmse\"", ErrorCode::invalid_option, "r.toml:1:11: ", "list"},
    {"metrics = []", ErrorCode::invalid_option, "r.toml:1:11: ", "empty"},
    {"metrics = [\"mae\", \"rsme\"]", ErrorCode::invalid_option, "r.toml:1:19: ", "rmse"},
    {"metrics = [\"auc\"]", ErrorCode::invalid_option, "r.toml:1:12: ", "likes"},
    {"set = \"bias\"", ErrorCode::invalid_option, "r.toml:1:7: ", "sets no option"},
    {"set = [\"bais.epochs=3\"]", ErrorCode::invalid_option, "r.toml:1:7: ", "bias"},
    {"model = \"bias\"", ErrorCode::invalid_option, "r.toml:1:9: ", "[[model]]"},
    {"[model]\nname = \"bias\"", ErrorCode::invalid_option, "r.toml:1:", "[[model]]"},
    {"[[model]]\nlabel = \"x\"", ErrorCode::invalid_option, "r.toml:1:", "name"},
    {"[[model]]\nname = \"bais\"", ErrorCode::not_found, "r.toml:2:8: ", "bias"},
    {"[[model]]\nname = \"bias\"\nepoch = 3", ErrorCode::invalid_option, "r.toml:3:1: ", "epochs"},
    {"[[model]]\nname = \"bias\"\nepochs = 3.5", ErrorCode::invalid_option, "r.toml:3:10: ", "whole"},
    {"[[model]]\nname = \"bias\"\nepochs = 3.0", ErrorCode::invalid_option, "r.toml:3:10: ", "cannot be 3.0"},
    {"[[model]]\nname = \"bias\"\nepochs = true", ErrorCode::invalid_option, "r.toml:3:10: ", "cannot be true"},
    {"[[model]]\nname = \"bias\"\nepochs = [3]", ErrorCode::invalid_option, "r.toml:3:10: ", "neither"},
    {"[[model]]\nname = \"bias\"\noptions = 3", ErrorCode::invalid_option, "r.toml:3:11: ", "table"},
    {"[[model]]\nname = \"bias\"\nepochs = 3\n[model.options]\nepochs = 4", ErrorCode::invalid_option,
     "r.toml:", "twice"},
    {"[[model]]\nname = \"bias\"\nlabel = \"\"", ErrorCode::invalid_option, "r.toml:3:9: ", "empty"},
    {"[[model]]\nname = \"bias\"\n[[model]]\nname = \"bias\"", ErrorCode::invalid_option, "r.toml:3:", "label"},
    {"[[model]]\nname = \"bias\"\n[[model]]\nname = \"popularity\"\nlabel = \"bias\"", ErrorCode::invalid_option,
     "r.toml:5:9: ", "label"},
    {"columns = \"user,item\"\nhalf_life = \"soon\"", ErrorCode::invalid_option, "r.toml:2:13: ", "no length of time"},
    {"duplicates = \"median\"", ErrorCode::invalid_option, "r.toml:1:14: ", "cannot be \"median\""},
    {"skip_bad_lines = 1", ErrorCode::invalid_option, "r.toml:1:18: ", "neither true nor false"},
};
INSTANTIATE_TEST_SUITE_P(All, RecipeMistake, testing::ValuesIn(kMistakes));

TEST(Recipe, RelativePathsAreLookedForBesideIt) {
  const test::TemporaryFolder folder;
  for (const char* file : {"data.csv", "films.csv", "test.tsv", "f1.base"}) folder.write(file, "1,2\n");
  folder.write("beside.toml", "data = \"data.csv\"\nsplit = \"test:test.tsv\"\nitem_features = \"films.csv\"");
  const auto beside = [&](const char* name) { return (folder.path() / name).string(); };
  const Recipe recipe = read_recipe(folder.path() / "beside.toml");
  EXPECT_EQ(recipe.data.name, beside("data.csv"));
  EXPECT_THAT(recipe.data.features.items, ElementsAre(beside("films.csv")));
  EXPECT_EQ(recipe.split, "test:" + beside("test.tsv"));
  folder.write("folds.toml", "data = \"ml-1m\"\nsplit = \"folds:f\"");
  const Recipe folds = read_recipe(folder.path() / "folds.toml");
  EXPECT_EQ(folds.data.name, "ml-1m");
  EXPECT_EQ(folds.split, "folds:" + beside("f"));
  folder.write("rule.toml", "split = \"holdout:0.2\"");
  folder.write("0.2", "");
  EXPECT_EQ(read_recipe(folder.path() / "rule.toml").split, "holdout:0.2");
}

TEST(Recipe, MissingFileIsNotFound) {
  try {
    read_recipe("no-such-folder/recipe.toml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
  }
}

}  // namespace
}  // namespace gusto
