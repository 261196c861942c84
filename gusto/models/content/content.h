#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/models/content/item_profiles.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {

enum class TasteMethod { by_task, rocchio, ridge };
inline constexpr std::array<std::string_view, 3> kTasteMethodNames{"auto", "rocchio", "ridge"};

struct ContentOptions : ProfileOptions {
  TasteMethod method = TasteMethod::by_task;
  double reg = 5;
  int max_history = 300;
  double like_threshold = 4;
  double disliked_weight = 0.25;
  double popularity = 1.5;
  double reg_features = 0.3;
  double reg_item = 3;
  double reg_user = 5;
};
inline constexpr auto kContentFields = fields(
    text<&ContentOptions::fields, ContentOptions>(
        "fields",
        "Features of items that count, each with a weight if you like: \"auto, directors=2, plot=0.5\"; auto "
        "is all that are not named."),
    choice<&ContentOptions::weighting, ContentOptions>("weighting", kTermWeightingNames,
                                                       "What a term of an item weighs within its field."),
    renamed(field<&ContentOptions::merge_fields, ContentOptions>(
                "merge_fields", "Whether all fields make one bag of terms, where a director who acts is one person."),
            "soup"),
    field<&ContentOptions::min_items, ContentOptions>("min_items", between(1, 1e6), search_none(),
                                                      "Terms of fewer items than that are left out."),
    renamed(choice<&ContentOptions::method>(
                "method", kTasteMethodNames,
                "How the history becomes a taste; auto: ridge for ratings and likes, rocchio for "
                "top-n."),
            "taste"),
    field<&ContentOptions::reg>("reg", between(1e-6, 1e6), search_log(0.1, 100),
                                "Ridge: how strongly the taste is drawn to none."),
    renamed(field<&ContentOptions::max_history>("max_history", between(1, 5000), search_none(),
                                                "Ridge: at most so many events of the history count, the last ones."),
            "last"),
    field<&ContentOptions::like_threshold>("like_threshold", between(-1e9, 1e9), search_none(),
                                           "Rocchio, ratings and likes: a value of at least this is a like."),
    field<&ContentOptions::disliked_weight>(
        "disliked_weight", between(0, 10), search_linear(0, 1),
        "Rocchio, ratings and likes: what disliked items count against liked ones."),
    field<&ContentOptions::popularity>("popularity", between(0, 100), search_linear(0, 2),
                                       "Top-n: what the item's popularity counts beside its features; for new items, "
                                       "that of items of such features."),
    field<&ContentOptions::reg_features>("reg_features", between(1e-6, 1e6), search_log(0.03, 10),
                                         "New items: how strongly what features say of them is drawn to the mean."),
    field<&ContentOptions::reg_item>("reg_item", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks item biases as that many average ratings would."),
    field<&ContentOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                     "Ratings, likes: shrinks user biases as that many average ratings would."));
extern const ModelInfo kContentInfo;

/// Judges an item by what it is: the terms that it shares with what the user liked and disliked.
///
/// x_i is the item's profile (ItemProfiles), x̄ the mean of all items', x̃_i = x_i − x̄. The user's taste is a vector
/// over terms, a sum over the history S:  w_u = Σ_{j∈S} a_j x̃_j
///   rocchio  a_j = 1 / |liked| for what was liked, −disliked_weight / |disliked| for the rest, and w_u brought to
///   length 1.
///            For top-n every event is a like, and a_j = s_uj / Σ s_u, s being strengths
///   ridge    w_u minimizes Σ_{j∈S} (e_j − x̃_j · w)² + reg ‖w‖²; so a = (X̃X̃ᵀ + reg)⁻¹ e, e_j = r_uj − μ − b_u − b_j.
///            For top-n e_j = s_uj, and w_u is brought to length 1
/// ratings, likes  ŷ_ui = μ + b_u + b_i + slope x̃_i · w_u; b the baseline; slope 1 for ridge, and for rocchio the one
///                 of least squared error over training events, each predicted without its own part of w_u
/// top_n           s_ui = popularity · g_i + x_i · w_u, g_i = ln(1 + n_i) / ln(1 + max n), n_i = Σ_u s_ui
/// For items without training events b_i and g_i are estimated from features by ridge regression over the others.
///
/// Source     Rocchio in Salton: The SMART retrieval system, 1971; Pazzani and Billsus: Content-based recommendation
///            systems, 2007; the kernel form of ridge regression is Saunders, Gammerman, Vovk, ICML 1998. Centering by
///            x̄, and what becomes of new items, are ours
/// State      profiles, made of the catalog again when a model is loaded; biases, or g, by item; the slope
/// Cost       fit: O(entries), and for ratings by rocchio a taste a user; a taste: O(|S| entries an item), ridge also
///            O(|S|² entries an item + |S|³ / 3), |S| ≤ last; scores: O(entries), on the calling thread
/// Errors     those of Model and ItemProfiles; unsupported, if no feature value is shared by some items and not by all
/// Repeatable same bits at any number of threads; no random numbers
class ContentModel final : public ModelWith<ContentOptions, kContentInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

  const ItemProfiles& profiles() const { return profiles_; }
  /// The user's w_u, by term.
  std::vector<float> taste(const Query& query) const;

 private:
  class QueryUser;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  bool ranks() const { return task() == Task::top_n; }
  bool by_ridge(Task task) const;
  bool by_ridge() const { return by_ridge(task()); }
  /// x̃_a · x̃_b, given x_a · x_b.
  double centered_product(std::size_t a, std::size_t b, double product) const;
  double popularity_part(std::size_t item) const;
  void make_profiles(const Dataset& data);
  void fit_slope(const Dataset& data, Context& context);

  ItemProfiles profiles_;
  std::vector<float> mean_;        // x̄, by term
  std::vector<double> centered_;   // x_i · x̄, by item
  double mean_square_ = 0;         // x̄ · x̄
  std::vector<bool> known_;        // items with training events
  Baseline baseline_;              // of ratings and likes
  std::vector<float> popularity_;  // g, of top-n
  Strength strength_;
  double slope_ = 1;
};

}  // namespace gusto
