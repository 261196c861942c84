#pragma once

/// Vector kernels of normalization, dispatched once per call to the best instructions of the processor (Highway). All
/// run on the calling thread and may be called concurrently.

#include <span>

#include "gusto/base/matrix.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::kernels {

/// Added to variances before they divide.
inline constexpr float kNormEpsilon = 1e-5F;

/// y_r = gain (x_r − mean_r) / deviation_r + offset over each row, leaving the means and 1/deviations.
void layer_norm(MatrixView<const float> x, const float* gain, const float* offset, MatrixView<float> y, float* means,
                float* inverses);
void layer_norm_backward(MatrixView<const float> g, MatrixView<const float> x, const float* gain, const float* means,
                         const float* inverses, GradientTarget dx);
/// dgain_c (+)= Σ_r g_rc (x_rc − mean_r) / deviation_r
void layer_norm_gain(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* inverses,
                     GradientTarget dgain);

/// Σ_r (x_rc − mean_c)²
void column_squares(MatrixView<const float> x, const float* means, MatrixView<float> squares);
/// y_rc = scale_c (x_rc − mean_c) + shift_c
void column_lines(MatrixView<const float> x, const float* means, const float* scales, const float* shifts,
                  MatrixView<float> y);
/// Σ_r g_rc (x_rc − mean_c)
void column_products(MatrixView<const float> g, MatrixView<const float> x, const float* means, MatrixView<float> sums);
/// dx_rc (+)= scale_c g_rc + slope_c (x_rc − mean_c) + shift_c
void batch_norm_backward(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* scales,
                         const float* slopes, const float* shifts, GradientTarget dx);

}  // namespace gusto::nn::kernels
