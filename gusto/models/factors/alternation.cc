#include "gusto/models/factors/alternation.h"

#include <algorithm>
#include <cmath>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kSolvedRows = 16;
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

void solve_side(Steps& steps, const RowSolver& solver, Pass pass,
                const std::function<void(std::size_t row, RowProblem& problem)>& state, Matrix<float>& vectors) {
  struct Worker {
    RowProblem problem;
    RowSolver::Workspace workspace;
  };
  std::vector<Worker> workers(steps.context().threads());
  steps.parallel_blocks(vectors.rows(), kSolvedRows, [&](std::size_t begin, std::size_t end, unsigned number) {
    Worker& worker = workers[number];
    for (std::size_t r = begin; r < end; ++r) {
      state(r, worker.problem);
      if (worker.problem.indexes.empty()) continue;
      if (pass == Pass::sweep) solver.sweep(worker.problem.row(), vectors.row(r), worker.workspace);
      if (pass == Pass::solve) solver.solve(worker.problem.row(), vectors.row(r), worker.workspace);
    }
  });
}

std::uint64_t alternation_memory(std::size_t users, std::size_t items, std::size_t width, unsigned threads) {
  const std::uint64_t most_rows = std::max(users, items);
  const std::uint64_t square = std::uint64_t{width} * width;
  // A thread's system and the longest row's indexes and targets, of which one is held thrice while it grows, its
  // residuals and products. Of the Gram matrix, beside what summing it up takes, one copy to solve with and one to
  // keep.
  const std::uint64_t of_thread = square + 4 * std::uint64_t{width} + 8 * most_rows;
  return gram_memory(most_rows, width) + (2 * square + threads * of_thread) * sizeof(float);
}

}  // namespace gusto
