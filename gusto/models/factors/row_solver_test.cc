#include "gusto/models/factors/row_solver.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"

namespace gusto {
namespace {

/// A row's problem among rows y of which a few directions hold nearly everything, so that coordinates depend on one
/// another.
struct RowProblem {
  static constexpr double kUnobserved = 0.3;
  Matrix<float> y;
  Matrix<float> gram;
  std::vector<std::uint32_t> indexes;
  std::vector<float> targets, center, weights;
  float reg = 0;

  RowProblem(std::size_t rows, std::size_t width, std::size_t events, float reg_) : y(rows, width), reg(reg_) {
    constexpr std::size_t kDirections = 24;
    Random random(7, "row solver test");
    const auto draw = [&](Matrix<float>& matrix) {
      for (float& x : matrix.values()) x = static_cast<float>(random.normal());
    };
    Matrix<float> strengths(rows, kDirections), directions(kDirections, width);
    draw(strengths);
    draw(directions);
    draw(y);
    const float scale = 1 / std::sqrt(static_cast<float>(width));
    gemm(Transpose::no, Transpose::no, scale, strengths.view(), directions.view(), 0.05F * scale, y.view());
    Context context({.threads = 1});
    gram = gusto::gram(context, y.view());
    indexes.resize(events);
    std::iota(indexes.begin(), indexes.end(), 3U);
    targets.resize(events);
    for (float& t : targets) t = static_cast<float>(1 + random.uniform());
    center.resize(width);
    for (float& c : center) c = static_cast<float>(0.1 * random.normal());
  }

  void draw_weights() {
    Random random(8, "row solver test");
    weights.resize(indexes.size());
    for (float& w : weights) w = static_cast<float>(3 * random.uniform());
    weights.front() = 0;
  }
  double weight(std::size_t n) const { return weights.empty() ? 1.0 : static_cast<double>(weights[n]); }

  RowSolver::Row row(std::span<float> x = {}) const { return {indexes, targets, reg, center, weights, x}; }
  RowSolver solver(std::size_t block) const { return {y.view(), gram, kUnobserved, block}; }

  /// The minimum by its normal equations, dense and in double.
  std::vector<double> minimum() const {
    const std::size_t width = y.cols();
    Matrix<double> left(width, width);
    std::vector<double> right(width);
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t c = 0; c < width; ++c) left(r, c) = kUnobserved * static_cast<double>(gram(r, c));
      left(r, r) += static_cast<double>(reg);
      right[r] = static_cast<double>(reg) * static_cast<double>(center[r]);
    }
    for (std::size_t n = 0; n < indexes.size(); ++n) {
      const std::span<const float> of = y.row(indexes[n]);
      for (std::size_t r = 0; r < width; ++r) {
        const double weighed = weight(n) * static_cast<double>(of[r]);
        right[r] += static_cast<double>(targets[n]) * weighed;
        for (std::size_t c = 0; c < width; ++c) left(r, c) += weighed * static_cast<double>(of[c]);
      }
    }
    solve_spd(left.view(), right);
    return right;
  }
};

/// ‖found − expected‖ / ‖expected‖.
double relative_error(std::span<const float> found, std::span<const double> expected) {
  double difference = 0;
  double length = 0;
  for (std::size_t c = 0; c < found.size(); ++c) {
    difference += std::pow(static_cast<double>(found[c]) - expected[c], 2);
    length += expected[c] * expected[c];
  }
  return std::sqrt(difference / length);
}

TEST(RowSolver, SolvesForTheMinimumFromAnywhere) {
  const RowProblem problem(200, 48, 30, 0.5F);
  const std::vector<double> expected = problem.minimum();
  for (const std::size_t block : {16, 32, 48, 64}) {
    const RowSolver solver = problem.solver(block);
    RowSolver::Workspace workspace;
    std::vector<float> x(48, 9.0F);
    solver.solve(std::array{problem.row(x)}, workspace);
    EXPECT_LT(relative_error(x, expected), 1e-4) << block;
  }
}

