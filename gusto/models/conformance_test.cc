// What every registered model must keep, whatever its mathematics. The part that needs top-k lists is in
// gusto/retrieval/conformance_test.cc.

#include "gusto/models/testing/conformance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"

namespace gusto {
namespace {

using test::code_of;
using test::ConformanceTest;
using test::scores_of;
using test::state_bytes;
using ::testing::Each;
using ::testing::HasSubstr;

MATCHER(IsFinite, "") { return std::isfinite(arg); }

// More rows than the blocks that loops are cut into, so that threads have something to share.
std::shared_ptr<const Dataset> large_data() {
  static const auto data = test::three_tastes(520, 270);
  return data;
}

TEST_P(ConformanceTest, SameSeedSameBytesAtAnyNumberOfThreads) {
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 3);  // shows it as well as thirty do
  }
  const auto data = suited(large_data());
  const std::string once = state_bytes(*fitted(data, 1, settings));
  EXPECT_EQ(once, state_bytes(*fitted(data, 7, settings)));
}

/// The same events, whose values say how strongly items were chosen.
std::shared_ptr<const Dataset> with_strengths(const Dataset& data) {
  auto catalog = std::make_shared<Catalog>(data.catalog());
  catalog->strength = {Strength::Form::linear, 0.3};
  return std::make_shared<const Dataset>(std::move(catalog), data.events());
}

TEST_P(ConformanceTest, StrengthsCountWhereItDeclaresSo) {
  if (info().name == "sequential") return;  // takes its time, and declares nothing
  const auto data = with_strengths(*small_data());
  const auto model = fitted(data);
  const bool moved = scores_of(*model, Query::known(UserRow(3))) != scores_of(small_model(), Query::known(UserRow(3)));
  EXPECT_EQ(moved, abilities().strength && task() == Task::top_n);
  if (!moved) return;

  const std::vector<HistoryEvent> history = events_of(data->history(UserRow(7)));
  if (abilities().fold_in == FoldIn::exact) {
    const std::vector<float> known = scores_of(*model, Query::known(UserRow(7)));
    const std::vector<float> folded = scores_of(*model, Query::with_history(history));
    for (std::size_t i = 0; i < known.size(); ++i) {
      ASSERT_NEAR(folded[i], known[i], 1e-4 * (1 + std::abs(known[i]))) << "item " << i;
    }
  }
  if (abilities().explains) {
    const std::vector<float> scores = scores_of(*model, Query::with_history(history));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      double sum = 0;
      for (const Contribution& reason : model->explain(Query::with_history(history), ItemRow(i))) sum += reason.amount;
      ASSERT_NEAR(sum, scores[i], 1e-4 * (1 + std::abs(scores[i]))) << "item " << i;
    }
  }
  const auto loaded = info().make(model->settings());
  loaded->load_state(TensorFile::parse(state_bytes(*model), "saved"), data, task());
  EXPECT_EQ(scores_of(*loaded, Query::with_history(history)), scores_of(*model, Query::with_history(history)));
}

TEST_P(ConformanceTest, LearnsFromScratchWhenFittedAgain) {
  Context context({.threads = 1});
  const auto model = info().make({});
  model->fit(suited(test::checkerboard(8, task() != Task::top_n), 2), task(), context);
  model->fit(small_data(), task(), context);
  EXPECT_EQ(state_bytes(*model), state_bytes(small_model()));
}

