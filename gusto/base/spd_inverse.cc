#include "gusto/base/spd_inverse.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <Eigen/Cholesky>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/parallel.h"

namespace gusto {
namespace {

// Columns that are swept out at once. Fewer would make products too thin to be fast; more would spend too much of the
// work on the panel, which is not shared with the rest of the matrix.
constexpr std::size_t kPanelWidth = 128;

// Rows of one task: a product packs its operands again, which pays off for many rows.
constexpr std::size_t kTaskRows = 4 * kPanelWidth;

template <class T>
MatrixView<T> window(MatrixView<T> a, std::size_t row, std::size_t rows, std::size_t col, std::size_t cols) {
  return {a.data + row * a.stride + col, rows, cols, a.stride};
}

/// D⁻¹ of the pivot block, of which the lower triangle is read.
Matrix<float> inverse_of_block(MatrixView<const float> d) {
  using Square = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto size = static_cast<Eigen::Index>(d.rows);
  const Eigen::Map<const Square, 0, Eigen::OuterStride<>> block(
      d.data, size, size, Eigen::OuterStride<>(static_cast<Eigen::Index>(d.stride)));
  const Eigen::LLT<Square, Eigen::Lower> factor(block);
  if (factor.info() != Eigen::Success) {
    throw Error(ErrorCode::not_finite, "A matrix to be inverted is not positive definite in single precision.",
                "Raise the regularization.");
  }
  Matrix<float> inverse(d.rows, d.rows);
  for (std::size_t i = 0; i < d.rows; ++i) inverse(i, i) = 1;
  Eigen::Map<Square> target(inverse.values().data(), size, size);
  factor.solveInPlace(target);
  return inverse;
}

/// Sweeps one matrix, block by block.
class Sweeper {
 public:
  Sweeper(Context& context, MatrixView<float> a)
      : context_(context), a_(a), panel_(a.rows, kPanelWidth), swept_(a.rows, kPanelWidth) {}

  /// Columns [begin, end).
  void sweep(std::size_t begin, std::size_t end) {
    begin_ = begin;
    end_ = end;
    const Matrix<float> inverse = inverse_of_block(window<const float>(a_, begin, width(), begin, width()));
    parallel_blocks(context_, a_.rows, kPanelWidth,
                    [&](std::size_t first, std::size_t last, unsigned) { read_panel(first, last, inverse); });
    // The last rows are the longest: first, so that no thread is left with one of them at the end.
    const std::size_t tasks = (a_.rows + kTaskRows - 1) / kTaskRows;
    context_.pool().run(tasks, [&](std::size_t task, unsigned) {
      context_.check_canceled();
      const std::size_t first = (tasks - 1 - task) * kTaskRows;
      update_rows(first, std::min(first + kTaskRows, a_.rows));
    });
    parallel_blocks(context_, a_.rows, kPanelWidth,
                    [&](std::size_t first, std::size_t last, unsigned) { write_panel(first, last, inverse); });
  }

 private:
  std::size_t width() const { return end_ - begin_; }
  MatrixView<const float> panel(std::size_t first, std::size_t last) const {
    return window<const float>(panel_.view(), first, last - first, 0, width());
  }
  MatrixView<const float> swept(std::size_t first, std::size_t last) const {
    return window<const float>(swept_.view(), first, last - first, 0, width());
  }

  /// panel_ ← A_IK of rows [first, last), of which the lower triangle holds only the rows below the block; swept_ ←
  /// A_IK D⁻¹.
  void read_panel(std::size_t first, std::size_t last, const Matrix<float>& inverse) {
    for (std::size_t r = first; r < last; ++r) {
      float* out = &panel_(r, 0);
      if (r >= end_) {
        std::copy_n(&a_(r, begin_), width(), out);
      } else if (r < begin_) {
        for (std::size_t c = 0; c < width(); ++c) out[c] = a_(begin_ + c, r);
      } else {
        std::fill_n(out, width(), 0.0F);
      }
    }
    gemm(Transpose::no, Transpose::no, 1, panel(first, last), inverse.view(), 0,
         window(swept_.view(), first, last - first, 0, width()));
  }

  /// A_IJ −= A_IK D⁻¹ A_KJ, of the rows' part of the lower triangle.
  void update_rows(std::size_t first, std::size_t last) {
    // All that is left of the rows' own square, in one product; the square by steps of a block, or half of it would be
    // waste.
    update(first, last, 0, first);
    for (std::size_t r = first; r < last; r += kPanelWidth) {
      const std::size_t below = std::min(r + kPanelWidth, last);
      update(r, below, first, below);
    }
  }

  /// Of a rectangle, but for the swept block's own rows and columns.
  void update(std::size_t first, std::size_t last, std::size_t left, std::size_t right) {
    if (first < begin_ && last > begin_) update(first, begin_, left, right);
    if (first < end_ && last > begin_) first = std::min(last, end_);
    if (first >= last) return;
    subtract(first, last, left, std::min(right, begin_));
    subtract(first, last, std::max(left, end_), right);
  }
  void subtract(std::size_t first, std::size_t last, std::size_t left, std::size_t right) {
    if (left >= right) return;
    gemm(Transpose::no, Transpose::yes, -1, swept(first, last), panel(left, right), 1,
         window(a_, first, last - first, left, right - left));
  }

  void write_panel(std::size_t first, std::size_t last, const Matrix<float>& inverse) {
    for (std::size_t r = first; r < last; ++r) {
      if (r >= end_) {
        std::copy_n(&swept_(r, 0), width(), &a_(r, begin_));
      } else if (r < begin_) {
        for (std::size_t c = 0; c < width(); ++c) a_(begin_ + c, r) = swept_(r, c);
      } else {
        for (std::size_t c = 0; c < width(); ++c) a_(r, begin_ + c) = -inverse(r - begin_, c);
      }
    }
  }

  Context& context_;
  MatrixView<float> a_;
  Matrix<float> panel_;  // A_IK
  Matrix<float> swept_;  // A_IK D⁻¹
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

void invert_spd(Context& context, MatrixView<float> a, std::string_view stage) {
  const std::size_t n = a.rows;
  const std::size_t steps = (n + kPanelWidth - 1) / kPanelWidth;
  Sweeper sweeper(context, a);
  for (std::size_t step = 0; step < steps; ++step) {
    context.progress(stage, step, steps);
    sweeper.sweep(step * kPanelWidth, std::min((step + 1) * kPanelWidth, n));
  }
  // −A⁻¹, lower triangle → A⁻¹, all of it. By blocks, so that the columns read stay in the cache.
  parallel_blocks(context, n, kPanelWidth, [&](std::size_t first, std::size_t last, unsigned) {
    for (std::size_t left = 0; left < last; left += kPanelWidth) {
      for (std::size_t r = first; r < last; ++r) {
        const std::size_t right = std::min(left + kPanelWidth, r + 1);
        for (std::size_t c = left; c < right; ++c) a(r, c) = -a(r, c);
      }
      for (std::size_t c = left; c < std::min(left + kPanelWidth, last); ++c) {
        for (std::size_t r = std::max(first, c + 1); r < last; ++r) a(c, r) = a(r, c);
      }
    }
  });
  context.progress(stage, steps, steps);
}

std::uint64_t spd_inverse_memory(std::size_t n) {
  // Two panels, which products pack again; a block and its inverse.
  return sizeof(float) * kPanelWidth * (4 * std::uint64_t{n} + 2 * kPanelWidth);
}

}  // namespace gusto
