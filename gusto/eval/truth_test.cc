// Models against the truth behind simulated data: as data grow, they must come close to what knowing it reaches.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/context.h"
#include "gusto/data/simulation/simulation_truth.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/testing/function_model.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

constexpr std::uint64_t kPeople = 1000;
constexpr std::uint64_t kGoods = 400;

/// Made-up data with so many events a user, the truth's figures, and a fold.
struct World {
  World(std::uint64_t each, std::string_view split)
      : simulation({.users = kPeople, .items = kGoods, .events = kPeople * each}, context),
        truth(measure_truth(simulation, context)) {
    SplitOptions options;
    options.spec = parse_split(split);
    Split made = make_split(simulate_dataset(simulation, context), options);
    fold = std::move(made.folds.front());
    candidates = std::move(made.candidates);
  }

  double reached(const Model& model, Task task, const char* metric) {
    EvaluateOptions options;
    options.task = task;
    options.metrics = {metric};
    return evaluate(model, fold, candidates, options, context).estimates.front().mean;
  }
  double reached(const char* name, Task task, const char* metric, const Settings& settings = {}) {
    const std::unique_ptr<Model> model = make_model(name, settings);
    model->fit(fold.train, task, context);
    return reached(*model, task, metric);
  }

  /// Scores by the weights that users choose by.
  std::unique_ptr<Model> oracle() {
    const Vocabulary& ids = fold.train->catalog().items;
    auto weights = std::make_shared<std::vector<std::vector<double>>>(kPeople, std::vector<double>(kGoods));
    for (std::size_t user = 0; user < kPeople; ++user) simulation.weigh(simulation.user(user), (*weights)[user]);
    auto model = std::make_unique<test::FunctionModel>([weights, &ids](UserRow user, ItemRow item) {
      std::size_t number = 0;
      const std::string_view id = ids[item.index];
      std::from_chars(id.data(), id.data() + id.size(), number);
      return static_cast<float>(std::log((*weights)[user.index][number - 1]));
    });
    model->fit(fold.train, Task::top_n, context);
    return model;
  }

  Context context{{.threads = 2}};
  Simulation simulation;
  TruthFigures truth;
  Fold fold;
  std::vector<ItemRow> candidates;
};

TEST(Truth, AsAModelItReachesItsOwnFigure) {
  World world(30, "holdout:0.2");
  // The two withhold other events of the same people.
  EXPECT_NEAR(world.reached(*world.oracle(), Task::top_n, "ndcg@10"), world.truth.ndcg, 4 * world.truth.ndcg_error);
}

TEST(Truth, ErrorsOfRatingsComeDownToItAsDataGrow) {
  std::vector<double> above;
  for (const std::uint64_t each : {10, 40, 160}) {
    World world(each, "random:0.1");
    above.push_back(world.reached("biased-mf", Task::ratings, "rmse") - world.truth.rmse);
    const double bias = world.reached("bias", Task::ratings, "rmse") - world.truth.rmse;
    EXPECT_GT(bias, 0.05) << "taste is of no use";
    if (each > 10) {
      EXPECT_LT(above.back(), bias) << each;
    }
  }
  EXPECT_LT(above[1], above[0]);
  EXPECT_LT(above[2], above[1]);
  EXPECT_LT(above[2], 0.065);
  EXPECT_GT(above[2], -0.01) << "better than the truth";
}

TEST(Truth, RankingsComeUpToItAsDataGrow) {
  for (const char* model : {"svd", "item-knn"}) {
    std::vector<double> shares;
    for (const std::uint64_t each : {10, 30, 90}) {
      World world(each, "holdout:0.2");
      const double best = world.reached(*world.oracle(), Task::top_n, "ndcg@10");
      shares.push_back(world.reached(model, Task::top_n, "ndcg@10") / best);
      EXPECT_LT(shares.back(), 1.01) << model << ", better than the truth";
      EXPECT_GT(shares.back(), world.reached("popularity", Task::top_n, "ndcg@10") / best) << model;
    }
    EXPECT_GT(shares[2], shares[0]) << model;
    EXPECT_GT(shares[2], 0.75) << model;
  }
}

}  // namespace
}  // namespace gusto
