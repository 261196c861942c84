#include "gusto/base/linalg.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"

namespace gusto {
namespace {

using DoubleMap =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>, 0, Eigen::OuterStride<>>;

DoubleMap map(MatrixView<const double> a) {
  return {a.data, static_cast<Eigen::Index>(a.rows), static_cast<Eigen::Index>(a.cols),
          Eigen::OuterStride<>(static_cast<Eigen::Index>(a.stride))};
}

/// A square matrix as it lies, read column by column.
template <class M>
auto columns(M& a) {
  using Eigen::MatrixXd;
  using Plain = std::conditional_t<std::is_const_v<M>, const MatrixXd, MatrixXd>;
  const auto size = static_cast<Eigen::Index>(a.rows());
  return Eigen::Map<Plain>(a.values().data(), size, size);
}

// Rows of one task: enough work to be worth handing out, few enough to share among many threads.
constexpr std::size_t kProductRows = 2048;

// Partial sums of a Gram matrix, at most: each of them is as large as the sum.
constexpr std::size_t kMostParts = 64;

std::size_t gram_block(std::size_t rows) { return std::max(kProductRows, (rows + kMostParts - 1) / kMostParts); }
std::size_t gram_parts(std::size_t rows) { return (rows + gram_block(rows) - 1) / gram_block(rows); }

// Eigenvalues of a single-precision Gram matrix below this share of the largest are rounding noise.
constexpr double kRankTolerance = 1e-6;

}  // namespace

Matrix<float> gram(Context& context, MatrixView<const float> a) {
  const std::size_t d = a.cols;
  const std::size_t block = gram_block(a.rows);
  std::vector<Matrix<float>> parts(gram_parts(a.rows));
  parallel_blocks(context, a.rows, block, [&](std::size_t begin, std::size_t end, unsigned) {
    Matrix<float>& part = parts[begin / block];
    part = Matrix<float>(d, d);
    gemm(Transpose::yes, Transpose::no, 1, a.slice(begin, end), a.slice(begin, end), 0, part.view());
  });
  Matrix<float> sum(d, d);
  for (const Matrix<float>& part : parts) {
    for (std::size_t i = 0; i < d * d; ++i) sum.values()[i] += part.values()[i];
  }
  return sum;
}

std::uint64_t gram_memory(std::size_t rows, std::size_t cols) {
  return (gram_parts(rows) + 1) * (std::uint64_t{cols} * cols * sizeof(float) + sizeof(Matrix<float>));
}

void cosine_to_rows(MatrixView<const float> rows, std::span<const float> vector, std::span<float> out) {
  const float length = std::sqrt(dot(vector, vector));
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const float product = length * std::sqrt(dot(rows.row(r), rows.row(r)));
    out[r] = product > 0 ? dot(rows.row(r), vector) / product : 0.0F;
  }
}

Cholesky::Cholesky(MatrixView<const double> a) : factor_(a.rows, a.cols) {
  auto values = columns(factor_);
  values = map(a);
  Eigen::Ref<Eigen::MatrixXd> in_place(values);
  if (Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>>(in_place).info() != Eigen::Success) {
    throw Error(ErrorCode::not_finite, "A system of equations is not positive definite.", "Raise the regularization.");
  }
}

void Cholesky::solve(std::span<double> b) const {
  Eigen::Map<Eigen::VectorXd> x(b.data(), static_cast<Eigen::Index>(b.size()));
  columns(factor_).triangularView<Eigen::Lower>().solveInPlace(x);
  solve_upper(b);
}

void Cholesky::solve_upper(std::span<double> b) const {
  Eigen::Map<Eigen::VectorXd> x(b.data(), static_cast<Eigen::Index>(b.size()));
  columns(factor_).transpose().triangularView<Eigen::Upper>().solveInPlace(x);
}

void solve_spd(MatrixView<const double> a, std::span<double> b) { Cholesky(a).solve(b); }

void orthonormalize(Context& context, MatrixView<float> a) {
  // With AᵀA = V·Λ·Vᵀ, the columns of A·V·Λ^(-1/2) are orthonormal; a second round mends what rounding left of the
  // first.
  for (int round = 0; round < 2; ++round) {
    const Matrix<float> g = gram(context, a);
    Matrix<double> wide(g.rows(), g.cols());
    std::copy(g.values().begin(), g.values().end(), wide.values().begin());
    const EigenPairs pairs = symmetric_eigen(wide.view());
    const double least = kRankTolerance * std::max(pairs.values.empty() ? 0.0 : pairs.values.front(), 1e-30);
    Matrix<float> turn(g.rows(), g.cols());
    for (std::size_t c = 0; c < g.cols(); ++c) {
      const double scale = pairs.values[c] > least ? 1 / std::sqrt(pairs.values[c]) : 0;
      for (std::size_t r = 0; r < g.rows(); ++r) turn(r, c) = static_cast<float>(pairs.vectors(r, c) * scale);
    }
    parallel_blocks(context, a.rows, kProductRows, [&](std::size_t begin, std::size_t end, unsigned) {
      const MatrixView<float> rows = a.slice(begin, end);
      Matrix<float> turned(rows.rows, rows.cols);
      gemm(Transpose::no, Transpose::no, 1, rows, turn.view(), 0, turned.view());
      for (std::size_t r = 0; r < rows.rows; ++r) {
        std::copy(turned.row(r).begin(), turned.row(r).end(), rows.row(r).begin());
      }
    });
  }
}

std::uint64_t orthonormalize_memory(std::size_t rows, std::size_t cols, unsigned threads) {
  const std::uint64_t square = std::uint64_t{cols} * cols;
  // AᵀA in double, the search's own matrix and its vectors; the turn; a block of rows, turned.
  return gram_memory(rows, cols) + 3 * square * sizeof(double) + square * sizeof(float) +
         threads * std::min<std::uint64_t>(rows, kProductRows) * cols * sizeof(float);
}

EigenPairs symmetric_eigen(MatrixView<const double> a) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(map(a));
  if (solver.info() != Eigen::Success) throw Error(ErrorCode::not_finite, "An eigenvalue search did not converge.");
  const std::size_t d = a.rows;
  EigenPairs pairs{std::vector<double>(d), Matrix<double>(d, d)};
  for (std::size_t c = 0; c < d; ++c) {  // Eigen gives the smallest first
    const auto column = static_cast<Eigen::Index>(d - 1 - c);
    pairs.values[c] = solver.eigenvalues()[column];
    for (std::size_t r = 0; r < d; ++r)
      pairs.vectors(r, c) = solver.eigenvectors()(static_cast<Eigen::Index>(r), column);
  }
  return pairs;
}

}  // namespace gusto
