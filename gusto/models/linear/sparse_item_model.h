#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/models/model_info.h"
#include "gusto/models/shared/neighbors.h"

namespace gusto {

/// What models have in common whose score is a sum over the user's choices, of few weights for each:
///
///   s_ui = Σ_{j chosen by u} s(r_uj) W_ji
///
/// A choice is an event of at least least_choice(), and s its strength.
/// State    the lists of W by j, as NeighborLists stores them
/// Cost     a query's scores: its choices' weights, an addition each, and the items to be cleared; likewise an
///          explanation
/// Repeatable same bits: sums run in the order of the history
/// Threads  const members may be called concurrently
class SparseItemModel : public Model {
 public:
  void save_state(TensorWriter& out) const final { weights_.save(out); }

 protected:
  virtual double like_threshold() const = 0;

  NeighborLists weights_;  // by the item chosen
  float least_ = 0;        // the least value of a choice; do_fit sets it

 private:
  void do_load(const TensorFile& in) final;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const final;
  void do_item_similarity(ItemRow item, std::span<float> out) const final;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const final;
};

}  // namespace gusto
