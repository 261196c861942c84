// What every registered model must keep that goes on from another one, and of items that no event trained. Beside
// gusto/models/conformance_test.cc.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

using test::code_of;
using test::scores_of;
using test::state_bytes;

class GoingOnTest : public test::ConformanceTest {};

/// A model that takes in what data hold that another one was not trained on.
std::unique_ptr<Model> updated(const Model& from, const std::shared_ptr<const Dataset>& data, unsigned threads) {
  Context context({.threads = threads});
  auto model = from.info().make(from.settings());
  model->fit(data, from.task(), context, {.from = &from, .update = true});
  return model;
}

/// How much better items of a user's own taste score than others, over all users with events.
double contrast(const Model& model) {
  double sum = 0;
  for (std::size_t u = 0; u + 1 < model.data().user_count(); ++u) {
    const std::vector<float> scores = scores_of(model, Query::known(UserRow(u)));
    double own = 0, others = 0;
    for (std::size_t i = 0; i + 1 < scores.size(); ++i) {
      EXPECT_TRUE(std::isfinite(scores[i]));
      (u % 3 == i % 3 ? own : others) += static_cast<double>(scores[i]);
    }
    sum += own - others / 2;
  }
  return sum;
}

// Of so many users and items that embeddings whose width depends on their number are as wide before and after.
TEST_P(GoingOnTest, GoesOnFromAnotherModelIfItDeclaresTo) {
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", info().name == "bayes-fm" ? 60 : 10);
    if (field.name == "blocks") settings.emplace_back("blocks", 1);
  }
  const auto grown_data = suited(test::three_tastes(138, 99));
  if (!abilities().continues) {
    EXPECT_EQ(code_of([&] { updated(small_model(), grown_data, 1); }), ErrorCode::unsupported);
    return;
  }
  const auto before = fitted(suited(test::three_tastes(120, 90)), 2, settings);
  const auto model = updated(*before, grown_data, 1);
  EXPECT_EQ(state_bytes(*model), state_bytes(*updated(*before, grown_data, 3)));
  EXPECT_GT(contrast(*model), 0);
  const auto loaded = info().make(model->settings());
  loaded->load_state(TensorFile::parse(state_bytes(*model), "saved"), grown_data, task());
  EXPECT_EQ(scores_of(*loaded, Query::known(UserRow(130))), scores_of(*model, Query::known(UserRow(130))));
}

TEST_P(GoingOnTest, GoesOnFromModelsOfItsOwnKindAndTaskAlone) {
  Context context({.threads = 1});
  const auto other = make_model(info().name == "bias" ? "popularity" : "bias");
  other->fit(small_data(), task(), context);
  const auto model = info().make({});
  const ErrorCode expected = abilities().continues ? ErrorCode::invalid_option : ErrorCode::unsupported;
  EXPECT_EQ(code_of([&] { model->fit(small_data(), task(), context, {.from = other.get()}); }), expected);
  EXPECT_FALSE(model->fitted());
}

TEST_P(GoingOnTest, RanksItemsWithoutEventsWhereTheirFeaturesCount) {
  const ItemRow without_events(39);
  const Model& plain = small_model();
  EXPECT_EQ(plain.ranks(without_events), info().name == "content");
  EXPECT_TRUE(plain.ranks(ItemRow(3)));
  if (!abilities().cold_items) {
    EXPECT_FALSE(fitted(test::with_features(*small_data(), 3))->ranks(without_events));
    return;
  }
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "item_fields") settings.emplace_back("item_fields", std::string("auto"));
    if (field.name == "fields")
      settings.emplace_back("fields", std::string(info().name == "network" ? "user, item, genres" : "auto"));
  }
  const auto described = fitted(test::with_features(*small_data(), 3), 1, settings);
  EXPECT_TRUE(described->ranks(without_events));
  const auto loaded = info().make(described->settings());
  loaded->load_state(TensorFile::parse(state_bytes(*described), "saved"), described->shared_data(), task());
  EXPECT_TRUE(loaded->ranks(without_events));
}

INSTANTIATE_TEST_SUITE_P(Every, GoingOnTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
