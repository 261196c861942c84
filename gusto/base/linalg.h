#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/gemm.h"
#include "gusto/base/matrix.h"

namespace gusto {

/// G = AᵀA for a tall A [n × d], into G [d × d]: partial sums over blocks of rows, at most 64 of them, cut by n alone
/// and added in order.
/// Errors   canceled; those of gemm
/// Cost     2·n·d² operations; gram_memory() bytes
/// Repeatable same bits at any number of threads
Matrix<float> gram(Context& context, MatrixView<const float> a);
std::uint64_t gram_memory(std::size_t rows, std::size_t cols);

/// out[r] = cosine of `vector` and row r; 0 where either is zero.
void cosine_to_rows(MatrixView<const float> rows, std::span<const float> vector, std::span<float> out);

/// The factorization A = L Lᵀ of a symmetric positive-definite A [d × d], in double precision: made once, it solves
/// many times.
/// Errors   Error(not_finite) if A is not positive definite
/// Cost     d³/3 operations; each solution d², or 2 d² for solve
/// Threads  const members may be called concurrently
class Cholesky {
 public:
  explicit Cholesky(MatrixView<const double> a);
  /// x with A x = b; x replaces b.
  void solve(std::span<double> b) const;
  /// x with Lᵀ x = b; x replaces b. Of independent standard normals it makes ones with the covariance A⁻¹.
  void solve_upper(std::span<double> b) const;

 private:
  Matrix<double> factor_;  // column by column; what lies above L's diagonal is not its own
};

/// Solves A x = b for a symmetric positive-definite A [d × d] by Cholesky; x replaces b.
/// Errors   as Cholesky
/// Cost     d³/3 operations
void solve_spd(MatrixView<const double> a, std::span<double> b);

/// Turns the columns of a tall A [n × d] into an orthonormal basis of their span (by the eigenvectors of AᵀA, run
/// twice; directions that hold next to nothing become zero columns).
/// Errors   not_finite, if A holds a number that isn't; canceled; those of gemm
/// Cost     8·n·d² + 18·d³ operations; orthonormalize_memory() bytes
/// Repeatable same bits at any number of threads
void orthonormalize(Context& context, MatrixView<float> a);
std::uint64_t orthonormalize_memory(std::size_t rows, std::size_t cols, unsigned threads);

/// Eigenvalues (largest first) and matching unit eigenvectors, as columns, of a symmetric A [d × d].
/// Errors   not_finite, if the search does not converge, as where A holds a number that isn't finite
/// Cost     about 9·d³ operations, on the calling thread; 16·d² bytes
struct EigenPairs {
  std::vector<double> values;
  Matrix<double> vectors;
};
EigenPairs symmetric_eigen(MatrixView<const double> a);

}  // namespace gusto
