#include "gusto/models/model_file.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/version.h"
#include "gusto/data/file/dataset_file.h"
#include "gusto/models/neighbors/item_knn.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/conformance.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;
using testing::HasSubstr;

std::unique_ptr<Model> trained(std::string_view name, Task task, const Settings& settings = {}) {
  Context context;
  auto model = make_model(name, settings);
  const auto data = test::three_tastes();
  model->fit(test::needs_features(model->info()) ? test::with_features(*data, 3) : data, task, context);
  return model;
}

std::vector<float> scores_of(const Model& model) { return test::scores_of(model, Query::known(UserRow(0))); }

ModelRecord sample_record() {
  ModelRecord record;
  record.seed = 0xFFFFFFFFFFFFFFFF;
  record.split = "holdout:0.2";
  record.like_threshold = 3.5;
  record.receipt = SplitReceipt{};
  record.receipt->train_events = 7;
  record.receipt->hash = "0123456789abcdef";
  record.metrics = R"({"rmse": {"mean": 0.9}})";
  return record;
}

/// A model that the registry does not have: every item's score is its row times a factor.
struct OwnOptions {
  double factor = 2;
};
constexpr auto kOwnFields =
    fields(field<&OwnOptions::factor>("factor", between(0, 10), search_none(), "How much a row is."));
extern const ModelInfo kOwnInfo;
class OwnModel final : public ModelWith<OwnOptions, kOwnInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  void save_state(TensorWriter&) const override {}

 private:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_score(std::span<const Query>, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < scores.rows; ++q) {
      for (std::size_t i = 0; i < scores.cols; ++i)
        scores(q, i) = static_cast<float>(options().factor * static_cast<double>(i));
    }
  }
};
constexpr ModelInfo kOwnInfo{.name = "own-model",
                             .summary = "",
                             .about = "",
                             .fields = kOwnFields,
                             .abilities = {},
                             .make = &make_with<OwnModel>};

