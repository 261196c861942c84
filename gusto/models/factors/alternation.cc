#include "gusto/models/factors/alternation.h"

#include <algorithm>
#include <cmath>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kSolvedRows = 32;
constexpr std::size_t kDrawnRows = 256;
constexpr std::size_t kAutomaticBlock = 64;

}  // namespace

std::size_t coordinates_at_once(int block, std::size_t dim) {
  return block == 0 ? std::min(kAutomaticBlock, dim) : std::min(static_cast<std::size_t>(block), dim);
}

Matrix<float> random_vectors(Context& context, std::size_t rows, std::size_t width, std::size_t dim, double init,
                             std::uint64_t seed, std::string_view purpose,
                             const std::function<bool(std::size_t row)>& learned) {
  Matrix<float> vectors(rows, width);
  const double scale = init / std::sqrt(static_cast<double>(dim));
  parallel_blocks(context, rows, kDrawnRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t r = begin; r < end; ++r) {
      if (!learned(r)) continue;
      Random random(seed, purpose, r);
      for (float& x : vectors.row(r).first(dim)) x = static_cast<float>(scale * random.normal());
    }
  });
  return vectors;
}

void RowQueue::add(std::span<float> x) {
  if (problem_.indexes.size() > kLongRow) {
    rows_.insert(rows_.begin(), problem_.row(x));  // the first place of the workspace has room
    finish();
    return;
  }
  RowProblem& kept = waiting_[rows_.size()];
  kept = problem_;  // a copy: no longer than the row
  rows_.push_back(kept.row(x));
  if (rows_.size() == waiting_.size()) finish();
}

void RowQueue::finish() {
  if (pass_ == Pass::sweep) solver_.sweep(rows_, workspace_);
  if (pass_ == Pass::solve) solver_.solve(rows_, workspace_);
  rows_.clear();
}

std::uint64_t RowQueue::memory(std::size_t events, std::size_t width) {
  // Of a row's indexes and targets one is held thrice while it grows; and there are residuals and products. Those that
  // wait have indexes, targets, residuals and a center.
  const std::uint64_t row = 8 * std::uint64_t{events} + width;
  const std::uint64_t waiting = systems_together() * (3 * std::uint64_t{std::min(events, kLongRow)} + width);
  return (row + waiting) * sizeof(float) +
         (systems_together() + 1) * (sizeof(RowProblem) + 2 * sizeof(RowSolver::Row)) +
         RowSolver::workspace_memory(width);
}

void solve_side(Steps& steps, const RowSolver& solver, Pass pass,
                const std::function<void(std::size_t row, RowProblem& problem)>& state, Matrix<float>& vectors) {
  std::vector<RowQueue> queues(steps.context().threads(), RowQueue(solver, pass));
  steps.parallel_blocks(vectors.rows(), kSolvedRows, [&](std::size_t begin, std::size_t end, unsigned number) {
    RowQueue& queue = queues[number];
    for (std::size_t r = begin; r < end; ++r) {
      state(r, queue.problem());
      if (!queue.problem().indexes.empty()) queue.add(vectors.row(r));
    }
    queue.finish();
  });
}

std::uint64_t alternation_memory(std::size_t users, std::size_t items, std::size_t width, unsigned threads) {
  const std::size_t most_rows = std::max(users, items);
  // Of the Gram matrix, beside what summing it up takes, one copy to solve with and one to keep.
  return gram_memory(most_rows, width) + 2 * std::uint64_t{width} * width * sizeof(float) +
         threads * RowQueue::memory(most_rows, width);
}

}  // namespace gusto