TEST_P(ConformanceTest, LoadedModelGivesTheSameAnswers) {
  const Model& model = small_model();
  const auto loaded = info().make(model.settings());
  loaded->load_state(TensorFile::parse(state_bytes(model), "saved"), small_data(), task());
  EXPECT_EQ(loaded->settings(), model.settings());
  EXPECT_EQ(loaded->task(), task());
  EXPECT_EQ(state_bytes(*loaded), state_bytes(model));

  const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(4)));
  std::vector<Query> queries{Query::known(UserRow(3)), Query::known(UserRow(59))};
  if (folds_in()) queries.push_back(Query::with_history(history));
  for (const Query& query : queries) {
    EXPECT_EQ(scores_of(*loaded, query), scores_of(model, query));
    if (model.predicts()) {
      EXPECT_EQ(predictions_of(*loaded, query), predictions_of(model, query));
    }
    if (abilities().similar_users) {
      std::vector<float> saved(60);
      std::vector<float> back(60);
      model.user_similarity(query, saved);
      loaded->user_similarity(query, back);
      EXPECT_EQ(back, saved);
    }
  }
  if (abilities().similar_items) {
    std::vector<float> saved(40);
    std::vector<float> back(40);
    model.item_similarity(ItemRow(2), saved);
    loaded->item_similarity(ItemRow(2), back);
    EXPECT_EQ(back, saved);
  }
}

TEST_P(ConformanceTest, RefusesStateThatDoesNotFit) {
  const std::string bytes = state_bytes(small_model());
  const auto load = [&](const std::string& state, const std::shared_ptr<const Dataset>& data) {
    const auto model = info().make({});
    const auto code = code_of([&] { model->load_state(TensorFile::parse(state, "saved"), data, task()); });
    EXPECT_FALSE(model->fitted());
    return code;
  };
  EXPECT_EQ(load(TensorWriter().serialize(), small_data()), ErrorCode::corrupt_file);
  EXPECT_EQ(load(bytes, suited(test::three_tastes(60, 39))), ErrorCode::corrupt_file);
}

TEST_P(ConformanceTest, AnswersWhomItDeclares) {
  const Model& model = small_model();
  const std::vector<HistoryEvent> one{{ItemRow(0), 4}};
  const std::vector<HistoryEvent> unrated{{ItemRow(39), 5}};
  const std::vector<HistoryEvent> many = events_of(small_data()->history(UserRow(7)));
  for (const Query& query :
       {Query{}, Query::with_history(one), Query::with_history(unrated), Query::with_history(many)}) {
    if (!folds_in()) {
      EXPECT_EQ(code_of([&] { scores_of(model, query); }), ErrorCode::unsupported);
      continue;
    }
    EXPECT_THAT(scores_of(model, query), Each(IsFinite()));
    if (model.predicts()) {
      EXPECT_THAT(predictions_of(model, query), Each(IsFinite()));
    }
  }
  // The last user is known, but has no events.
  EXPECT_THAT(scores_of(model, Query::known(UserRow(59))), Each(IsFinite()));
}

TEST_P(ConformanceTest, ExactFoldingInGivesATrainingUsersOwnAnswers) {
  if (abilities().fold_in != FoldIn::exact) return;
  const Model& model = small_model();
  for (std::size_t u = 0; u + 1 < 60; ++u) {
    const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(u)));
    const std::vector<float> known = scores_of(model, Query::known(UserRow(u)));
    const std::vector<float> folded = scores_of(model, Query::with_history(history));
    for (std::size_t i = 0; i < known.size(); ++i) {
      ASSERT_NEAR(folded[i], known[i], 1e-4 * (1 + std::abs(known[i]))) << "user " << u << ", item " << i;
    }
  }
}

TEST_P(ConformanceTest, PredictsWhatItDeclares) {
  const Model& model = small_model();
  const bool expected =
      task() != Task::top_n && (abilities().predicts_ratings || (abilities().probabilities && task() == Task::likes));
  EXPECT_EQ(model.predicts(), expected);
  if (!expected) {
    EXPECT_EQ(code_of([&] { predictions_of(model, Query::known(UserRow(0))); }), ErrorCode::unsupported);
    return;
  }
  double error = 0;
  double mean = 0;
  double square = 0;
  for (std::size_t u = 0; u < 60; ++u) {
    const std::vector<float> predicted = predictions_of(model, Query::known(UserRow(u)));
    if (abilities().probabilities && task() == Task::likes) {
      EXPECT_THAT(predicted, Each(::testing::AllOf(::testing::Ge(0), ::testing::Le(1))));
    }
    const History history = small_data()->history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      error += std::pow(predicted[history.items[e].index] - history.values[e], 2);
      mean += history.values[e];
      square += std::pow(history.values[e], 2);
    }
  }
  if (abilities().probabilities && task() == Task::likes) return;
  // In units of the values: closer to what was trained on than the mean of all values is.
  const auto events = static_cast<double>(small_data()->event_count());
  EXPECT_LT(error / events, 0.98 * (square / events - std::pow(mean / events, 2)));
}

