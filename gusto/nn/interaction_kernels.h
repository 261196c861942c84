#pragma once

/// Vector kernels of cosine, factorization-machine pooling and softmax, dispatched once per call to the best
/// instructions of the processor (Highway). All run on the calling thread and may be called concurrently.

#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::kernels {

/// y_r = a_r · b_r / (‖a_r‖ ‖b_r‖), 0 where either is zero; leaves 1/‖a_r‖ and 1/‖b_r‖ (0 of a zero row) beside it.
void cosine(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y, float* inverse_a,
            float* inverse_b);
/// da_r (+)= g_r (b_r / (‖a_r‖ ‖b_r‖) − y_r a_r / ‖a_r‖²)
void cosine_backward(MatrixView<const float> g, MatrixView<const float> y, MatrixView<const float> a,
                     MatrixView<const float> b, const float* inverse_a, const float* inverse_b, GradientTarget da);

/// sums_r = Σ_f v_f and y_r = ½ (sums_r² − Σ_f v_f²) of the vectors v_f that lie side by side in x_r.
void fm_pooling(MatrixView<const float> x, std::size_t fields, MatrixView<float> sums, MatrixView<float> y);
/// dv_f (+)= g (sums − v_f)
void fm_pooling_backward(MatrixView<const float> g, MatrixView<const float> x, std::size_t fields,
                         MatrixView<const float> sums, GradientTarget dx);

/// y_rc = x_rc − log Σ_c exp x_rc, computed without overflow.
void log_softmax(MatrixView<const float> x, MatrixView<float> y);
/// dx_rc (+)= g_rc − exp(y_rc) Σ_c g_rc
void log_softmax_backward(MatrixView<const float> g, MatrixView<const float> y, GradientTarget dx);

/// Σ_r −log softmax(x_r)[target_r]; into `slope`, unless it is empty, scale · (softmax(x_r) − [c = target_r]).
double softmax_loss(MatrixView<const float> x, const std::uint32_t* targets, float scale, MatrixView<float> slope);

}  // namespace gusto::nn::kernels
