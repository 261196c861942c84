#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/models/model_info.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/neighbors.h"

namespace gusto {

/// Defaults were chosen on inner parts of the training data of ml-1m and ml-100k.
struct UserKnnOptions {
  Similarity similarity = Similarity::cosine;
  int neighbors = 0;
  double shrinkage = -1;
  double power = 0;
  double damping = 0.05;
  double reg_item = 3;
  double reg_user = 5;
  double vote_power = 0.4;
  double popularity_damping = 0.35;
};
inline constexpr auto kUserKnnFields = fields(
    choice<&UserKnnOptions::similarity>("similarity", kSimilarityNames, "How similar two users are, by their items."),
    field<&UserKnnOptions::neighbors>("neighbors", between(0, 1e6), search_log(20, 1000),
                                      "Most similar users that decide; 0: 60 for ratings and likes, 500 for top-n."),
    field<&UserKnnOptions::shrinkage>("shrinkage", between(-1, 1e6), search_log(0.1, 100),
                                      "Items in common at which a similarity counts half; -1: 10 for ratings and "
                                      "likes, 0 for top-n."),
    field<&UserKnnOptions::power>("power", between(0, 10), search_linear(1, 4),
                                  "Similarities are raised to it; 0: 1.5 for ratings and likes, 3 for top-n."),
    field<&UserKnnOptions::damping>("damping", between(0, 1e6), search_none(),
                                    "Ratings, likes: added to the sum of weights; draws to the baseline."),
    field<&UserKnnOptions::reg_item>("reg_item", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks item biases as that many average ratings would."),
    field<&UserKnnOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks user biases as that many average ratings would."),
    field<&UserKnnOptions::vote_power>("vote_power", between(0, 4), search_linear(0, 1),
                                       "Top-n: an item of n events votes on similarity with weight 1 / n^vote_power."),
    field<&UserKnnOptions::popularity_damping>("popularity_damping", between(0, 2), search_linear(0, 0.6),
                                               "Top-n: an item's score is divided by its events to this power."));
extern const ModelInfo kUserKnnInfo;

/// Judges an item by what users like the user thought of it.
///
/// s_uv is the shrunk similarity of the user to a training user (neighbors.h), w_uv = s_uv^power where s_uv > 0. Users
/// all of whose items the user has met are left out: they know of no item that she does not, and so she is not her
/// own neighbor, be she known or folded in.
///
/// ratings, likes  ŷ_ui = b_ui + Σ_v w_uv (r_vi − b_vi) / (Σ_v w_uv + damping), over the `neighbors` users v most
/// similar
///                 to u among those who rated i; b the baseline
/// top_n           ŷ_ui = Σ_{v∈N(u), v met i} w_uv / n_i^popularity_damping, N(u) the `neighbors` users most similar to
///                 u, with items' votes weighted by (n̄ / n_i)^vote_power, where n̄ is the mean number of events of an
///                 item; values are not used, since every event is a positive
/// Source     Resnick et al., CSCW 1994; Herlocker et al., SIGIR 1999; Koren, TKDD 2010, §3 (baseline, shrinkage);
///            Aiolli, RecSys 2013 (power)
/// State      ratings and likes: the baseline; top_n: item_votes. Neighbors are found when asked for, in the
///            training data: 4 bytes an event beside
/// Cost       fit: O(events); a query: Σ_{i in the history} n_i additions, and then, for top_n, the neighbors' events;
///            else n_i steps for each item predicted
/// Errors     those of Model
/// Repeatable same bits at any number of threads; no random numbers
class UserKnnModel final : public ModelWith<UserKnnOptions, kUserKnnInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  class QueryUser;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  std::size_t neighbors() const;
  float shrinkage() const;
  double weight(float similarity) const;
  /// What comparing needs of the training users and items, from the learned arrays.
  void derive(const Dataset& data);
  void derive_values(const Dataset& data);
  void derive_choices(const Dataset& data);

  Baseline baseline_;              // of ratings and likes
  std::vector<float> item_votes_;  // of top_n

  std::vector<RowSums> sums_;                // of each training user
  ColumnSums all_;                           // top_n
  std::vector<float> item_share_;            // top_n: share of the users who met the item
  std::vector<float> item_scale_;            // top_n: 1 / n_i^popularity_damping
  std::vector<float> item_center_;           // ratings and likes: the item's part of what values are centered by
  std::vector<std::uint64_t> item_offsets_;  // ratings and likes: where an item's values begin in x_
  std::vector<float> x_;                     // ratings and likes: centered values, by item, then by user
};

}  // namespace gusto
