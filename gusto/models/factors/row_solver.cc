#include "gusto/models/factors/row_solver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/solve_kernels.h"

namespace gusto {
namespace {

// Sweeps end when the last one moved x by this share of its length. Whoever gets there in so few of them converges
// fast, so that what is left is not much more.
constexpr double kStill = 1e-6;

}  // namespace

RowSolver::RowSolver(MatrixView<const float> y, Matrix<float> gram, double unobserved, std::size_t block)
    : y_(y), gram_(std::move(gram)), all_(gram_.rows()), block_(std::min(padded_width(block), y.cols)) {
  for (float& g : gram_.values()) g *= static_cast<float>(unobserved);
  std::iota(all_.begin(), all_.end(), 0U);
}

void RowSolver::gather(const Row& row, Workspace& workspace) const {
  if (row.weights.empty()) {
    workspace.residuals_.assign(row.targets.begin(), row.targets.end());
    workspace.y_ = {y_.data, y_.stride, row.indexes, 0};
    return;
  }
  const std::size_t count = row.indexes.size();
  workspace.residuals_.resize(count);
  workspace.scaled_.resize(count * y_.cols);
  workspace.places_.resize(count);
  std::iota(workspace.places_.begin(), workspace.places_.end(), 0U);
  for (std::size_t n = 0; n < count; ++n) {
    const float root = std::sqrt(row.weights[n]);
    workspace.residuals_[n] = root * row.targets[n];
    const std::span<const float> y = y_.row(row.indexes[n]);
    std::transform(y.begin(), y.end(), workspace.scaled_.begin() + static_cast<std::ptrdiff_t>(n * y_.cols),
                   [root](float value) { return root * value; });
  }
  workspace.y_ = {workspace.scaled_.data(), y_.cols, workspace.places_, 0};
}

double RowSolver::step(const Row& row, std::size_t begin, std::size_t width, std::span<float> x,
                       Workspace& workspace) const {
  if (workspace.left_.rows() != width) workspace.left_ = Matrix<float>(width, width);
  Matrix<float>& left = workspace.left_;
  std::vector<float>& right = workspace.right_;
  right.assign(width, 0.0F);
  if (gram_.empty()) {
    left.fill(0);
  } else {
    sum_rows(gram_.values().data() + begin, gram_.cols(), all_, x, right);
    for (std::size_t r = 0; r < width; ++r) {
      std::copy_n(gram_.row(begin + r).data() + begin, width, left.row(r).data());
    }
  }
  for (std::size_t c = 0; c < width; ++c) {
    const float center = row.center.empty() ? 0.0F : row.center[begin + c];
    right[c] = -right[c] - row.reg * (x[begin + c] - center);
    left(c, c) += row.reg;
  }
  ChosenRows y = workspace.y_;
  y.column = begin;
  add_normal_equations(y, workspace.residuals_, left.view(), right);
  if (!solve_upper(left.view(), right)) {
    throw Error(ErrorCode::not_finite, "A system of equations is not positive definite.", "Raise the regularization.");
  }
  double moved = 0;
  for (std::size_t c = 0; c < width; ++c) {
    x[begin + c] += right[c];
    moved += static_cast<double>(right[c]) * static_cast<double>(right[c]);
  }
  if (width == x.size()) return moved;  // residuals are asked for no more
  std::vector<float>& products = workspace.products_;
  products.assign(row.indexes.size(), 0.0F);
  add_row_products(y, right, products);
  for (std::size_t n = 0; n < products.size(); ++n) workspace.residuals_[n] -= products[n];
  return moved;
}

double RowSolver::sweep_blocks(const Row& row, std::size_t block, std::span<float> x, Workspace& workspace) const {
  gather(row, workspace);
  if (block >= x.size()) {
    std::fill(x.begin(), x.end(), 0.0F);  // the minimum is the same from anywhere, and residuals from 0 are the targets
    return step(row, 0, x.size(), x, workspace);
  }
  std::vector<float>& products = workspace.products_;
  products.assign(row.indexes.size(), 0.0F);
  add_row_products(workspace.y_, x, products);
  for (std::size_t n = 0; n < products.size(); ++n) workspace.residuals_[n] -= products[n];
  double moved = 0;
  for (std::size_t begin = 0; begin < x.size(); begin += block) {
    moved += step(row, begin, std::min(block, x.size() - begin), x, workspace);
  }
  return moved;
}

void RowSolver::sweep(const Row& row, std::span<float> x, Workspace& workspace) const {
  sweep_blocks(row, block_, x, workspace);
}

void RowSolver::solve(const Row& row, std::span<float> x, Workspace& workspace) const {
  if (x.size() <= kExactWidth || block_ >= x.size()) {
    sweep_blocks(row, x.size(), x, workspace);
    return;
  }
  if (row.center.empty()) {
    std::fill(x.begin(), x.end(), 0.0F);
  } else {
    std::copy(row.center.begin(), row.center.end(), x.begin());
  }
  for (int n = 0; n < kMostSweeps; ++n) {
    const double moved = sweep_blocks(row, block_, x, workspace);
    const double length = dot(x, x);
    if (moved <= kStill * kStill * length) return;
  }
  sweep_blocks(row, x.size(), x, workspace);
}

std::vector<double> RowSolver::reach(const Row& row, std::span<const float> y) const {
  const std::size_t width = y.size();
  Matrix<double> left(width, width);
  for (std::size_t r = 0; r < width; ++r) {
    if (!gram_.empty()) std::copy_n(gram_.row(r).begin(), width, left.row(r).begin());
    left(r, r) += static_cast<double>(row.reg);
  }
  for (std::size_t n = 0; n < row.indexes.size(); ++n) {
    const std::span<const float> other = y_.row(row.indexes[n]);
    const double weight = row.weights.empty() ? 1.0 : static_cast<double>(row.weights[n]);
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t c = 0; c < width; ++c) {
        left(r, c) += weight * static_cast<double>(other[r]) * static_cast<double>(other[c]);
      }
    }
  }
  std::vector<double> reached(y.begin(), y.end());
  solve_spd(left.view(), reached);
  return reached;
}

}  // namespace gusto
