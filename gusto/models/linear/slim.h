#pragma once

#include <cstdint>

#include "gusto/models/linear/sparse_item_model.h"

namespace gusto {

/// Defaults were chosen on inner parts of the training data of ml-1m and ml-100k.
struct SlimOptions {
  double reg = 150;
  double reg_l1 = 2;
  double user_power = 0.5;
  int window = 20;
  double window_weight = 1;
  int neighbors = 1000;
  double like_threshold = 4;
};
inline constexpr auto kSlimFields = fields(
    field<&SlimOptions::reg>("reg", between(1e-3, 1e9), search_log(10, 2000),
                             "Strength of regularization by the squares of weights."),
    field<&SlimOptions::reg_l1>("reg_l1", between(0, 1e9), search_log(0.5, 50),
                                "Strength of regularization by weights themselves, which makes most of them 0."),
    field<&SlimOptions::user_power>("user_power", between(0, 2), search_linear(0, 1),
                                    "A user of n events counts n^-user_power in what is minimized."),
    field<&SlimOptions::window>("window", between(0, 1000), search_log(5, 100),
                                "Events of a user's, one after another in time, that belong together more closely; 0: "
                                "none do. Without times none do, either."),
    field<&SlimOptions::window_weight>("window_weight", between(0, 1000), search_linear(0, 3),
                                       "How much more such events count together, beside 1 for all of the user's."),
    field<&SlimOptions::neighbors>("neighbors", between(1, 20000), search_none(),
                                   "Items at most that one is predicted from."),
    field<&SlimOptions::like_threshold>("like_threshold", {}, search_none(),
                                        "Ratings, likes: values from which an event counts as a choice."));
extern const ModelInfo kSlimInfo;

/// Scores an item by a sparse sum of non-negative weights of the items that the user chose.
///
/// With X_ui = 1 where u chose i, else 0, w_u = (n̄ / n_u)^user_power with the mean length of a history n̄, for every
/// item j:
///
///   W_:j = argmin ½ Σ_u w_u (X_uj − x_u W_:j)² + reg/2 ‖W_:j‖² + reg_l1 ‖W_:j‖₁   with W_ij ≥ 0, W_jj = 0;   s_u = x_u
///   W
///
/// by coordinate descent on G = Xᵀ diag(w) X, where a step needs a column of G, not the data:
///   W_ij ← max(0, (r_i + G_ii W_ij − reg_l1) / (G_ii + reg)),   r = G_:j − G W_:j
/// With a window, every run of so many events of a history counts as another user, window_weight / window each
/// (co_occurrences): what people choose in one go tells more.
/// The descent runs on a few items, as dense as they are small; then all others are looked at, and those join that
/// would rise from 0 (r_i > reg_l1), until none does: the minimum over all items, at a fraction of the work. Where more
/// than `neighbors` would join, the most promising do.
/// Ratings, likes  choices are the events of at least like_threshold, or, if no training event is, all of them
/// Source     Ning, Karypis: SLIM: Sparse linear methods for top-N recommender systems, ICDM 2011; Friedman, Hastie,
///            Tibshirani: Regularization paths for generalized linear models via coordinate descent, JSS 2010
///            (covariance updates, active sets); differs in the weights of users
/// State      neighbor lists by the item chosen, 8 bytes an entry
/// Cost       fit: Σ_u n_u² additions, then for each item a few sweeps over its active items; 4 · items² bytes while
///            fitting. A score: one addition for each weight of the items chosen
/// Errors     those of Model
/// Repeatable same bits at any number of threads, for one CPU level; no random numbers
class SlimModel final : public ModelWith<SlimOptions, kSlimInfo, SparseItemModel> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  double like_threshold() const override { return options().like_threshold; }
};

}  // namespace gusto
