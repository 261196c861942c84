#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/model.h"

namespace gusto {

/// Mean and variance (over n, not n − 1) of values. Same bits at any number of threads; cost O(values).
struct Moments {
  double mean = 0;
  double variance = 0;
};
Moments moments_of(std::span<const float> values, Context& context);

/// (sum + reg · typical) / (count + reg), a mean shrunk to `typical` by reg more entries; `typical` where there is
/// nothing to average.
inline double damped_mean(double sum, double count, double reg, double typical = 0) {
  return count + reg > 0 ? (sum + reg * typical) / (count + reg) : typical;
}

/// How strongly biases are shrunk, and for how many rounds they are fitted.
struct BaselineOptions {
  int epochs = 10;
  double reg_item = 3;
  double reg_user = 5;
};

/// The damped biases that rating models build on: ŷ_ui = μ + b_u + b_i.
///
/// Minimizes  Σ_(u,i) (r_ui − ŷ_ui)² + reg_item Σ_i b_i² + reg_user Σ_u b_u² with μ the training mean, by alternating
///            exact minimization, items first, users last:
///              b_i = Σ_u (r_ui − μ − b_u) / (n_i + reg_item),   b_u = Σ_i (r_ui − μ − b_i) / (n_u + reg_user)
/// Source     Koren: Factor in the Neighbors, TKDD 2010, §2.1; differs in iterating to the joint minimum
/// Cost       O(events) per epoch; 4 bytes per user and item, beside the data set's view by item
/// Repeatable same bits at any number of threads; no random numbers
struct Baseline {
  double mean = 0;
  std::vector<float> user_bias;
  std::vector<float> item_bias;

  /// μ + b_i.
  double item_part(ItemRow item) const { return mean + item_bias[item.index]; }
  /// The bias of someone with this history. A training user's own history gives that user's very bias.
  float fold_in(std::span<const HistoryEvent> history, double reg_user) const;

  /// μ, the user's bias and the item's, whose amounts sum to ŷ_ui.
  std::vector<Contribution> explain(double query_user_bias, ItemRow item) const;

  void save(TensorWriter& out) const;
  static Baseline load(const TensorFile& in, std::size_t users, std::size_t items);
};

Baseline fit_baseline(const Dataset& data, const BaselineOptions& options, Context& context);

}  // namespace gusto
