#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/base/solve_kernels.h"

namespace gusto {

/// Least squares for one row of a factor model, all rows of the other side held: the vector x that minimizes
///
///   Σ_n w_n (y_n·x − t_n)² + α Σ_j (y_j·x)² + reg · ‖x − c‖²
///
/// n over the row's own events, j over all rows of the other side. The second sum is xᵀGx with G = Σ_j y_j y_jᵀ, so
/// that it costs nothing but G. Coordinates are taken in blocks: within one the minimum is found exactly, by Cholesky,
/// given the others,
///
///   x_B += (Σ_n w_n y_nB y_nBᵀ + α G_BB + reg·I)⁻¹ (Σ_n w_n (t_n − y_n·x) y_nB − α (G x)_B − reg (x − c)_B),
///
/// one block after another. A block as wide as x is the exact solution. Narrow ones make a sweep cheaper, by events ·
/// width · block instead of events · width², and the alternation over both sides hardly slower.
///
/// Rows are given several at once, since their systems are solved together (solve_together() in solve_kernels.h); what
/// becomes of a row does not depend on the others.
///
/// Source   Rendle, Krichene, Zhang, Koren: iALS++: Speeding up Matrix Factorization with Subspace Optimization, 2021
/// Shapes   y, x and c are `width` wide, a multiple of kStrip (solve_kernels.h); zeros fill them up
/// Cost     sweep(): events · width · (block + 4) + 2 · width² + width · block² / 3 multiplications
/// Threads  const members may be called concurrently, each caller with a Workspace of its own
class RowSolver {
 public:
  struct Row {
    std::span<const std::uint32_t> indexes;  ///< of each event: the other side's row
    std::span<const float> targets;          ///< t_n
    float reg = 0;
    std::span<const float> center;   ///< c; none: 0
    std::span<const float> weights;  ///< w_n, at least 0; none: 1
    std::span<float> x;              ///< from where sweep() goes on, and what is found
  };
  /// Memory that calls take again, of so many rows at once as systems are solved together.
  class Workspace {
    friend class RowSolver;
    // A row's events: y_n and what is left of t_n, or √w_n times both.
    struct Events {
      ChosenRows y;
      std::vector<float> residuals;
      std::vector<float> scaled;
      std::vector<std::uint32_t> places;
    };
    std::vector<Events> events_;
    std::vector<float> products_;
    AlignedVector<float> lefts_, rights_, scratch_;
  };

  /// `y` is borrowed. `gram` is G [width × width], or empty if α is 0; it is taken over.
  RowSolver(MatrixView<const float> y, Matrix<float> gram, double unobserved, std::size_t block);

  /// Goes over all blocks of each row once, from where x stands.
  /// Errors   not_finite, if a system is not positive definite
  void sweep(std::span<const Row> rows, Workspace& workspace) const;
  /// The minimum itself, to rounding, as a function of the row alone: at once; or, where vectors are wider than
  /// kExactWidth and blocks narrower, by sweeps from c until none moves x any more, and at once after all, if
  /// kMostSweeps do not get there.
  /// Cost     of a row: events · width² + width³ / 3 multiplications, or those of a few sweeps, or of both
  /// Errors   as sweep
  void solve(std::span<const Row> rows, Workspace& workspace) const;

  /// Bytes of a workspace for vectors of a width, but for what the rows' events take.
  static std::uint64_t workspace_memory(std::size_t width);

  /// A⁻¹ y, with A the matrix of the system that solve() solves: the minimum is A⁻¹ (Σ_n w_n t_n y_n + reg · c), so
  /// that event n adds w_n t_n y_n·reach(y) to its product with y, and c reg · c·reach(y). In double.
  /// Cost     events · width² + width³ / 3 operations
  std::vector<double> reach(const Row& row, std::span<const float> y) const;

  static constexpr std::size_t kExactWidth = 1024;
  /// Wider systems are solved one by one: together they would not stay in the cache.
  static constexpr std::size_t kWidestTogether = 128;
  /// About as much work as a solution at once, of rows of 100 events that are a little wider than that.
  static constexpr int kMostSweeps = 40;

 private:
  std::size_t width() const { return y_.cols; }
  void gather(const Row& row, Workspace::Events& events) const;
  // The system of a row's block of coordinates.
  void state(const Row& row, const Workspace::Events& events, std::size_t begin, MatrixView<float> left,
             std::span<float> right) const;
  // Moves the rows' x by the steps of one block, and returns the steps' squared length.
  double step(std::span<const Row> rows, std::size_t begin, std::size_t block, Workspace& workspace) const;
  double sweep_blocks(std::span<const Row> rows, std::size_t block, Workspace& workspace) const;
  double sweep_group(std::span<const Row> rows, std::size_t block, Workspace& workspace) const;
  void subtract_products(Workspace::Events& events, std::size_t begin, std::span<const float> x,
                         Workspace& workspace) const;

  MatrixView<const float> y_;
  Matrix<float> gram_;  // α G
  std::vector<std::uint32_t> all_;
  std::size_t block_;
};

}  // namespace gusto
