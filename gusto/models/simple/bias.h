#pragma once

#include <span>
#include <vector>

#include "gusto/models/model_info.h"

namespace gusto {

struct BiasOptions {
  int epochs = 10;
  double reg_item = 2;
  double reg_user = 8;
  bool slopes = true;
  double reg_slope = 4;
};
inline constexpr auto kBiasFields = fields(
    field<&BiasOptions::epochs>("epochs", between(1, 1000), search_none(),
                                "Rounds of fitting all items, then all users (ratings and likes)."),
    field<&BiasOptions::reg_item>("reg_item", between(0, 1e6), search_log(0.1, 100),
                                  "Shrinks item biases as if each item had this many more typical ratings."),
    field<&BiasOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                  "Shrinks user biases as if each user had given this many more typical ratings."),
    field<&BiasOptions::slopes>("slopes", "Learn how far each user follows the item biases (ratings and likes)."),
    field<&BiasOptions::reg_slope>(
        "reg_slope", between(0, 1e6), search_log(0.1, 100),
        "Shrinks slopes to 1 as would this many ratings a standard deviation from the mean."));
extern const ModelInfo kBiasInfo;

/// Predicts by a global mean plus a damped user bias plus a damped item bias, stretched by the user's slope.
///
/// ratings, likes  ŷ_ui = μ + b_u + s_u b_i, with μ and σ² the mean and variance of the training values, minimizing
///                   Σ_(u,i) (r_ui − ŷ_ui)² + reg_item Σ_i (b_i − b_I)² + reg_user Σ_u (b_u − b_U)²
///                   + reg_slope σ² Σ_u (s_u − 1)²
///                 over all b, s and the typical biases b_I and b_U of items and users, subject to Σ_(u,i) b_i = 0,
///                 which keeps item biases apart from the level of ratings, by alternating exact minimization. Without
///                 slopes every s_u is 1
/// top_n           least squares over all cells of users with events × items, 1 where there is an event, 0 elsewhere,
/// s_u
///                 and typical biases left out; values are not used, since every event is a positive. The minimum is
///                 closed:  b_i = (n_i − |U| μ) / (|U| + reg_item),   b_u = (n_u − |I| μ) / (|I| + reg_user)
///                 so the order of items is that of their number of events, and a score is about the chance of an event
/// Source     Koren: Factor in the Neighbors, TKDD 2010, §2.1; differs in iterating to the joint minimum, in damping
///            toward typical biases instead of 0 (who rates little, and what is rated little, is not like the mean of
///            all ratings), and in slopes. The user step comes last, so that folding a training user's history in gives
///            that user's very answers
/// Defaults   chosen on a random tenth of the training parts of ml-1m and of ml-100k's u1–u5
/// State      item_bias [items], user_bias and user_slope [users], float32; constants [μ, σ², b_I, b_U], float64
/// Cost       O(events) per epoch; 4 bytes per item and 8 per user
/// Errors     those of Model
/// Repeatable same bits at any number of threads; no random numbers
class BiasModel final : public ModelWith<BiasOptions, kBiasInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  /// What is learned of one user.
  struct Taste {
    float bias = 0;
    float slope = 1;
  };
  void fit_values(const Dataset& data, Context& context);
  void fit_choices(const Dataset& data, Context& context);
  void fit_items(const Dataset& data, Context& context);
  void fit_users(const Dataset& data, Context& context);
  /// The taste of someone with that many events, event(e) giving the e-th one's item and value.
  template <class EventAt>
  Taste fold_in(std::size_t count, const EventAt& event) const;
  Taste taste(const Query& query) const;
  double value(const Taste& query_user, float item_bias) const {
    return mean_ + query_user.bias + static_cast<double>(query_user.slope) * item_bias;
  }

  double mean_ = 0;
  double variance_ = 0;
  double typical_item_bias_ = 0;
  double typical_user_bias_ = 0;
  std::vector<float> item_bias_;
  std::vector<float> user_bias_;
  std::vector<float> user_slope_;
};

}  // namespace gusto
