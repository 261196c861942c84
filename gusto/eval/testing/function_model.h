#pragma once

// A recommender that scores as it is told. For tests only.

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "gusto/models/registry.h"

namespace gusto::test {

/// Scores known users' items by a function.
using ScoreFunction = std::function<float(UserRow, ItemRow)>;
class FunctionModel;
inline std::unique_ptr<Model> make_function_model(const Settings& settings);

inline Abilities function_abilities(bool probabilities) {
  Abilities abilities;
  abilities.predicts_ratings = true;
  abilities.probabilities = probabilities;
  return abilities;
}
inline const ModelInfo kFunctionInfo{"told", "", "", {}, function_abilities(false), make_function_model};
inline const ModelInfo kProbabilityInfo{"sure", "", "", {}, function_abilities(true), make_function_model};

class FunctionModel : public Model {
 public:
  explicit FunctionModel(ScoreFunction score, const ModelInfo& info = kFunctionInfo)
      : score_(std::move(score)), info_(info) {}
  const ModelInfo& info() const override { return info_; }
  Settings settings() const override { return {}; }
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  bool ranks_new_items() const override { return true; }
  void save_state(TensorWriter&) const override {}

 protected:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = score_(*queries[i].user, items[i]);
  }
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override {
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t i = 0; i < scores.cols; ++i) scores(q, i) = score_(*queries[q].user, ItemRow(i));
    }
  }

 private:
  ScoreFunction score_;
  const ModelInfo& info_;
};

/// What the calibration's inner model predicts: the item's number.
inline std::unique_ptr<Model> make_function_model(const Settings&) {
  return std::make_unique<FunctionModel>([](UserRow, ItemRow item) { return static_cast<float>(item.index); });
}

}  // namespace gusto::test
