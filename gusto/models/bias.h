#pragma once

#include <span>
#include <vector>

#include "gusto/models/registry.h"

namespace gusto {

struct BiasOptions {
  int epochs = 10;
  double reg_item = 3;
  double reg_user = 5;
};
inline constexpr auto kBiasFields = fields(
    field<&BiasOptions::epochs>("epochs", between(1, 1000), search_none(),
                                "Rounds of fitting all item biases, then all user biases (ratings and likes)."),
    field<&BiasOptions::reg_item>("reg_item", between(0, 1e6), search_log(0.1, 100),
                                  "Shrinks item biases as if each item had this many more average ratings."),
    field<&BiasOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                  "Shrinks user biases as if each user had given this many more average ratings."));
extern const ModelInfo kBiasInfo;

/// Predicts by a global mean plus a damped user bias and a damped item bias.
///
/// ratings, likes  ŷ_ui = μ + b_u + b_i, minimising Σ_(u,i) (r_ui − ŷ_ui)² + reg_item Σ_i b_i² + reg_user Σ_u b_u² with
///                 μ the training mean, by alternating exact minimisation, items first:
///                   b_i = Σ_u (r_ui − μ − b_u) / (n_i + reg_item),   b_u = Σ_i (r_ui − μ − b_i) / (n_u + reg_user)
/// top_n           the same least squares over all cells of users with events × items, 1 where there is an event, 0
///                 elsewhere; values are not used, since every event is a positive. The minimum is closed:
///                   b_i = (n_i − |U| μ) / (|U| + reg_item),   b_u = (n_u − |I| μ) / (|I| + reg_user)
///                 so the order of items is that of their number of events, and a score is about the chance of an event
/// Source     Koren: Factor in the Neighbors, TKDD 2010, §2.1; differs in iterating to the joint minimum. The user step
///            comes last, so that folding a training user's history in gives that user's very bias
/// State      item_bias [items], user_bias [users], float32; global_mean, float64
/// Cost       O(events) per epoch; 4 bytes per user and item
/// Errors     those of Model
/// Repeatable same bits at any number of threads; no random numbers
class BiasModel final : public ModelWith<BiasOptions, kBiasInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  void fit_values(const Dataset& data, Context& context);
  void fit_choices(const Dataset& data);
  /// The bias of someone with that many events, event(i) giving the i-th one's item and value.
  template <class EventAt>
  float fold_in(std::size_t count, const EventAt& event) const;
  float user_bias(const Query& query) const;

  double mean_ = 0;
  std::vector<float> item_bias_;
  std::vector<float> user_bias_;
};

}  // namespace gusto
