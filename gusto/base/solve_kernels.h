#pragma once

/// Kernels of least squares, dispatched once per call to the best instructions of the processor (Highway).
///
/// Each has a plain reference version in solve_kernels_test.cc, the oracle of its test. All run on the calling thread
/// and may be called concurrently. Sums are in an order that depends only on the shapes and the CPU level.

#include <cstddef>
#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"

namespace gusto {

/// Columns of chosen rows of a matrix: y_n = rows[indexes[n]], from its column `column` on, as many as the callee's
/// width.
struct ChosenRows {
  const float* rows = nullptr;
  std::size_t stride = 0;
  std::span<const std::uint32_t> indexes;
  std::size_t column = 0;
};

/// Columns are worked on in strips of this many: widths are multiples of it.
inline constexpr std::size_t kStrip = 16;

/// n rounded up to whole strips.
constexpr std::size_t padded_width(std::size_t n) { return (n + kStrip - 1) / kStrip * kStrip; }

/// left += Σ_n y_n y_nᵀ and right += Σ_n weights[n] · y_n, the two sides of least squares' normal equations.
///
/// Shapes   left [width × width], of which the upper triangle is kept (what lies below it is left undefined); right and
///          the rows `width` long, a multiple of kStrip and at most 8192
/// Cost     width² + 2·width operations a row
void add_normal_equations(const ChosenRows& y, std::span<const float> weights, MatrixView<float> left,
                          std::span<float> right);

/// out[n] += y_n · x; x is a multiple of kStrip long.
void add_row_products(const ChosenRows& y, std::span<const float> x, std::span<float> out);

/// Solves A x = b by Cholesky, in single precision, from the upper triangle of A [width × width], width a multiple of
/// kStrip; x replaces b, and A's factor U, A = UᵀU, its upper triangle.
/// Returns  whether A is positive definite, to rounding; A and b are undefined if not
/// Cost     width³/3 operations
bool solve_upper(MatrixView<float> a, std::span<float> b);

/// Systems that solve_together() takes at once: one for each lane of a vector register, 1 to kMostTogether.
std::size_t systems_together();
inline constexpr std::size_t kMostTogether = 16;

/// Solves A x = b as solve_upper() does, for up to systems_together() systems at once: up to a width of 128 faster than
/// one by one.
///
/// Shapes   lefts [n·width × width], each A below the one before it, of which the upper triangle counts; rights
///          [n × width], without gaps between rows; width a multiple of kStrip; scratch together_floats(width), aligned
///          as AlignedVector
/// Returns  whether all are positive definite, to rounding; rights are undefined if not
/// Cost     n·width³/3 operations, of fewer systems as much as of systems_together()
/// Repeatable the bits of an x depend on its own system alone
bool solve_together(MatrixView<const float> lefts, MatrixView<float> rights, std::span<float> scratch);
constexpr std::size_t together_floats(std::size_t width) { return kMostTogether * width * (width + 1); }

}  // namespace gusto
