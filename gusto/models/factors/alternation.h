#pragma once

/// What models have in common that solve for all users' vectors given the items', then for the items' given the users',
/// and so on: each row is a least squares problem of its own (row_solver.h).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/base/steps.h"
#include "gusto/models/factors/row_solver.h"

namespace gusto {

/// How many coordinates of vectors of that many to solve for at once, of the option `block`: 0 stands for up to 64.
std::size_t coordinates_at_once(int block, std::size_t dim);

/// [rows × width], drawn from N(0, init²/dim) in the first dim columns of the rows that are `learned`; the rest is 0.
/// Draws are keyed by (seed, purpose, row).
Matrix<float> random_vectors(Context& context, std::size_t rows, std::size_t width, std::size_t dim, double init,
                             std::uint64_t seed, std::string_view purpose,
                             const std::function<bool(std::size_t row)>& learned);

/// A row's problem that owns what it is made of.
struct RowProblem {
  std::vector<std::uint32_t> indexes;
  std::vector<float> targets;
  std::vector<float> center;
  std::vector<float> weights;
  float reg = 0;

  RowSolver::Row row(std::span<float> x = {}) const { return {indexes, targets, reg, center, weights, x}; }
};

enum class Pass { sweep, solve };

/// Collects rows' problems and goes over, or solves, as many at once as are solved together. One caller at a time.
///
/// A row of more than kLongRow events does not wait for others: it would take memory, and its system is least of its
/// work.
class RowQueue {
 public:
  static constexpr std::size_t kLongRow = 2048;

  RowQueue(const RowSolver& solver, Pass pass) : solver_(solver), pass_(pass), waiting_(systems_together()) {}

  /// To be filled in, in place of another row's.
  RowProblem& problem() { return problem_; }
  /// Takes in what problem() holds, for x, which must stay where it is until it is found, by finish() at the latest.
  /// Errors   those of RowSolver
  void add(std::span<float> x);
  void finish();

  /// Bytes at most, of rows of so many events and vectors of a width.
  static std::uint64_t memory(std::size_t events, std::size_t width);

 private:
  const RowSolver& solver_;
  Pass pass_;
  RowProblem problem_;
  std::vector<RowProblem> waiting_;
  std::vector<RowSolver::Row> rows_;
  RowSolver::Workspace workspace_;
};

/// Goes over, or solves for, every row of `vectors` that has events. state(r, problem) fills in the problem of row r,
/// in place of another row's; it is called on all threads. Each row is a step.
/// Errors   canceled; those of RowSolver
/// Cost     that of RowSolver for each row; on each thread a RowQueue
/// Repeatable same bits at any number of threads
void solve_side(Steps& steps, const RowSolver& solver, Pass pass,
                const std::function<void(std::size_t row, RowProblem& problem)>& state, Matrix<float>& vectors);

/// Bytes that solve_side() and the Gram matrices of either side need at most, beside the vectors.
std::uint64_t alternation_memory(std::size_t users, std::size_t items, std::size_t width, unsigned threads);

}  // namespace gusto
