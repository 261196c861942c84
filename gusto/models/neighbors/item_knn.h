#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/models/model_info.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/neighbors.h"

namespace gusto {

/// Defaults were chosen over unlike data sets (bench/panel.py).
struct ItemKnnOptions {
  Similarity similarity = Similarity::cosine;
  int neighbors = 0;
  int stored_neighbors = 1000;
  double shrinkage = 10;
  double power = 0;
  double damping = 0.02;
  double reg_item = 3;
  double reg_user = 5;
  double vote_power = -1;
  double popularity_power = 0.12;
  double normalization = 0.55;
};
inline constexpr auto kItemKnnFields = fields(
    choice<&ItemKnnOptions::similarity>("similarity", kSimilarityNames, "How similar two items are, by their users."),
    field<&ItemKnnOptions::neighbors>("neighbors", between(0, 1e6), search_log(10, 500),
                                      "Most similar items that decide; 0: 35 for ratings and likes, 150 for top-n."),
    renamed(field<&ItemKnnOptions::stored_neighbors>(
                "stored_neighbors", between(1, 1e6), search_none(),
                "Ratings, likes: similar items kept per item; those the user rated are used."),
            "stored"),
    field<&ItemKnnOptions::shrinkage>("shrinkage", between(0, 1e6), search_log(1, 300),
                                      "Users in common at which a similarity counts half; pearson wants about 100."),
    field<&ItemKnnOptions::power>("power", between(0, 10), search_linear(1, 2.5),
                                  "Similarities are raised to it; above 1, the closest items weigh more. 0: 1.6, for "
                                  "top-n by how long histories are, 1 to 1.6."),
    field<&ItemKnnOptions::damping>("damping", between(0, 1e6), search_none(),
                                    "Ratings, likes: added to the sum of weights; draws to the baseline."),
    field<&ItemKnnOptions::reg_item>("reg_item", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks item biases as that many average ratings would."),
    field<&ItemKnnOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks user biases as that many average ratings would."),
    field<&ItemKnnOptions::vote_power>("vote_power", between(-1, 4), search_linear(0, 1.5),
                                       "Top-n: a user of n events votes with weight 1 / n^vote_power; -1: by how "
                                       "long histories are, 0 to 0.9."),
    field<&ItemKnnOptions::popularity_power>("popularity_power", between(-2, 2), search_linear(-0.3, 0.3),
                                             "Top-n: similarities grow with (events of the item scored / of the seen "
                                             "one)^popularity_power."),
    field<&ItemKnnOptions::normalization>("normalization", between(0, 1), search_linear(0, 1),
                                          "Top-n: an item's weights are divided by their sum to this power."));
extern const ModelInfo kItemKnnInfo;

/// Judges an item by the similar items that the user has met.
///
/// N(i) are the items most similar to i; w_ij = s_ij^power where the shrunk similarity s_ij > 0 (neighbors.h), else 0.
///
/// ratings, likes  ŷ_ui = b_ui + Σ_j w_ij (r_uj − b_uj) / (Σ_j w_ij + damping), over the `neighbors` items j most
/// similar to i
///                 among those that u rated and that are among the `stored_neighbors` most similar of i; b the baseline
/// top_n           ŷ_ui = Σ_{j∈N(i), j seen by u} w_ij / (Σ_{j∈N(i)} w_ij)^normalization, |N(i)| ≤ neighbors, with
///                 s_ij = similarity · (n_i / n_j)^popularity_power, users' votes weighted by (n̄ / n_u)^vote_power,
///                 where n̄ is the mean length of a history; values are not used, since every event is a positive
/// Source     Sarwar et al., WWW 2001; Deshpande and Karypis, TOIS 2004; Koren, TKDD 2010, §3 (baseline, shrinkage);
///            Paudel et al., TiiS 2016 (votes weighted as in a random walk); Aiolli, RecSys 2013 (asymmetry, power)
/// State      neighbor lists, 8 bytes an entry (top_n: 16); ratings and likes: the baseline
/// Cost       fit: Σ_u n_u² additions; predict: one walk along the item's list; score: top_n, Σ_{j seen} |{i: j∈N(i)}|
///            additions; other tasks, items × stored steps. Never items² memory
/// Errors     those of Model
/// Repeatable same bits at any number of threads; no random numbers
class ItemKnnModel final : public ModelWith<ItemKnnOptions, kItemKnnInfo> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  class QueryUser;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  /// How many neighbors decide, and how many are kept.
  std::size_t deciding(Task task) const;
  std::size_t kept(Task task) const;
  double similarity_power(const Dataset& data) const;
  double vote_power(const Dataset& data) const;
  void fit_values(const Dataset& data, Context& context);
  void fit_choices(const Dataset& data, Context& context);
  template <class Measure>
  void fit_lists(const Dataset& data, const Measure& measure, std::span<const RowSums> sums, Context& context,
                 std::span<const float> of_user, std::span<const float> x);

  Baseline baseline_;        // of ratings and likes
  NeighborLists lists_;      // by the item scored
  NeighborLists by_source_;  // top_n: the same, by the item seen
};

}  // namespace gusto
