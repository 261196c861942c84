// What negatives are for: trained on positives alone, embeddings of audiences that never meet lie on top of each other;
// with negatives of any kind they part.

#include <string>

#include <gtest/gtest.h>

#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

double folding_at_10(const Settings& settings) {
  SplitOptions split;
  split.spec = parse_split("holdout:0.2");
  static const Split parts = make_split(test::two_audiences(), split);
  Context context({.threads = 2});
  Settings all{{"dim", 16}, {"query_hidden", "32"}, {"batch_size", 64}, {"epochs", 10}, {"validation", 0}};
  all.insert(all.end(), settings.begin(), settings.end());
  const auto model = make_model("softmax", all);
  model->fit(parts.folds[0].train, Task::top_n, context);
  EvaluateOptions options;
  options.task = Task::top_n;
  options.metrics = {"folding@10"};
  return evaluate(*model, parts.folds[0], parts.candidates, options, context).estimates.at(0).mean;
}

TEST(FoldingOfModels, ShowsWhereTrainingSeesPositivesOnly) {
  EXPECT_GT(folding_at_10({{"sampling", "none"}, {"loss", "binary"}}), 0.2);
}

class FoldingWithNegatives : public testing::TestWithParam<const char*> {};

TEST_P(FoldingWithNegatives, IsGone) {
  const std::string sampling = GetParam();
  Settings settings{{"sampling", sampling}};
  if (sampling != "in-batch" && sampling != "full") settings.emplace_back("negatives", 64);
  EXPECT_LT(folding_at_10(settings), 0.01);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FoldingWithNegatives,
                         testing::Values("in-batch", "uniform", "popularity", "hard", "full"));

}  // namespace
}  // namespace gusto
