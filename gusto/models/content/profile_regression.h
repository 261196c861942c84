#pragma once

#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/models/content/item_profiles.h"

namespace gusto {

/// What a number that items have comes to by their features.
struct ProfileRegression {
  double mean = 0;
  std::vector<float> weights;  ///< of terms

  double at(const ItemProfiles& profiles, std::size_t item) const { return mean + profiles.dot(item, weights); }
};

/// Ridge regression of targets on items' profiles: minimizes
///
///   Σ_{i chosen} (t_i − m − x_i · w)² + reg ‖w‖²,   m the mean of the chosen items' targets,
///
/// by conjugate gradients on (XᵀX + reg) w = Xᵀ(t − m), until the gradient is a millionth of what it was at w = 0.
/// Shape    targets, chosen [items]; reg > 0
/// Cost     O(entries) an iteration, on the calling thread; a few dozen iterations. 32 bytes a term
/// Errors   canceled
ProfileRegression fit_regression(const ItemProfiles& profiles, std::span<const float> targets,
                                 const std::vector<bool>& chosen, double reg, const Context& context);

}  // namespace gusto