TEST_P(ConformanceTest, SpreadsAreThoseOfItsPredictions) {
  const Model& model = small_model();
  const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(7)));
  std::vector<Query> queries{Query::known(UserRow(1)), Query::known(UserRow(59))};
  if (folds_in()) queries.push_back(Query::with_history(history));
  const std::vector<ItemRow> items{ItemRow(0), ItemRow(39), ItemRow(4)};
  std::vector<float> predicted(queries.size());
  std::vector<float> stddev(queries.size());
  const auto ask = [&] { model.predict_stddev(queries, std::span(items).first(queries.size()), predicted, stddev); };
  if (!abilities().stddev || !model.predicts()) {
    EXPECT_EQ(code_of(ask), ErrorCode::unsupported);
    return;
  }
  ask();
  EXPECT_THAT(stddev, Each(::testing::AllOf(IsFinite(), ::testing::Gt(0))));
  for (std::size_t q = 0; q < queries.size(); ++q) {
    EXPECT_NEAR(predicted[q], predictions_of(model, queries[q])[items[q].index], 1e-4);
  }
}

TEST_P(ConformanceTest, VectorsGiveTheScores) {
  const Model& model = small_model();
  const std::vector<Query> queries{Query::known(UserRow(1)), Query::known(UserRow(59))};
  if (!abilities().item_vectors) {
    EXPECT_EQ(code_of([&] { model.item_vectors(); }), ErrorCode::unsupported);
    return;
  }
  const MatrixView<const float> items = model.item_vectors();
  ASSERT_EQ(items.rows, 40U);
  Matrix<float> vectors(2, items.cols);
  model.query_vectors(queries, vectors.view());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::vector<float> scores = scores_of(model, queries[q]);
    for (std::size_t i = 0; i < items.rows; ++i) {
      const auto row = items.row(i);
      const double product = std::inner_product(row.begin(), row.end(), vectors.row(q).begin(), 0.0);
      ASSERT_NEAR(scores[i], product, 1e-4 * (1 + std::abs(product)));
    }
  }
}

TEST_P(ConformanceTest, ChosenItemsGetTheScoresThatAllItemsGet) {
  const Model& model = small_model();
  const Query query = Query::known(UserRow(4));
  const std::vector<ItemRow> items{ItemRow(39), ItemRow(3), ItemRow(0), ItemRow(17), ItemRow(3)};
  std::vector<float> chosen(items.size());
  model.score_items(query, items, chosen);
  const std::vector<float> all = scores_of(model, query);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const float score = all[items[i].index];
    EXPECT_NEAR(chosen[i], score, 1e-4F * (1 + std::abs(score)));
  }
  model.score_items(query, {}, {});
  const std::vector<ItemRow> outside{ItemRow(40)};
  EXPECT_EQ(code_of([&] { model.score_items(query, outside, {chosen.data(), 1}); }), ErrorCode::invalid_input);
}

/// Mean similarity to those of the same taste, less that to the others, leaving out `self` and the last, unknown one.
double contrast(const std::vector<float>& similarity, std::size_t self) {
  double same = 0;
  double same_count = 0;
  double other = 0;
  double other_count = 0;
  for (std::size_t row = 0; row + 1 < similarity.size(); ++row) {
    if (row == self) continue;
    const bool alike = row % 3 == self % 3;
    (alike ? same : other) += similarity[row];
    ++(alike ? same_count : other_count);
  }
  return same / same_count - other / other_count;
}

