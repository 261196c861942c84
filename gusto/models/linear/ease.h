#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/model_info.h"

namespace gusto {

/// Defaults were chosen on inner parts of the training data of ml-1m and ml-100k.
struct EaseOptions {
  double reg = 300;
  double dropout = 0.6;
  double user_power = 0.5;
  int window = 20;
  double window_weight = 1;
  double power = 1.1;
  double popularity_power = -0.15;
  double like_threshold = 4;
};
inline constexpr auto kEaseFields = fields(
    field<&EaseOptions::reg>("reg", between(1e-3, 1e9), search_log(10, 3000),
                             "Strength of regularization of all weights."),
    field<&EaseOptions::dropout>("dropout", between(0, 0.99), search_linear(0, 0.8),
                                 "Share of a history's events that are thought hidden from the input: "
                                 "regularizes an item's weights by its number of events, too (EDLAE)."),
    field<&EaseOptions::user_power>("user_power", between(0, 2), search_linear(0, 1),
                                    "A user of n events counts n^-user_power in what is minimized."),
    field<&EaseOptions::window>("window", between(0, 1000), search_log(5, 100),
                                "Events of a user's, one after another in time, that belong together more closely; 0: "
                                "none do. Without times none do, either."),
    field<&EaseOptions::window_weight>("window_weight", between(0, 1000), search_linear(0, 3),
                                       "How much more such events count together, beside 1 for all of the user's."),
    field<&EaseOptions::power>("power", between(0.1, 10), search_linear(1, 1.5),
                               "Weights are raised to it, keeping their signs; above 1, strong ones decide more."),
    field<&EaseOptions::popularity_power>("popularity_power", between(-2, 2), search_linear(-0.4, 0.1),
                                          "Scores are multiplied by the item's number of events to this power; "
                                          "below 0, lists are less popular."),
    field<&EaseOptions::like_threshold>("like_threshold", {}, search_none(),
                                        "Ratings, likes: values from which an event counts as a choice."));
extern const ModelInfo kEaseInfo;

/// Scores an item by a weighted sum of the items that the user chose, all weights learned at once, in closed form.
///
/// With X_ui = 1 where u chose i, else 0, w_u = (n̄ / n_u)^user_power with the mean length of a history n̄, and m_j the
/// number of events of item j:
///
///   B = argmin Σ_u w_u ‖x_u − x_u B‖² + Σ_i λ_i Σ_j B_ij²   with B_ii = 0,   λ_i = reg + G_ii · dropout / (1 −
///   dropout)
///     = I − P · diag(1 / P_jj),   P = (G + diag(λ))⁻¹,   G = Xᵀ diag(w) X
///   s_uj = Σ_{i chosen by u} sign(B_ij) |B_ij|^power · m_j^popularity_power
///
/// With a window, every run of so many events of a history counts as another user, window_weight / window each
/// (co_occurrences): what people choose in one go tells more.
/// dropout 0 is EASE. With dropout p it is EDLAE: what one gets by training, without end, to restore x_u from itself
/// with each entry hidden with probability p, while no entry may restore itself.
/// Ratings, likes  choices are the events of at least like_threshold, or, if no training event is, all of them
/// Few users  where they are at most half as many as items, and there is no window, Woodbury's identity turns the
///            matrix to be inverted into one with a row for each user: with Z = diag(w)^½ X diag(λ)⁻¹,
///            P = diag(λ)⁻¹ − Zᵀ (I + Z diag(λ) Zᵀ)⁻¹ Z
/// Source     Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019; Steck: Autoencoders that don't
///            overfit toward the Identity, NeurIPS 2020; differs in the weights of users, in windows, and in the powers
///            (published: user_power, window and popularity_power 0, power 1)
/// State      item_weights [items × items], float32: row i is what a choice of i adds to the score of each item
/// Cost       items³ operations, of items that were chosen at all, at the speed of matrix products, Σ_u n_u² additions,
///            and 4 · items² bytes; with few users users³ + Σ_i m_i² + 2 · events · items operations, and 4 · (items +
///            users)² bytes. A score: items · n_u additions
/// Errors     those of Model; not_finite, if reg is too small for single precision
/// Repeatable same bits at any number of threads, for one CPU level; no random numbers
class EaseModel final : public ModelWith<EaseOptions, kEaseInfo> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  /// λ of an item with that weighted number of events.
  double penalty(double count) const;
  /// weights_ ← P, by the items' matrix or by the users'.
  void invert_by_items(const Dataset& data, std::span<const float> user_weights, Context& context);
  void invert_by_users(const Dataset& data, std::span<const float> user_weights, Context& context);

  Matrix<float> weights_;  // row i: what a choice of i adds to each item's score
  float least_ = 0;        // the least value of a choice
};

}  // namespace gusto
