#pragma once

/// Vector kernels of attention, dispatched once per call to the best instructions of the processor (Highway). All run
/// on the calling thread and may be called concurrently.

#include <cstddef>

#include "gusto/base/matrix.h"

namespace gusto::nn::kernels {

/// x_r becomes the softmax of scale · x_r over its first `visible` + r columns, and 0 in all further ones. What is
/// beyond them beforehand is not read.
void causal_softmax(MatrixView<float> x, std::size_t visible, float scale);

/// The gradient of what causal_softmax was given, from its result `weights`, what became of that by dropout, and the
/// gradient g of the latter: weights_rc becomes scale · (dropped_rc g_rc − weights_rc Σ_c dropped_rc g_rc). Without
/// dropout, `dropped` is `weights`.
void causal_softmax_backward(MatrixView<const float> g, MatrixView<const float> dropped, MatrixView<float> weights,
                             float scale);

}  // namespace gusto::nn::kernels
