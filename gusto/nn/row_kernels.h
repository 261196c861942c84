#pragma once

/// Vector kernels that sum over rows or columns, dispatched once per call to the best instructions of the processor
/// (Highway). A view with stride 0 repeats its one row. Sums are in an order that depends only on the shape and the CPU
/// level. All run on the calling thread and may be called concurrently.

#include "gusto/base/matrix.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::kernels {

/// to_r (+)= a_r · b_r
void row_dots(MatrixView<const float> a, MatrixView<const float> b, GradientTarget to);
/// to_r (+)= Σ_c x_rc
void row_sums(MatrixView<const float> x, GradientTarget to);
/// to_c (+)= Σ_r x_rc
void column_sums(MatrixView<const float> x, GradientTarget to);
/// to_c (+)= Σ_r weight_r · x_rc; weights [rows × 1]
void weighted_sum(MatrixView<const float> weights, MatrixView<const float> x, GradientTarget to);
/// to_rc (+)= weight_r · x_rc; weights [rows × 1]
void scale_rows(MatrixView<const float> weights, MatrixView<const float> x, GradientTarget to);
/// da_r = weight_r · b_r and db_r = weight_r · a_r in one pass.
void scale_rows_crosswise(MatrixView<const float> weights, MatrixView<const float> a, MatrixView<const float> b,
                          MatrixView<float> da, MatrixView<float> db);
/// y_rc = x_rc + column_r; column [rows × 1]. y may be x.
void add_column(MatrixView<const float> x, MatrixView<const float> column, MatrixView<float> y);
/// to_rc (+)= column_r
void broadcast_column(MatrixView<const float> column, GradientTarget to);

}  // namespace gusto::nn::kernels
