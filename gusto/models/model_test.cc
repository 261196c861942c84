#include "gusto/models/model.h"

#include <functional>
#include <limits>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;

using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A model with two-dimensional vectors that does what the test tells it to.
class ObedientModel final : public Model {
 public:
  explicit ObedientModel(Abilities abilities = {.predicts_ratings = true, .fold_in = FoldIn::exact})
      : info_{"obedient", "Does as told.", "", {}, abilities, nullptr} {}

  const ModelInfo& info() const override { return info_; }
  Settings settings() const override { return {}; }
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return need; }
  void save_state(TensorWriter&) const override {}
  MatrixView<const float> item_vectors() const override { return items_.view(); }

  using Model::choices;
  std::uint64_t need = 0;
  float answer = 3;
  std::function<void()> during_fit = [] {};

 private:
  void do_fit(const Dataset& data, const FitOptions&, Context&) override {
    during_fit();
    items_ = Matrix<float>(data.item_count(), 2);
    for (std::size_t i = 0; i < items_.rows(); ++i) {
      items_(i, 0) = static_cast<float>(i);
      items_(i, 1) = 1;
    }
  }
  void do_load(const TensorFile&) override { throw Error(ErrorCode::corrupt_file, "Broken."); }
  void do_predict(std::span<const Query>, std::span<const ItemRow>, std::span<float> out) const override {
    std::fill(out.begin(), out.end(), answer);
  }
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) {
      std::vector<HistoryEvent> storage;
      out(q, 0) = static_cast<float>(history_of(queries[q], storage).size());
      out(q, 1) = answer;
    }
  }
  std::vector<Contribution> do_explain(const Query&, ItemRow) const override {
    std::vector<Contribution> result(3);
    result[0].amount = -1;
    result[1].amount = 4;
    result[2].amount = 2;
    return result;
  }

  ModelInfo info_;
  Matrix<float> items_;
};

std::shared_ptr<const Dataset> small_data() {
  return test::dataset_of(3, 4,
                          {{UserRow(0), ItemRow(1), 4}, {UserRow(0), ItemRow(2), 2}, {UserRow(1), ItemRow(0), 5}});
}

TEST(Model, NothingToLearnFromIsAnError) {
  Context context;
  ObedientModel model;
  EXPECT_EQ(error_of([&] { model.fit(test::dataset_of(2, 2, {}), Task::ratings, context); }).code(),
            ErrorCode::empty_dataset);
  EXPECT_FALSE(model.fitted());
  EXPECT_EQ(error_of([&] { model.data(); }).code(), ErrorCode::unsupported);
}

TEST(Model, StatesItsMemoryNeedBeforeItStarts) {
  Context context({.memory_limit = 1024});
  ObedientModel model;
  model.need = 3 << 20;
  model.during_fit = [] { FAIL() << "started"; };
  const Error error = error_of([&] { model.fit(small_data(), Task::ratings, context); });
  EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
  EXPECT_THAT(error.message(), HasSubstr("3.0 MiB"));
  EXPECT_THAT(error.message(), HasSubstr("obedient"));
}

TEST(Model, CanceledFitLeavesItUnfittedEvenWhenItWasFitted) {
  CancelToken cancel;
  Context context({.cancel = &cancel});
  ObedientModel model;
  model.fit(small_data(), Task::ratings, context);
  EXPECT_TRUE(model.fitted());
  model.during_fit = [&] { cancel.cancel(); };
  EXPECT_EQ(error_of([&] { model.fit(small_data(), Task::ratings, context); }).code(), ErrorCode::canceled);
  EXPECT_FALSE(model.fitted());
}

TEST(Model, FailedLoadLeavesItUnfitted) {
  ObedientModel model;
  const TensorFile file = TensorFile::parse(TensorWriter().serialize(), "empty");
  EXPECT_EQ(error_of([&] { model.load_state(file, small_data(), Task::ratings); }).code(), ErrorCode::corrupt_file);
  EXPECT_FALSE(model.fitted());
}

class FittedModel : public ::testing::Test {
 protected:
  void SetUp() override { model.fit(small_data(), Task::ratings, context); }
  ErrorCode predict_error(const Query& query, ItemRow item = ItemRow(0)) {
    float out = 0;
    return error_of([&] { model.predict({&query, 1}, {&item, 1}, {&out, 1}); }).code();
  }
  Context context;
  ObedientModel model;
};

TEST_F(FittedModel, ScoresByInnerProductsOfItsVectors) {
  const std::vector<HistoryEvent> history{{ItemRow(3)}};
  const std::vector<Query> queries{Query::known(UserRow(0)), Query::known(UserRow(2)), Query::with_history(history)};
  Matrix<float> scores(3, 4);
  model.score(queries, scores.view());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(scores(0, i), static_cast<float>(2 * i + 3));
    EXPECT_EQ(scores(1, i), 3.0F);
    EXPECT_EQ(scores(2, i), static_cast<float>(i + 3));
  }
}