TEST(ModelFile, LoadsAModelOfOnesOwnForWhoNamesIt) {
  const ModelInfo* const own[]{&kOwnInfo};
  const auto model = make_model("own-model", {{"factor", 3.0}}, own);
  Context context({.threads = 1});
  model->fit(test::three_tastes(), Task::top_n, context);
  const std::string bytes = serialize_model(*model, {});
  const TrainedModel loaded = parse_model(bytes, "own.gusto", {.models = own});
  EXPECT_EQ(&loaded.model->info(), &kOwnInfo);
  EXPECT_EQ(loaded.model->settings(), model->settings());
  EXPECT_EQ(scores_of(*loaded.model), scores_of(*model));
  const Error error = error_of([&] { parse_model(bytes, "own.gusto"); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("There is no model \"own-model\""));
}

TEST(ModelFile, RoundTripThroughAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "gusto_model_file_test.gusto";
  const auto model = trained("bias", Task::ratings, {{"epochs", 3}});
  save_model(*model, sample_record(), path);
  const TrainedModel loaded = load_model(path);
  std::filesystem::remove(path);
  EXPECT_EQ(loaded.model->info().name, "bias");
  EXPECT_EQ(loaded.model->settings(), model->settings());
  EXPECT_EQ(loaded.model->task(), Task::ratings);
  EXPECT_EQ(loaded.engine_version, version());
  EXPECT_EQ(loaded.record.seed, 0xFFFFFFFFFFFFFFFF);
  EXPECT_EQ(loaded.record.split, "holdout:0.2");
  EXPECT_EQ(loaded.record.like_threshold, 3.5);
  EXPECT_EQ(loaded.record.receipt->train_events, 7U);
  EXPECT_EQ(loaded.record.receipt->hash, "0123456789abcdef");
  EXPECT_EQ(loaded.record.metrics, R"({"rmse": {"mean": 0.9}})");
  EXPECT_EQ(loaded.model->data().catalog().users[3], "u3");
  EXPECT_EQ(loaded.model->data().history(UserRow(0)).size(), model->data().history(UserRow(0)).size());
  EXPECT_EQ(scores_of(*loaded.model), scores_of(*model));
}

TEST(ModelFile, EveryModelSurvivesByteForByte) {
  for (const ModelInfo* info : registry()) {
    const auto model = trained(info->name, Task::ratings);
    const std::string bytes = serialize_model(*model, {});
    const TrainedModel loaded = parse_model(bytes, "m.gusto");
    EXPECT_EQ(serialize_model(*loaded.model, loaded.record), bytes) << info->name;
    EXPECT_EQ(scores_of(*loaded.model), scores_of(*model)) << info->name;
    EXPECT_FALSE(loaded.record.receipt.has_value());
  }
}

TEST(ModelFile, OnlyFittedModelsAndJsonMetricsAreStored) {
  EXPECT_EQ(error_of([] { serialize_model(*make_model("bias"), {}); }).code(), ErrorCode::unsupported);
  ModelRecord record;
  record.metrics = "rmse .9";
  EXPECT_EQ(error_of([&] { serialize_model(*trained("bias", Task::ratings), record); }).code(), ErrorCode::internal);
}

std::map<std::string, std::string> valid_metadata() {
  return {{"format", "gusto-model"},
          {"format_version", "1"},
          {"engine_version", "0.1.0"},
          {"model", "bias"},
          {"options", "{}"},
          {"task", "ratings"},
          {"seed", "42"},
          {"split", ""},
          {"receipt", ""},
          {"metrics", "{}"}};
}

// Writes a model file with one piece of metadata changed, or left out if the value is null.
Error error_with(const std::string& key, const char* value) {
  std::map<std::string, std::string> metadata = valid_metadata();
  if (value == nullptr) {
    metadata.erase(key);
  } else {
    metadata[key] = value;
  }
  const auto model = trained("bias", Task::ratings);
  TensorWriter out;
  for (const auto& [name, text] : metadata) out.set_metadata(name, text);
  write_dataset(model->data(), out);
  model->save_state(out);
  return error_of([&] { parse_model(out.serialize(), "m.gusto"); });
}

TEST(ModelFile, WhatThisGustoCannotReadIsSaid) {
  EXPECT_EQ(error_with("seed", "7").message(), "no error");
  const Error later = error_with("format_version", "2");
  EXPECT_EQ(later.code(), ErrorCode::unsupported);
  EXPECT_THAT(later.message(), HasSubstr("m.gusto has format version 2, and gusto"));
  EXPECT_THAT(later.hint(), HasSubstr("Use gusto 0.1.0 or later."));
  const Error unknown = error_with("model", "bais");
  EXPECT_EQ(unknown.code(), ErrorCode::unsupported);
  EXPECT_THAT(unknown.message(), HasSubstr("There is no model \"bais\"."));
  EXPECT_EQ(error_with("options", R"({"no_such_option": "1"})").code(), ErrorCode::unsupported);
}

TEST(ModelFile, OptionsOfEarlierVersionsLoadUnderTheirNewNames) {
  std::map<std::string, std::string> metadata = valid_metadata();
  metadata["model"] = "item-knn";
  metadata["options"] = R"({"stored": "7"})";
  const auto model = trained("item-knn", Task::ratings);
  TensorWriter out;
  for (const auto& [name, text] : metadata) out.set_metadata(name, text);
  write_dataset(model->data(), out);
  model->save_state(out);
  const TrainedModel loaded = parse_model(out.serialize(), "m.gusto");
  EXPECT_EQ(dynamic_cast<const ItemKnnModel&>(*loaded.model).options().stored_neighbors, 7);
}

TEST(ModelFileDamage, MetadataAreChecked) {
  const std::multimap<std::string, const char*> wrong = {{"format", nullptr},
                                                         {"format", "other"},
                                                         {"format_version", nullptr},
                                                         {"format_version", "x"},
                                                         {"format_version", "0"},
                                                         {"model", nullptr},
                                                         {"options", nullptr},
                                                         {"options", "x"},
                                                         {"options", "[]"},
                                                         {"options", R"({"epochs": 3})"},
                                                         {"task", "reading"},
                                                         {"like_threshold", "much"},
                                                         {"seed", "-1"},
                                                         {"seed", "x"},
                                                         {"metrics", "x"},
                                                         {"metrics", "[]"},
                                                         {"receipt", "x"},
                                                         {"receipt", "{}"},
                                                         {"engine_version", nullptr},
                                                         {"split", nullptr}};
  for (const auto& [key, value] : wrong) {
    const Error error = error_with(key, value);
    EXPECT_EQ(error.code(), ErrorCode::corrupt_file) << key << " " << (value ? value : "(none)") << error.what();
  }
}

TEST(ModelFileDamage, AModelOfOtherDataIsRefused) {
  const auto model = trained("bias", Task::ratings);
  TensorWriter out;
  for (const auto& [key, value] : valid_metadata()) out.set_metadata(key, value);
  const auto other = test::three_tastes(30, 40);  // the writer does not copy it
  write_dataset(*other, out);
  model->save_state(out);
  EXPECT_EQ(error_of([&] { parse_model(out.serialize(), "m.gusto"); }).code(), ErrorCode::corrupt_file);
}

// A format that has been given out must go on loading. The file was made by gusto 0.1.0.
TEST(ModelFileVersions, Version1GoesOnLoading) {
  const TrainedModel loaded = load_model(std::filesystem::path(GUSTO_SOURCE_DIR) / "tests/data/model-v1.gusto");
  EXPECT_EQ(loaded.model->info().name, "bias");
  EXPECT_EQ(loaded.engine_version, "0.1.0");
  EXPECT_EQ(loaded.model->data().event_count(), 6U);
  EXPECT_EQ(loaded.model->data().catalog().title(ItemRow(0)), "Amélie (2001)");
  EXPECT_EQ(loaded.model->data().catalog().item_features.at("genres").display(0), "Comedy, Romance");
  float value = 0;
  const Query query = Query::known(UserRow(0));
  const ItemRow item(2);
  loaded.model->predict({&query, 1}, {&item, 1}, {&value, 1});
  EXPECT_GT(value, 1);
  EXPECT_LT(value, 5);
}

}  // namespace
}  // namespace gusto
