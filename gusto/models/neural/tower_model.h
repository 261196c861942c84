#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/model.h"
#include "gusto/models/model_info.h"
#include "gusto/models/neural/tower_network.h"
#include "gusto/nn/encoder.h"

namespace gusto {

constexpr Abilities tower_abilities(bool cold_items) {
  return {.personalized = true,
          .fold_in = FoldIn::approximate,
          .cold_items = cold_items,
          .item_vectors = true,
          .similar_items = true,
          .similar_users = true,
          .checkpoints = true,
          .strength = true,
          .continues = true};
}

/// A recommender of two towers: one gives a vector to whoever the user is, the other to each item, and a score is their
/// inner product.
///
/// Source     Covington, Adams, Sargin: Deep neural networks for YouTube recommendations, RecSys 2016; Yi et al.:
///            Sampling-bias-corrected neural modeling, RecSys 2019
/// Training   every event, drawn by its strength (for ratings and likes: every one of at least like_threshold, if any
///            is) is a positive, told
///            from others by a softmax or by binary cross-entropy (gusto/nn/candidate_task.h). Fewer than 200 held-out
///            events would tell nothing of when to stop, and are learned from
/// Goes on    as NetworkModel
/// Asking     a training user's id, features and history go in as they were trained on; anybody else has the unknown
///            id, their own history and features, and whatever of these is missing is unknown too
/// Similarity cosine of vectors less their mean over all items or users
/// State      the network's parameters and the schema; vectors of all items are computed on loading
/// Cost       O(epochs · events · candidates · dim) beside the towers; a query runs its tower once; similar users run
///            it for all users
class TowerModel : public Model {
 public:
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  MatrixView<const float> item_vectors() const override;
  void save_state(TensorWriter& out) const override;
  bool ranks_new_items() const override;

 protected:
  virtual const TowerOptions& tower_options() const = 0;
  /// As nn::parse_fields takes them.
  virtual std::string query_fields() const = 0;
  virtual AutoFields automatic_query_fields() const = 0;
  virtual std::string item_fields() const = 0;
  virtual std::string item_hidden() const = 0;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;

 private:
  std::vector<std::string> fields(nn::Side side, const Catalog& catalog) const;
  /// Those of both sides, in one list.
  std::vector<nn::FieldSpec> all_fields(const Catalog& catalog) const;
  void build(const Dataset& data, std::unique_ptr<nn::ParameterSet> parameters);
  void finish();

  std::unique_ptr<nn::ParameterSet> parameters_;
  std::unique_ptr<nn::Encoder> encoder_;
  std::optional<Tower> query_user_, item_;
  Matrix<float> item_vectors_;
};

/// TowerModel with options and a registry row, as ModelWith is for Model.
template <class OptionsStruct, const ModelInfo& Info>
class TowerModelWith final : public ModelWith<OptionsStruct, Info, TowerModel> {
 public:
  using ModelWith<OptionsStruct, Info, TowerModel>::ModelWith;

 protected:
  const TowerOptions& tower_options() const override { return this->options(); }
  std::string query_fields() const override { return this->options().query_fields; }
  AutoFields automatic_query_fields() const override { return OptionsStruct::kAutomatic; }
  std::string item_fields() const override { return this->options().item_fields; }
  std::string item_hidden() const override { return this->options().item_hidden; }
};

}  // namespace gusto
