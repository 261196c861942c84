#include "gusto/base/solve_kernels.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kRows = 30;
constexpr std::size_t kStride = 176;

Matrix<float> random_matrix(std::size_t rows, std::size_t cols) {
  Matrix<float> matrix(rows, cols);
  Random random(rows * cols, "solve kernels test");
  for (float& x : matrix.values()) x = static_cast<float>(random.normal());
  return matrix;
}

struct Chosen {
  Matrix<float> rows = random_matrix(kRows, kStride);
  std::vector<std::uint32_t> indexes;
  std::vector<float> weights;

  explicit Chosen(std::size_t count) {
    Random random(count, "chosen rows");
    for (std::size_t n = 0; n < count; ++n) {
      indexes.push_back(static_cast<std::uint32_t>(random.below(kRows)));
      weights.push_back(static_cast<float>(random.normal()));
    }
  }
  ChosenRows view(std::size_t column) const { return {rows.values().data(), kStride, indexes, column}; }
  double at(std::size_t n, std::size_t column) const { return rows(indexes[n], column); }
};

TEST(AddNormalEquations, AddsTheSumsInDouble) {
  for (const std::size_t width : {16u, 32u, 48u, 64u, 160u}) {
    for (const std::size_t count : {0u, 1u, 7u, 64u, 200u}) {
      for (const std::size_t column : {0u, 16u}) {
        const Chosen chosen(count);
        Matrix<float> left(width, width);
        std::vector<float> right(width, 2.0F);
        left.fill(3);
        add_normal_equations(chosen.view(column), chosen.weights, left.view(), right);
        for (std::size_t r = 0; r < width; ++r) {
          double target = 2;
          for (std::size_t n = 0; n < count; ++n) {
            target += static_cast<double>(chosen.weights[n]) * chosen.at(n, column + r);
          }
          EXPECT_NEAR(right[r], target, 1e-4);
          for (std::size_t c = r; c < width; ++c) {
            double product = 3;
            for (std::size_t n = 0; n < count; ++n) product += chosen.at(n, column + r) * chosen.at(n, column + c);
            ASSERT_NEAR(left(r, c), product, 1e-5 * (10 + std::abs(product)))
                << width << " " << count << ", " << r << " " << c;
          }
        }
      }
    }
  }
}

TEST(AddRowProducts, AddsTheProductsInDouble) {
  const Chosen chosen(50);
  for (const std::size_t width : {16u, 64u, 144u}) {
    const Matrix<float> x = random_matrix(1, width);
    std::vector<float> out(50, 1.0F);
    add_row_products(chosen.view(32), x.values(), out);
    for (std::size_t n = 0; n < out.size(); ++n) {
      double product = 1;
      for (std::size_t c = 0; c < width; ++c) product += chosen.at(n, 32 + c) * static_cast<double>(x(0, c));
      EXPECT_NEAR(out[n], product, 1e-4);
    }
  }
}

TEST(SolveUpper, EqualsTheSolutionInDouble) {
  for (const std::size_t width : {16u, 32u, 64u, 80u, 256u}) {
    const Matrix<float> y = random_matrix(2 * width, width);
    Matrix<float> a(width, width);
    gemm(Transpose::yes, Transpose::no, 1, y.view(), y.view(), 0, a.view());
    for (std::size_t r = 0; r < width; ++r) a(r, r) += 1;
    Matrix<double> wide(width, width);
    std::copy(a.values().begin(), a.values().end(), wide.values().begin());
    std::vector<float> b(y.row(0).begin(), y.row(0).end());
    std::vector<double> expected(b.begin(), b.end());
    solve_spd(wide.view(), expected);
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t c = 0; c < r; ++c) a(r, c) = 1e30F;  // must not be read
    }
    ASSERT_TRUE(solve_upper(a.view(), b));
    for (std::size_t r = 0; r < width; ++r) EXPECT_NEAR(b[r], expected[r], 1e-4) << width << " " << r;
  }
}

TEST(SolveUpper, TellsWhatIsNotPositiveDefinite) {
  Matrix<float> a(16, 16);
  std::vector<float> b(16, 1.0F);
  for (std::size_t r = 0; r < 16; ++r) a(r, r) = r == 9 ? -1.0F : 1.0F;
  EXPECT_FALSE(solve_upper(a.view(), b));
}

}  // namespace
}  // namespace gusto