TEST_P(ConformanceTest, FindsSimilarItemsIfItDeclaresTo) {
  const Model& model = small_model();
  std::vector<float> similarity(40);
  if (!abilities().similar_items) {
    EXPECT_EQ(code_of([&] { model.item_similarity(ItemRow(0), similarity); }), ErrorCode::unsupported);
    return;
  }
  double total = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    model.item_similarity(ItemRow(i), similarity);
    EXPECT_THAT(similarity, Each(IsFinite()));
    if (i < 39) total += contrast(similarity, i);
  }
  EXPECT_GT(total, 0);
  EXPECT_EQ(code_of([&] { model.item_similarity(ItemRow(40), similarity); }), ErrorCode::invalid_input);
}

// Each such user is asked about. Sanitizers, which make that slow, look for errors that few users show as well; whether
// the similarities are good is judged over all.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kAskedUsers = 20;
#else
constexpr std::size_t kAskedUsers = 1;
#endif

TEST_P(ConformanceTest, FindsSimilarUsersIfItDeclaresTo) {
  const Model& model = small_model();
  std::vector<float> similarity(60);
  if (!abilities().similar_users) {
    EXPECT_EQ(code_of([&] { model.user_similarity(Query::known(UserRow(0)), similarity); }), ErrorCode::unsupported);
    return;
  }
  double total = 0;
  double total_folded = 0;
  for (std::size_t u = 0; u < 59; u += kAskedUsers) {
    model.user_similarity(Query::known(UserRow(u)), similarity);
    EXPECT_THAT(similarity, Each(IsFinite()));
    total += contrast(similarity, u);
    if (!folds_in() || u % 2 != 0) continue;
    const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(u)));
    model.user_similarity(Query::with_history(history), similarity);
    EXPECT_THAT(similarity, Each(IsFinite()));
    total_folded += contrast(similarity, u);
  }
  if (kAskedUsers > 1) return;
  EXPECT_GT(total, 0);
  if (folds_in()) {
    EXPECT_GT(total_folded, 0);
  }
}

TEST_P(ConformanceTest, ExplanationsSumToTheScore) {
  const Model& model = small_model();
  if (!abilities().explains) {
    EXPECT_EQ(code_of([&] { model.explain(Query::known(UserRow(0)), ItemRow(0)); }), ErrorCode::unsupported);
    return;
  }
  const std::vector<HistoryEvent> history = events_of(small_data()->history(UserRow(5)));
  std::vector<Query> queries{Query::known(UserRow(2)), Query::known(UserRow(59))};
  if (folds_in()) queries.insert(queries.end(), {Query{}, Query::with_history(history)});
  for (const Query& query : queries) {
    const std::vector<float> scores = scores_of(model, query);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const std::vector<Contribution> reasons = model.explain(query, ItemRow(i));
      double sum = 0;
      for (const Contribution& reason : reasons) {
        EXPECT_TRUE(!reason.label.empty() || reason.item || reason.user) << "a reason without a name";
        sum += reason.amount;
      }
      ASSERT_NEAR(sum, scores[i], 1e-4 * (1 + std::abs(scores[i])));
      EXPECT_TRUE(std::is_sorted(reasons.begin(), reasons.end(),
                                 [](const Contribution& a, const Contribution& b) { return a.amount > b.amount; }));
    }
  }
}

