#pragma once

/// Vector kernels of losses, dispatched once per call to the best instructions of the processor (Highway). All run on
/// the calling thread and may be called concurrently.

#include <span>

#include "gusto/base/matrix.h"

namespace gusto::nn::kernels {

enum class LossKind { squared, absolute, huber, logistic, bpr };

/// Of prediction p and target t, or of positive p and negative t for bpr.
struct Loss {
  LossKind kind;
  float delta = 1;  ///< of huber
};

/// Σ_r loss(p_r, t_r) in double, in an order that depends only on the number of rows; into slope_r, unless it is empty,
/// scale · ∂loss/∂p. (For bpr, ∂loss/∂t is the opposite.) p and t are [rows × 1].
double sum_losses(const Loss& loss, MatrixView<const float> p, MatrixView<const float> t, float scale,
                  std::span<float> slope);

}  // namespace gusto::nn::kernels
