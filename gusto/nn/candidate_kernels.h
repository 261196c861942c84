#pragma once

/// Vector kernels of losses over candidates, dispatched once per call to the best instructions of the processor
/// (Highway). All run on the calling thread and may be called concurrently.

#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"

namespace gusto::nn::kernels {

/// Turns logits z_rc into slopes, in place, and returns Σ_r loss_r. With t the target of row r:
///
///   s_rt = z_rt + own_r,  s_rc = z_rc + offsets_c for c ≠ t
///   loss_r = −log (exp s_rt / Σ_c exp s_rc), slope_rc = scale · (softmax(s_r)_c − [c = t])
///
/// Offsets of −∞ take a candidate out for all but its own rows. Without `own` it is 0.
double softmax_over_candidates(MatrixView<float> logits, std::span<const float> offsets,
                               std::span<const std::uint32_t> targets, std::span<const float> own, float scale);

/// The same for
///
///   loss_r = positive · log(1 + exp −z_rt) + Σ_{c≠t} weights_c · log(1 + exp z_rc)
double binary_over_candidates(MatrixView<float> logits, std::span<const float> weights,
                              std::span<const std::uint32_t> targets, float positive, float scale);

}  // namespace gusto::nn::kernels