TEST_P(ConformanceTest, RefusesHistoriesThatAreNone) {
  const Model& model = small_model();
  const ErrorCode expected = folds_in() ? ErrorCode::invalid_input : ErrorCode::unsupported;
  const std::vector<HistoryEvent> outside{{ItemRow(40), 3}};
  const std::vector<HistoryEvent> nan{{ItemRow(0), std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_EQ(code_of([&] { scores_of(model, Query::with_history(outside)); }), expected);
  EXPECT_EQ(code_of([&] { scores_of(model, Query::with_history(nan)); }), expected);
  EXPECT_EQ(code_of([&] { scores_of(model, Query::known(UserRow(60))); }), ErrorCode::invalid_input);
}

TEST_P(ConformanceTest, CanceledWhileFittingStaysUnfitted) {
  CancelToken cancel;
  Context context({.threads = 2, .cancel = &cancel, .progress = [&](const ProgressEvent&) { cancel.cancel(); }});
  const auto model = info().make({});
  EXPECT_EQ(code_of([&] { model->fit(small_data(), task(), context); }), ErrorCode::canceled);
  EXPECT_FALSE(model->fitted());
  EXPECT_EQ(code_of([&] { scores_of(*model, Query::known(UserRow(0))); }), ErrorCode::unsupported);
}

TEST_P(ConformanceTest, WhatTheProgressSinkThrowsLeavesFitUnchanged) {
  struct Enough {
    std::string stage;
  };
  Context context(
      {.threads = 3, .progress = [](const ProgressEvent& event) { throw Enough{std::string(event.stage)}; }});
  const auto model = info().make({});
  try {
    model->fit(small_data(), task(), context);
    FAIL() << "fitted";
  } catch (const Enough& thrown) {
    EXPECT_FALSE(thrown.stage.empty());
  }
  EXPECT_FALSE(model->fitted());
}

TEST_P(ConformanceTest, StoppedAndResumedEqualsUninterrupted) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "fit.checkpoint";
  CancelToken cancel;
  const auto stop_at_checkpoint = [&](const ProgressEvent&) {
    if (std::filesystem::exists(path)) cancel.cancel();
  };
  Context first({.threads = 2, .cancel = &cancel, .progress = stop_at_checkpoint});
  const auto model = info().make({});
  const Error stopped = test::error_of([&] { model->fit(small_data(), task(), first, {.checkpoint = path}); });
  EXPECT_FALSE(model->fitted());
  if (!abilities().checkpoints) {
    EXPECT_EQ(stopped.code(), ErrorCode::unsupported);
    EXPECT_FALSE(std::filesystem::exists(path));
    return;
  }
  EXPECT_EQ(stopped.code(), ErrorCode::canceled);
  EXPECT_THAT(stopped.message(), HasSubstr("fit.checkpoint\" holds what was learned so far"));
  Context second({.threads = 1});
  model->fit(small_data(), task(), second, {.checkpoint = path});
  EXPECT_EQ(state_bytes(*model), state_bytes(small_model()));
}

TEST_P(ConformanceTest, StatesItsMemoryNeed) {
  Context context({.threads = 1, .memory_limit = 1});
  const auto model = info().make({});
  try {
    model->fit(small_data(), task(), context);
    FAIL() << "started with one byte";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_THAT(error.message(), HasSubstr(std::string(info().name)));
  }
  EXPECT_GT(model->memory_need(*suited(large_data()), task(), 2), model->memory_need(*small_data(), task(), 2));
}

TEST_P(ConformanceTest, NothingToLearnFromIsAnError) {
  Context context({.threads = 1});
  const auto model = info().make({});
  EXPECT_EQ(code_of([&] { model->fit(test::dataset_of(3, 3, {}), task(), context); }), ErrorCode::empty_dataset);
}

TEST_P(ConformanceTest, HardlyAnyDataStillGiveFiniteAnswers) {
  const std::vector<std::vector<Event>> sets{
      {{UserRow(0), ItemRow(0), 5}},
      {{UserRow(0), ItemRow(0), 3}, {UserRow(0), ItemRow(1), 3}, {UserRow(1), ItemRow(0), 3}},
      {{UserRow(0), ItemRow(0), 0}, {UserRow(1), ItemRow(1), 0}}};
  for (const std::vector<Event>& events : sets) {
    const auto model = fitted(suited(test::dataset_of(3, 3, events), 2));
    for (int u = 0; u < 3; ++u) {
      EXPECT_THAT(scores_of(*model, Query::known(UserRow(u))), Each(IsFinite()));
      if (model->predicts()) {
        EXPECT_THAT(predictions_of(*model, Query::known(UserRow(u))), Each(IsFinite()));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ConformanceTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
