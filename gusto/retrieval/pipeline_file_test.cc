#include "gusto/retrieval/pipeline_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::string_view kFull = R"(merge = "best-rank"
scale = "rank"

[[candidates]]
model = "towers/two.gusto"
count = 300

[[candidates]]
model = "knn.gusto"
label = "neighbours"

[[candidates]]
popularity = true
count = 50

[ranking]
model = "/elsewhere/deepfm.gusto"
weight = 0.75

[rerank]
diversity = 0.3
diversity_by = "embedding"
calibration = 0.2
calibration_by = "occupation"
popularity_penalty = 0.5

[rerank.caps]
director = 1
genres = 3
)";

TEST(PipelineFile, HoldsAWholePipeline) {
  const PipelineSpec spec = parse_pipeline(kFull, "p.toml", "folder");
  EXPECT_EQ(spec.merge, Merge::best_rank);
  EXPECT_EQ(spec.scale, ScoreScale::rank);
  ASSERT_EQ(spec.candidates.size(), 3u);
  EXPECT_EQ(spec.candidates[0].label, "two");
  EXPECT_EQ(spec.candidates[0].model, "folder/towers/two.gusto");
  EXPECT_EQ(spec.candidates[0].count, 300u);
  EXPECT_EQ(spec.candidates[1].label, "neighbours");
  EXPECT_EQ(spec.candidates[1].count, 200u);
  EXPECT_EQ(spec.candidates[2].label, "popularity");
  EXPECT_EQ(spec.candidates[2].model, "");
  ASSERT_TRUE(spec.ranking.has_value());
  EXPECT_EQ(spec.ranking->model, "/elsewhere/deepfm.gusto");
  EXPECT_EQ(spec.ranking->weight, 0.75);
  EXPECT_EQ(spec.rerank.diversity, 0.3);
  EXPECT_EQ(spec.rerank.diversity_by, DiversityBy::embedding);
  EXPECT_EQ(spec.rerank.calibration, 0.2);
  EXPECT_EQ(spec.rerank.calibration_by, "occupation");
  EXPECT_EQ(spec.rerank.popularity_penalty, 0.5);
  EXPECT_THAT(spec.rerank.caps, ElementsAre(Pair("director", 1), Pair("genres", 3)));
}

TEST(PipelineFile, NeedsNoMoreThanASource) {
  const PipelineSpec spec = parse_pipeline("[[candidates]]\nmodel = \"films.gusto\"\n");
  ASSERT_EQ(spec.candidates.size(), 1u);
  EXPECT_EQ(spec.candidates[0].label, "films");
  EXPECT_FALSE(spec.ranking.has_value());
  EXPECT_FALSE(spec.rerank.active());
  EXPECT_EQ(spec.merge, Merge::reciprocal_rank);
  EXPECT_EQ(spec.scale, ScoreScale::min_max);
}

struct Wrong {
  std::string_view toml;
  std::string_view sentence;
};

class PipelineFileErrors : public testing::TestWithParam<Wrong> {};

TEST_P(PipelineFileErrors, NameThePlaceAndTheRemedy) {
  const Error error = test::error_of([] { parse_pipeline(GetParam().toml, "p.toml"); });
  EXPECT_EQ(std::string_view(error.what()), GetParam().sentence);
}

constexpr Wrong kWrong[] = {
    {"", "p.toml:1:1: A pipeline has no source of candidates. Begin one with a line [[candidates]]."},
    {"candidate = 3", "p.toml:1:1: There is no key \"candidate\" in a pipeline. Did you mean candidates?"},
    {"candidates = 3", "p.toml:1:14: candidates is no list of tables. Begin each with a line [[candidates]]."},
    {"[[candidates]]\ncount = 3",
     "p.toml:1:1: A source of candidates is either a model or popularity. Add a line such as model = \"films.gusto\", "
     "or "
     "popularity = true."},
    {"[[candidates]]\nmodel = \"a.gusto\"\npopularity = true",
     "p.toml:1:1: A source of candidates is either a model or popularity. Add a line such as model = \"films.gusto\", "
     "or "
     "popularity = true."},
    {"[[candidates]]\npopularity = 1", "p.toml:2:14: popularity is neither true nor false. Write popularity = true."},
    {"[[candidates]]\nmodel = \"\"", "p.toml:2:9: model is empty. Name a model file that `gusto train` wrote."},
    {"[[candidates]]\nmodel = \"a\"\ncuont = 3",
     "p.toml:3:1: There is no key \"cuont\" in a source of candidates. Did you mean count?"},
    {"[[candidates]]\nmodel = \"a\"\ncount = 0",
     "p.toml:3:9: count is no whole number of at least 1. Write a whole number such as 3."},
    {"[[candidates]]\nmodel = \"a\"\n[[candidates]]\nmodel = \"b/a.gusto\"",
     "p.toml:3:1: Two sources have the label \"a\". Give each a label of its own."},
    {"merge = \"sum\"\n[[candidates]]\nmodel = \"a\"",
     "p.toml:1:9: merge cannot be \"sum\". It is one of reciprocal-rank, best-rank."},
    {"scale = \"softmix\"\n[[candidates]]\nmodel = \"a\"",
     "p.toml:1:9: scale cannot be \"softmix\". Did you mean softmax?"},
    {"ranking = 3\n[[candidates]]\nmodel = \"a\"",
     "p.toml:1:11: ranking is no table. Write its keys under a line [ranking]."},
    {"[[candidates]]\nmodel = \"a\"\n[ranking]\nweight = 1",
     "p.toml:3:1: ranking has no model. Add a line such as model = \"deepfm.gusto\"."},
    {"[[candidates]]\nmodel = \"a\"\n[ranking]\nmodel = \"b\"\nweight = 2",
     "p.toml:5:10: weight is 2, outside of 0 to 1. Write a share, such as 0.3."},
    {"[[candidates]]\nmodel = \"a\"\n[rerank]\ndiversity = 0.6\ncalibration = 0.6",
     "p.toml:3:1: diversity, calibration and popularity_penalty have shares of 1.2 together. Lower them to at most 1: "
     "what they leave of it is relevance's."},
    {"[[candidates]]\nmodel = \"a\"\n[rerank]\ndiversity_by = \"features\"\ndiversty = 0.1",
     "p.toml:5:1: There is no key \"diversty\" in rerank. Did you mean diversity?"},
    {"[[candidates]]\nmodel = \"a\"\n[rerank.caps]\ngenres = \"3\"",
     "p.toml:4:10: genres is no whole number of at least 1. Write one without quotes."},
};
INSTANTIATE_TEST_SUITE_P(Every, PipelineFileErrors, testing::ValuesIn(kWrong),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

TEST(PipelineFile, RefusesWhatIsNoToml) {
  const Error error = test::error_of([] { parse_pipeline("[[candidates", "p.toml"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_THAT(error.message(), testing::StartsWith("p.toml:1:"));
  EXPECT_EQ(error.hint(), "A pipeline is a TOML file (https://toml.io).");
}

}  // namespace
}  // namespace gusto
