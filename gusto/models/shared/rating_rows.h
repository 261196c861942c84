#pragma once

#include <cstddef>
#include <span>

#include "gusto/base/matrix.h"

namespace gusto {

/// Items as rows (q_i, 1, b_i), whose inner product with a user's (p_u, μ + b_u, 1) is μ + b_u + b_i + p_u · q_i.
/// q_i are the first `dim` columns of `vectors`.
inline Matrix<float> rating_rows(const Matrix<float>& vectors, std::size_t dim, std::span<const float> biases) {
  Matrix<float> rows = resized(vectors, vectors.rows(), dim + 2);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    rows(i, dim) = 1;
    rows(i, dim + 1) = biases[i];
  }
  return rows;
}

}  // namespace gusto
