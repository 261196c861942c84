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

std::uint64_t RowSolver::workspace_memory(std::size_t width) {
  const std::size_t widest = std::min(width, kWidestTogether);
  const std::uint64_t together = systems_together() * widest * (widest + 1) + together_floats(widest);
  const std::uint64_t alone = width > kWidestTogether ? std::uint64_t{width} * (width + 1) : 0;
  return (together + alone) * sizeof(float) + systems_together() * sizeof(Workspace::Events);
}

void RowSolver::gather(const Row& row, Workspace::Events& events) const {
  if (row.weights.empty()) {
    events.residuals.assign(row.targets.begin(), row.targets.end());
    events.y = {y_.data, y_.stride, row.indexes, 0};
    return;
  }
  const std::size_t count = row.indexes.size();
  events.residuals.resize(count);
  events.scaled.resize(count * width());
  events.places.resize(count);
  std::iota(events.places.begin(), events.places.end(), 0U);
  for (std::size_t n = 0; n < count; ++n) {
    const float root = std::sqrt(row.weights[n]);
    events.residuals[n] = root * row.targets[n];
    const std::span<const float> y = y_.row(row.indexes[n]);
    std::transform(y.begin(), y.end(), events.scaled.begin() + static_cast<std::ptrdiff_t>(n * width()),
                   [root](float value) { return root * value; });
  }
  events.y = {events.scaled.data(), width(), events.places, 0};
}

void RowSolver::state(const Row& row, const Workspace::Events& events, std::size_t begin, MatrixView<float> left,
                      std::span<float> right) const {
  const std::size_t block = right.size();
  const bool at_once = block == width();  // from x = 0
  std::fill(right.begin(), right.end(), 0.0F);
  if (!gram_.empty() && !at_once) sum_rows(gram_.values().data() + begin, gram_.cols(), all_, row.x, right);
  for (std::size_t r = 0; r < block; ++r) {
    if (gram_.empty()) {
      std::fill_n(left.row(r).data(), block, 0.0F);
    } else {
      std::copy_n(gram_.row(begin + r).data() + begin, block, left.row(r).data());
    }
    const float center = row.center.empty() ? 0.0F : row.center[begin + r];
    right[r] = -right[r] - row.reg * (row.x[begin + r] - center);
    left(r, r) += row.reg;
  }
  ChosenRows y = events.y;
  y.column = begin;
  add_normal_equations(y, events.residuals, left, right);
}

double RowSolver::step(std::span<const Row> rows, std::size_t begin, std::size_t block, Workspace& workspace) const {
  const std::size_t most = block <= kWidestTogether ? systems_together() : 1;
  const auto have = [](AlignedVector<float>& room, std::size_t floats) {
    if (room.size() < floats) room.resize(floats);
    return room.data();
  };
  const MatrixView<float> lefts(have(workspace.lefts_, most * block * block), rows.size() * block, block);
  const MatrixView<float> rights(have(workspace.rights_, most * block), rows.size(), block);
  if (most > 1) have(workspace.scratch_, together_floats(block));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    state(rows[r], workspace.events_[r], begin, lefts.slice(r * block, (r + 1) * block), rights.row(r));
  }
  if (most > 1 ? !solve_together(lefts, rights, workspace.scratch_) : !solve_upper(lefts, rights.row(0))) {
    throw Error(ErrorCode::not_finite, "A system of equations is not positive definite.", "Raise the regularization.");
  }
  double moved = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::span<const float> moves = rights.row(r);
    for (std::size_t c = 0; c < block; ++c) {
      rows[r].x[begin + c] += moves[c];
      moved += static_cast<double>(moves[c]) * static_cast<double>(moves[c]);
    }
    if (block < width()) subtract_products(workspace.events_[r], begin, moves, workspace);  // else asked for no more
  }
  return moved;
}

void RowSolver::subtract_products(Workspace::Events& events, std::size_t begin, std::span<const float> x,
                                  Workspace& workspace) const {
  std::vector<float>& products = workspace.products_;
  products.assign(events.residuals.size(), 0.0F);
  ChosenRows y = events.y;
  y.column = begin;
  add_row_products(y, x, products);
  for (std::size_t n = 0; n < products.size(); ++n) events.residuals[n] -= products[n];
}

double RowSolver::sweep_group(std::span<const Row> rows, std::size_t block, Workspace& workspace) const {
  workspace.events_.resize(std::max(rows.size(), workspace.events_.size()));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    gather(rows[r], workspace.events_[r]);
    if (block >= width()) {
      std::fill(rows[r].x.begin(), rows[r].x.end(), 0.0F);  // the minimum is the same from anywhere
    } else {
      subtract_products(workspace.events_[r], 0, rows[r].x, workspace);
    }
  }
  double moved = 0;
  for (std::size_t begin = 0; begin < width(); begin += block) {
    moved += step(rows, begin, std::min(block, width() - begin), workspace);
  }
  return moved;
}

double RowSolver::sweep_blocks(std::span<const Row> rows, std::size_t block, Workspace& workspace) const {
  const std::size_t together = block <= kWidestTogether ? systems_together() : 1;
  double moved = 0;
  for (std::size_t begin = 0; begin < rows.size(); begin += together) {
    moved += sweep_group(rows.subspan(begin, std::min(together, rows.size() - begin)), block, workspace);
  }
  return moved;
}

void RowSolver::sweep(std::span<const Row> rows, Workspace& workspace) const { sweep_blocks(rows, block_, workspace); }

void RowSolver::solve(std::span<const Row> rows, Workspace& workspace) const {
  if (width() <= kExactWidth || block_ >= width()) {
    sweep_blocks(rows, width(), workspace);
    return;
  }
  for (const Row& row : rows) {
    if (row.center.empty()) {
      std::fill(row.x.begin(), row.x.end(), 0.0F);
    } else {
      std::copy(row.center.begin(), row.center.end(), row.x.begin());
    }
    bool still = false;
    for (int n = 0; n < kMostSweeps && !still; ++n) {
      const double moved = sweep_blocks({&row, 1}, block_, workspace);
      const double length = dot(row.x, row.x);
      still = moved <= kStill * kStill * length;
    }
    if (!still) sweep_blocks({&row, 1}, width(), workspace);
  }
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