TEST_F(FittedModel, RefusesRowsOutsideTheCatalogAndNumbersThatAreNone) {
  EXPECT_EQ(predict_error(Query::known(UserRow(3))), ErrorCode::invalid_input);
  EXPECT_EQ(predict_error(Query::known(UserRow(0)), ItemRow(4)), ErrorCode::invalid_input);
  std::vector<HistoryEvent> history{{ItemRow(4)}};
  EXPECT_EQ(predict_error(Query::with_history(history)), ErrorCode::invalid_input);
  for (const float bad : {kNan, std::numeric_limits<float>::infinity()}) {
    history = {{ItemRow(1), bad}};
    EXPECT_EQ(predict_error(Query::with_history(history)), ErrorCode::invalid_input);
  }
}

TEST_F(FittedModel, RefusesFeaturesThatUsersDoNotHave) {
  const FeatureValue shoe_size{"shoe_size", "44"};
  Query query;
  query.features = {&shoe_size, 1};
  EXPECT_EQ(predict_error(query), ErrorCode::not_found);
}

TEST_F(FittedModel, NeverHandsOutNan) {
  model.answer = kNan;
  EXPECT_EQ(predict_error(Query::known(UserRow(0))), ErrorCode::not_finite);
  const Query query = Query::known(UserRow(0));
  Matrix<float> scores(1, 4);
  EXPECT_EQ(error_of([&] { model.score({&query, 1}, scores.view()); }).code(), ErrorCode::not_finite);
}

TEST_F(FittedModel, RefusesWhatItHasNotDeclaredAndNamesItself) {
  std::vector<float> items(4);
  std::vector<float> users(3);
  const Query query = Query::known(UserRow(0));
  const ItemRow item(0);
  float value = 0;
  float stddev = 0;
  Matrix<float> vectors(1, 2);
  const std::vector<std::function<void()>> calls{
      [&] { model.item_similarity(ItemRow(0), items); }, [&] { model.user_similarity(query, users); },
      [&] {
        model.query_vectors({&query, 1}, vectors.view());
      },
      [&] { model.explain(query, ItemRow(0)); },
      [&] {
        model.predict_stddev({&query, 1}, {&item, 1}, {&value, 1}, {&stddev, 1});
      }};
  for (const auto& call : calls) {
    const Error error = error_of(call);
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_THAT(error.message(), HasSubstr("obedient"));
  }
}

TEST_F(FittedModel, PredictsNothingOnceTrainedForTopN) {
  model.fit(small_data(), Task::top_n, context);
  EXPECT_FALSE(model.predicts());
  EXPECT_EQ(predict_error(Query::known(UserRow(0))), ErrorCode::unsupported);
}

TEST(Model, WithoutFoldingInOnlyTrainingUsersGetAnswers) {
  Context context;
  ObedientModel model({.predicts_ratings = true, .fold_in = FoldIn::none});
  model.fit(small_data(), Task::ratings, context);
  const std::vector<HistoryEvent> history{{ItemRow(3)}};
  Query both = Query::with_history(history);
  both.user = UserRow(0);
  const ItemRow item(0);
  float out = 0;
  for (const Query& query : {Query{}, Query::with_history(history), both}) {
    EXPECT_EQ(error_of([&] { model.predict({&query, 1}, {&item, 1}, {&out, 1}); }).code(), ErrorCode::unsupported);
  }
  const Query known = Query::known(UserRow(0));
  EXPECT_NO_THROW(model.predict({&known, 1}, {&item, 1}, {&out, 1}));
}

TEST(Model, ExplainsLargestAmountFirst) {
  Context context;
  ObedientModel model({.explains = true});
  model.fit(small_data(), Task::ratings, context);
  const std::vector<Contribution> reasons = model.explain(Query::known(UserRow(0)), ItemRow(0));
  ASSERT_EQ(reasons.size(), 3U);
  EXPECT_EQ(reasons[0].amount, 4);
  EXPECT_EQ(reasons[1].amount, 2);
  EXPECT_EQ(reasons[2].amount, -1);
}

TEST(Model, IsMovedButNotCopied) {
  static_assert(!std::is_copy_constructible_v<ObedientModel> && !std::is_copy_assignable_v<ObedientModel>);
  static_assert(std::is_move_constructible_v<ObedientModel>);
  Context context;
  ObedientModel model;
  model.fit(small_data(), Task::ratings, context);
  const ObedientModel moved = std::move(model);
  EXPECT_TRUE(moved.fitted());
}

TEST(Model, ChoicesKeepTheOrderOfTheHistory) {
  Context context;
  ObedientModel model;
  model.fit(small_data(), Task::ratings, context);
  const std::vector<HistoryEvent> history{{ItemRow(2), 5}, {ItemRow(0), 3}, {ItemRow(1), 4}};
  Query query;
  query.history = history;
  const auto items_of = [](const std::vector<Choice>& choices) {
    std::vector<std::uint32_t> items;
    for (const Choice& choice : choices) items.push_back(choice.item);
    return items;
  };
  EXPECT_THAT(items_of(model.choices(query, 4)), ::testing::ElementsAre(2U, 1U));
  EXPECT_THAT(items_of(model.choices(Query::known(UserRow(0)), 3)), ::testing::ElementsAre(1U));
  EXPECT_EQ(model.choices(query, 4).front().strength, 1.0F) << "of ratings, all choices count the same";
}

}  // namespace
}  // namespace gusto
