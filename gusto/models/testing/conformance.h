#pragma once

// What the conformance suites share: every registered model, trained for every task. For tests only.

#include <cmath>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto::test {

struct ConformanceCase {
  const ModelInfo* info;
  Task task;
};

inline std::string name_of(const ConformanceCase& one) {
  std::string name = std::string(one.info->name) + "_" + std::string(to_string(one.task));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
inline void PrintTo(const ConformanceCase& one, std::ostream* out) { *out << name_of(one); }

inline std::vector<ConformanceCase> conformance_cases() {
  std::vector<ConformanceCase> cases;
  for (const ModelInfo* info : registry()) {
    for (const Task task : {Task::ratings, Task::likes, Task::top_n}) cases.push_back({info, task});
  }
  return cases;
}

inline std::string state_bytes(const Model& model) {
  TensorWriter writer;
  model.save_state(writer);
  return writer.serialize();
}

/// Models that go by features alone; they refuse data that have none.
inline bool needs_features(const ModelInfo& info) { return info.name == "content" || info.name == "demographic"; }

/// The same events, whose users and items say of what taste and kind they are: the row's remainder by `kinds`.
inline std::shared_ptr<const Dataset> with_features(const Dataset& data, std::size_t kinds) {
  const auto column = [&](std::string name, FeatureKind kind, std::size_t rows) {
    std::vector<std::string> values(rows);
    for (std::size_t row = 0; row < rows; ++row) values[row] = "kind " + std::to_string(row % kinds);
    return feature(std::move(name), kind, values);
  };
  auto catalog = std::make_shared<Catalog>(data.catalog());
  catalog->user_features = FeatureTable({column("taste", FeatureKind::categorical, data.user_count())});
  catalog->item_features = FeatureTable({column("genres", FeatureKind::multi, data.item_count())});
  return std::make_shared<const Dataset>(std::move(catalog), data.events());
}

class ConformanceTest : public ::testing::TestWithParam<ConformanceCase> {
 protected:
  const ModelInfo& info() const { return *GetParam().info; }
  const Abilities& abilities() const { return info().abilities; }
  Task task() const { return GetParam().task; }
  bool folds_in() const { return abilities().fold_in != FoldIn::none; }

  /// What the model is to learn from: the data, with features if it needs any.
  std::shared_ptr<const Dataset> suited(const std::shared_ptr<const Dataset>& data, std::size_t kinds = 3) const {
    return needs_features(info()) ? with_features(*data, kinds) : data;
  }
  std::shared_ptr<const Dataset> small_data() const {
    static const auto plain = three_tastes();
    static const auto dressed = with_features(*plain, 3);
    return needs_features(info()) ? dressed : plain;
  }

  std::unique_ptr<Model> fitted(const std::shared_ptr<const Dataset>& data, unsigned threads = 1,
                                const Settings& settings = {}) const {
    Context context({.threads = threads});
    auto model = info().make(settings);
    model->fit(data, task(), context);
    return model;
  }
  /// The model that small_data() gives, fitted once for all tests of a program.
  const Model& small_model() const {
    static std::map<std::pair<const ModelInfo*, Task>, std::unique_ptr<const Model>> models;
    std::unique_ptr<const Model>& model = models[{&info(), task()}];
    if (!model) model = fitted(small_data());
    return *model;
  }
  static std::vector<float> predictions_of(const Model& model, const Query& query) {
    const std::size_t items = model.data().item_count();
    std::vector<ItemRow> rows(items);
    for (std::size_t i = 0; i < items; ++i) rows[i] = ItemRow(i);
    std::vector<float> out(items);
    model.predict(std::vector<Query>(items, query), rows, out);
    return out;
  }
};

}  // namespace gusto::test