TEST(RowSolver, WeighsEvents) {
  RowProblem problem(200, 48, 30, 0.5F);
  problem.draw_weights();
  const std::vector<double> expected = problem.minimum();
  for (const std::size_t block : {16, 48}) {
    const RowSolver solver = problem.solver(block);
    RowSolver::Workspace workspace;
    std::vector<float> x(48, 9.0F);
    solver.solve(std::array{problem.row(x)}, workspace);
    EXPECT_LT(relative_error(x, expected), 1e-4) << block;
  }
}

TEST(RowSolver, SweepsApproachTheMinimum) {
  const RowProblem problem(200, 48, 30, 0.5F);
  const std::vector<double> expected = problem.minimum();
  const RowSolver solver = problem.solver(16);
  RowSolver::Workspace workspace;
  std::vector<float> x(48);
  double before = 1;
  for (int n = 0; n < 5; ++n) {
    for (int m = 0; m < 10; ++m) solver.sweep(std::array{problem.row(x)}, workspace);
    const double error = relative_error(x, expected);
    EXPECT_LT(error, before) << n;
    before = error;
  }
}

TEST(RowSolver, ARowDoesNotDependOnThoseSolvedWithIt) {
  constexpr std::size_t kMany = 2 * kMostTogether + 1;
  const RowProblem problem(200, 48, 100, 0.5F);
  const auto row = [&](std::size_t n, std::span<float> x) {
    RowSolver::Row one = problem.row(x);
    one.indexes = one.indexes.first(1 + 3 * n % 100);
    one.targets = one.targets.first(one.indexes.size());
    return one;
  };
  for (const std::size_t block : {16, 48}) {
    const RowSolver solver = problem.solver(block);
    RowSolver::Workspace workspace;
    Matrix<float> together(kMany, 48), alone(kMany, 48);
    std::vector<RowSolver::Row> rows;
    for (std::size_t n = 0; n < kMany; ++n) rows.push_back(row(n, together.row(n)));
    solver.sweep(rows, workspace);
    for (std::size_t n = 0; n < kMany; ++n) solver.sweep(std::array{row(n, alone.row(n))}, workspace);
    EXPECT_TRUE(std::equal(alone.values().begin(), alone.values().end(), together.values().begin())) << block;
  }
}

TEST(RowSolver, WideVectorsAreSolvedForWhereSweepsCreep) {
  constexpr std::size_t kWide = RowSolver::kExactWidth + 16;
  // G has 24 eigenvalues of about 1500, by unobserved 450: the condition number is above 1000.
  const RowProblem problem(1500, kWide, 40, 0.4F);
  const std::vector<double> expected = problem.minimum();
  const RowSolver solver = problem.solver(64);
  RowSolver::Workspace workspace;
  std::vector<float> swept = problem.center;
  for (int n = 0; n < RowSolver::kMostSweeps; ++n) solver.sweep(std::array{problem.row(swept)}, workspace);
  EXPECT_GT(relative_error(swept, expected), 1e-3) << "too easy a problem";
  std::vector<float> solved(kWide);
  solver.solve(std::array{problem.row(solved)}, workspace);
  EXPECT_LT(relative_error(solved, expected), 1e-4);
}

TEST(RowSolver, ReachTellsWhatEachEventAdds) {
  RowProblem problem(200, 48, 30, 0.5F);
  problem.draw_weights();
  const std::span<const float> target = problem.y.row(0);
  const std::vector<double> reach = problem.solver(16).reach(problem.row(), target);
  const auto through = [&](std::span<const float> y) {
    return std::inner_product(reach.begin(), reach.end(), y.begin(), 0.0);
  };
  double sum = static_cast<double>(problem.reg) * through(problem.center);
  for (std::size_t n = 0; n < problem.indexes.size(); ++n) {
    sum += problem.weight(n) * static_cast<double>(problem.targets[n]) * through(problem.y.row(problem.indexes[n]));
  }
  const std::vector<double> minimum = problem.minimum();
  EXPECT_NEAR(sum, std::inner_product(minimum.begin(), minimum.end(), target.begin(), 0.0), 1e-6);
}

}  // namespace
}  // namespace gusto
