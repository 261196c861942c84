#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/user_refit.h"
#include "gusto/models/model_info.h"

namespace gusto {

struct MfFactors;
struct MfStart;

/// What models have in common whose factors train_mf learns, and whose users are then refitted, given the items:
///
///   ŷ_ui = μ + b_u + b_i + w_u · q_i,   with w_u, b_u by UserRefit about a center that the user's history gives, or 0
///
/// A new user is folded in by the same solution, so that fold-in is exact.
/// State    user_vectors (w_u, b_u) [users × (dim + 1)], item_vectors [items × dim], item_bias [items], prior, float32
/// Threads  as Model
class RefittedFactors : public Model {
 public:
  MatrixView<const float> item_vectors() const final { return ranking_.view(); }
  void save_state(TensorWriter& out) const override;

 protected:
  virtual std::size_t dim() const = 0;
  /// How often each event counts as an item not chosen, for top-n.
  virtual double negatives() const = 0;
  /// What each event of a history adds to the center of its owner's vector [events × dim]; empty: the center is 0.
  virtual Matrix<float> center_parts(std::span<const HistoryEvent>) const { return {}; }

  /// train(start) with what the model to go on from has learned, or null.
  MfFactors start_of(const Dataset& data, const FitOptions& fit,
                     const std::function<MfFactors(const MfStart* start)>& train) const;
  /// Takes over what was learned, and refits users. What center_parts() needs beside it must be there.
  void set_factors(MfFactors learned, const Dataset& data, Context& context);
  void do_load(const TensorFile& in) override;

  double mean_ = 0;
  Matrix<float> ranking_;  // (q_i, 1, b_i); its inner product with (w_u, b_u + μ, 1) is ŷ_ui

 private:
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const final;
  void do_item_similarity(ItemRow item, std::span<float> out) const final;
  void do_user_similarity(const Query& query, std::span<float> out) const final;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const final;

  UserRefit::Items item_side() const { return {ranking_.view(), mean_}; }

  Matrix<float> users_;  // (w_u, b_u)
  UserRefit refit_;
};

}  // namespace gusto
