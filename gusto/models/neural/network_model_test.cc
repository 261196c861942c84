#include "gusto/models/neural/network_model.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/networks.h"

namespace gusto {
namespace {

using test::code_of;
using test::error_of;
using test::scores_of;
using test::small_settings;
using test::tastes_with_features;
using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

std::unique_ptr<Model> fitted_network(std::string_view name, const Settings& more = {}, Task task = Task::ratings,
                                      const std::shared_ptr<const Dataset>& data = tastes_with_features()) {
  Context context({.threads = 1});
  auto model = make_model(name, small_settings(more));
  model->fit(data, task, context);
  return model;
}

std::vector<float> predictions_of(const Model& model, const Query& query) {
  const std::vector<Query> queries(model.data().item_count(), query);
  std::vector<ItemRow> items;
  for (std::size_t i = 0; i < queries.size(); ++i) items.emplace_back(i);
  std::vector<float> out(queries.size());
  model.predict(queries, items, out);
  return out;
}

/// The mean of the predictions for items of the kind that a taste goes with, less that for the others.
double preference(const std::vector<float>& predictions, std::size_t taste) {
  double fits = 0, others = 0, fit_count = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    (i % 3 == taste ? fits : others) += static_cast<double>(predictions[i]);
    fit_count += i % 3 == taste ? 1 : 0;
  }
  return fits / fit_count - others / (static_cast<double>(predictions.size()) - fit_count);
}

const char* const kFeatureModels[] = {"feature-dense", "wide-deep", "deepfm"};

TEST(NetworkModel, AModelFileGivesTheSameAnswersByItself) {
  const std::string histories = "auto, history(5, value, recent), rated(5), history.count, history.mean";
  for (const char* name : kFeatureModels) {
    const auto model = fitted_network(name, {{"fields", histories}});
    const TrainedModel loaded = parse_model(serialize_model(*model, {}), "file");
    const std::vector<FeatureValue> features{{"taste", "taste1"}, {"age", "33"}};
    const std::vector<HistoryEvent> history{{ItemRow(1), 5, 1001000}, {ItemRow(2), 1, 1002000}};
    Query somebody = Query::with_history(history);
    somebody.features = features;
    for (const Query& query : {Query::known(UserRow(3)), Query{}, somebody}) {
      EXPECT_EQ(predictions_of(*loaded.model, query), predictions_of(*model, query)) << name;
      EXPECT_EQ(scores_of(*loaded.model, query), scores_of(*model, query)) << name;
    }
    EXPECT_EQ(serialize_model(*loaded.model, {}), serialize_model(*model, {}));
  }
}

TEST(NetworkModel, ANewUserOfFeaturesAloneIsAnsweredByThem) {
  for (const char* name : kFeatureModels) {
    const auto model = fitted_network(name);
    for (std::size_t taste = 0; taste < 3; ++taste) {
      const std::string value = "taste" + std::to_string(taste);
      const std::vector<FeatureValue> features{{"taste", value}};
      Query query;
      query.features = features;
      EXPECT_GT(preference(predictions_of(*model, query), taste), 0.2) << name << ", taste " << taste;
    }
  }
}

TEST(NetworkModel, ANewItemIsAnsweredByItsFeatures) {
  // The last three items have no events, and are of one kind each.
  for (const char* name : kFeatureModels) {
    const auto model = fitted_network(name);
    const std::size_t count = model->data().item_count();
    for (std::size_t u = 0; u < 9; ++u) {
      const std::vector<float> predictions = predictions_of(*model, Query::known(UserRow(u)));
      double fits = 0, others = 0;
      for (std::size_t i = count - 3; i < count; ++i) {
        (i % 3 == u % 3 ? fits : others) += static_cast<double>(predictions[i]);
      }
      EXPECT_GT(fits, others / 2) << name << ", user " << u;
    }
  }
}

TEST(NetworkModel, UnknownIdsHaveATrainedAnswer) {
  const auto model = fitted_network("embedding-bias", {{"unknown_rate", 0.3}, {"epochs", 60}});
  const Dataset& data = model->data();
  const std::vector<float> unknown = predictions_of(*model, Query{});
  EXPECT_EQ(predictions_of(*model, Query::known(UserRow(data.user_count() - 1))), unknown)
      << "a user without events is as unknown as one without a row";
  const std::size_t count = data.item_count();
  EXPECT_EQ(unknown[count - 1], unknown[count - 2]) << "as are items";
  double error = 0, baseline = 0, events = 0, mean = 0;
  for (const float value : data.values()) mean += static_cast<double>(value);
  mean /= static_cast<double>(data.event_count());
  for (std::size_t e = 0; e < data.event_count(); ++e) {
    const auto value = static_cast<double>(data.values()[e]);
    error += std::pow(static_cast<double>(unknown[data.items()[e].index]) - value, 2);
    baseline += std::pow(mean - value, 2);
    ++events;
  }
  EXPECT_LT(error, 0.97 * baseline) << "which knows the better items";
  EXPECT_NEAR(unknown[count - 1], mean, 0.3) << "and of nothing the mean";
}

TEST(NetworkModel, AHistoryTellsWhatFeaturesDoNot) {
  const auto model = fitted_network("embedding-bias", {{"epochs", 60}});
  for (std::size_t taste = 0; taste < 3; ++taste) {
    std::vector<HistoryEvent> history;
    for (std::size_t i = 0; i < 18; ++i) history.push_back({ItemRow(i), i % 3 == taste ? 5.0F : 2.0F, kNoTime});
    EXPECT_GT(preference(predictions_of(*model, Query::with_history(history)), taste), 0.5);
  }
}

TEST(NetworkModel, FeaturesThatItDoesNotReadAreAnErrorThatNamesThem) {
  const auto model = fitted_network("network", {{"fields", "user, item, taste"}});
  const std::vector<FeatureValue> features{{"taste", "taste1"}, {"age", "33"}, {"shoe_size", "44"}};
  Query query;
  query.features = features;
  const Error error = error_of([&] { scores_of(*model, query); });
  EXPECT_TRUE(error.code() == ErrorCode::invalid_input || error.code() == ErrorCode::not_found) << error.what();
  EXPECT_THAT(error.message(), HasSubstr("shoe_size"));
  query.features = std::span(features).first(2);
  const Error unread = error_of([&] { scores_of(*model, query); });
  EXPECT_EQ(unread.code(), ErrorCode::invalid_input);
  EXPECT_THAT(unread.message(), HasSubstr("age"));
}

TEST(NetworkModel, FieldsThatTheDataLackAreAnErrorThatNamesThem) {
  Context context({.threads = 1});
  const auto model = make_model("feature-dense", small_settings({{"fields", "user, item, kinds"}}));
  const Error error = error_of([&] { model->fit(tastes_with_features(), Task::ratings, context); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("kinds"), HasSubstr("Did you mean kind?")));

  const auto trained = fitted_network("feature-dense", {{"fields", "user, item, taste, kind"}});
  TensorWriter state;
  trained->save_state(state);
  const auto other = make_model("feature-dense", trained->settings());
  const Error lacking = error_of([&] {
    other->load_state(TensorFile::parse(state.serialize(), "film.gusto"),
                      tastes_with_features(60, 40, /*with_features=*/false), Task::ratings);
  });
  EXPECT_EQ(lacking.code(), ErrorCode::invalid_input);
  EXPECT_THAT(lacking.message(), AllOf(HasSubstr("film.gusto"), HasSubstr("taste"), HasSubstr("kind")));
}

TEST(NetworkModel, LikesAreProbabilities) {
  for (const char* name : {"cosine", "deepfm", "embedding-dot"}) {
    const auto model = fitted_network(name, {{"like_threshold", 4}}, Task::likes);
    const std::vector<float> predictions = predictions_of(*model, Query::known(UserRow(4)));
    EXPECT_THAT(predictions, Each(AllOf(Ge(0), Le(1)))) << name;
    EXPECT_GT(preference(predictions, 1), 0.02) << name;
  }
}

TEST(NetworkModel, LikesGoByTheThresholdOfTheOption) {
  const auto mean = [](double threshold) {
    const auto model = fitted_network("embedding-bias", {{"like_threshold", threshold}}, Task::likes);
    double sum = 0;
    for (std::size_t u = 0; u < 20; ++u) {
      for (const float p : predictions_of(*model, Query::known(UserRow(u)))) sum += static_cast<double>(p);
    }
    return sum / 20 / static_cast<double>(model->data().item_count());
  };
  const double low = mean(2), high = mean(5);
  EXPECT_GT(low, 0.8);
  EXPECT_LT(high, 0.2);
}

TEST(NetworkModel, BprRanksAndDoesNothingElse) {
  const auto model = fitted_network("embedding-dot", {{"loss", "bpr"}, {"epochs", 60}}, Task::top_n);
  double sum = 0;
  for (std::size_t u = 0; u < 30; ++u) sum += preference(scores_of(*model, Query::known(UserRow(u))), u % 3);
  EXPECT_GT(sum / 30, 0.3);
  for (const Task task : {Task::ratings, Task::likes}) {
    EXPECT_EQ(code_of([&] { fitted_network("embedding-dot", {{"loss", "bpr"}}, task); }), ErrorCode::invalid_option);
  }
}

/// The file with one tensor or text replaced.
struct Change {
  std::string tensor{};
  std::vector<double> values{};  ///< of the tensor; none for a text
  std::string key{};
  std::string text{};
};
ErrorCode load_changed(const Model& model, const Change& change) {
  const TensorFile file = TensorFile::parse(serialize_model(model, {}), "file");
  TensorWriter out;
  for (const char* key : {"format", "format_version", "engine_version", "model", "options", "task", "seed", "split",
                          "receipt", "metrics", "data.schema"}) {
    if (file.has_metadata(key)) out.set_metadata(key, key == change.key ? change.text : file.metadata(key));
  }
  for (const std::string& name : file.names()) {
    if (name == change.tensor) {
      if (!change.values.empty()) out.add(name, change.values);
      else out.add_text(name, change.text);
      continue;
    }
    const auto shape = file.shape(name);
    const auto copy = [&]<class T>(T) {
      try {
        const std::span<const T> found = file.values<T>(name);
        out.add_bytes(name, tensor_type_of<T>(), {shape.begin(), shape.end()}, std::as_bytes(found));
        return true;
      } catch (const Error&) {
        return false;
      }
    };
    EXPECT_TRUE(copy(float{}) || copy(double{}) || copy(std::uint8_t{}) || copy(std::uint32_t{}) ||
                copy(std::int32_t{}) || copy(std::uint64_t{}) || copy(std::int64_t{}));
  }
  return code_of([&] { parse_model(out.serialize(), "changed"); });
}

TEST(NetworkModel, AFileThatContradictsItselfIsCorrupt) {
  const auto model =
      fitted_network("wide-deep", {{"fields", "user, item, kind"}, {"wide", "user, cross(user, kind, 40)"}});
  EXPECT_EQ(load_changed(*model, {}), ErrorCode::internal) << "none was thrown: nothing has changed";
  EXPECT_EQ(load_changed(*model, {.tensor = "noise", .values = {std::nan("")}}), ErrorCode::corrupt_file);
  EXPECT_EQ(load_changed(*model, {.tensor = "noise", .values = {-1}}), ErrorCode::corrupt_file);
  EXPECT_EQ(load_changed(*model, {.tensor = "schema/schema", .text = "[]"}), ErrorCode::corrupt_file);

  const TensorFile file = TensorFile::parse(serialize_model(*model, {}), "file");
  std::string schema(file.text("schema/schema"));
  schema.replace(schema.find("kind"), 4, "kine");
  EXPECT_EQ(load_changed(*model, {.tensor = "schema/schema", .text = schema}), ErrorCode::corrupt_file)
      << "the data of the same file lack that field";

  const auto options = [&](const std::string& from, const std::string& to) {
    std::string text = file.metadata("options");
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return Change{.key = "options", .text = text.replace(at, from.size(), to)};
  };
  EXPECT_EQ(load_changed(*model, options("\"dim\":\"6\"", "\"dim\":\"4096\"")), ErrorCode::corrupt_file);
  EXPECT_EQ(load_changed(*model, options("64-32", "65536-65536")), ErrorCode::corrupt_file)
      << "before memory for such layers is asked for";
  EXPECT_EQ(load_changed(*model, options("64-32", "sixty")), ErrorCode::corrupt_file);
  EXPECT_EQ(load_changed(*model, options("user, item, kind", "user, item, year")), ErrorCode::corrupt_file);
  EXPECT_EQ(load_changed(*model, options("user, item, kind", "user, bucket(")), ErrorCode::corrupt_file);
}

TEST(NetworkModel, AnnouncesTheMemoryOfItsBuckets) {
  const auto need = [](const Settings& more) {
    const auto model = make_model("network", small_settings(more));
    return model->memory_need(*tastes_with_features(), Task::ratings, 1);
  };
  constexpr std::uint64_t kMillion = 1000000, kNumber = 4 * sizeof(float);  // with the optimizer's and the best epoch's
  const std::uint64_t plain = need({{"fields", "user, item"}, {"dim", 64}});
  const std::uint64_t deep = need({{"fields", "user, item, cross(user, kind, 16000000)"}, {"dim", 64}});
  const std::uint64_t wide = need({{"fields", "user, item"}, {"wide", "cross(user, kind, 16000000)"}, {"dim", 64}});
  EXPECT_GT(deep - plain, 16 * kMillion * 64 * kNumber);
  EXPECT_LT(deep - plain, 16 * kMillion * 70 * kNumber);
  EXPECT_GT(wide - plain, 16 * kMillion * kNumber);
  EXPECT_LT(wide - plain, 16 * kMillion * 2 * kNumber);
  EXPECT_GT(need({{"fields", "user, item, hash(title, 1000000)"}, {"dim", 64}}) - plain, kMillion * 64 * kNumber);
  EXPECT_LT(need({{"fields", "user, item, words(title, 1000000)"}, {"dim", 64}}) - plain, kMillion * kNumber)
      << "as many pieces as the titles can give";

  Context context({.threads = 1, .memory_limit = 1ULL << 30U});
  const auto model = make_model("network", small_settings({{"fields", "user, item, cross(user, kind, 16000000)"}}));
  EXPECT_EQ(code_of([&] { model->fit(tastes_with_features(), Task::ratings, context); }), ErrorCode::out_of_memory);
}

}  // namespace
}  // namespace gusto
