#include "gusto/base/linalg.h"

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

Matrix<float> random_matrix(std::size_t rows, std::size_t cols, std::uint64_t key) {
  Matrix<float> a(rows, cols);
  Random random(key, "linalg test");
  for (float& x : a.values()) x = static_cast<float>(random.normal());
  return a;
}

TEST(Gram, HasTheSameBitsAtAnyNumberOfThreads) {
  const Matrix<float> a = random_matrix(10000, 24, 4);
  Context one({.threads = 1});
  Context seven({.threads = 7});
  const Matrix<float> g = gram(one, a.view());
  const Matrix<float> h = gram(seven, a.view());
  EXPECT_TRUE(std::equal(g.values().begin(), g.values().end(), h.values().begin()));
}

TEST(Cholesky, SolvesWithTheWholeAndWithItsUpperHalf) {
  constexpr std::size_t kSize = 5;
  const Matrix<float> rows = random_matrix(8, kSize, 6);
  Matrix<double> a(kSize, kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) {
      for (std::size_t r = 0; r < 8; ++r) a(i, j) += static_cast<double>(rows(r, i)) * static_cast<double>(rows(r, j));
    }
  }
  const Cholesky factor(a.view());
  const std::vector<double> b{1, -2, 3, 0, 0.5};
  std::vector<double> x = b;
  factor.solve(x);
  for (std::size_t i = 0; i < kSize; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < kSize; ++j) sum += a(i, j) * x[j];
    EXPECT_NEAR(sum, b[i], 1e-9);
  }
  // With Lᵀ y = b, yᵀ A y = ‖b‖².
  std::vector<double> y = b;
  factor.solve_upper(y);
  double length = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) length += y[i] * a(i, j) * y[j];
  }
  EXPECT_NEAR(length, 1 + 4 + 9 + 0.25, 1e-9);
}

TEST(SolveSpd, SolvesAndRefuses) {
  Matrix<double> a(2, 2);
  a(0, 0) = 4;
  a(0, 1) = a(1, 0) = 1;
  a(1, 1) = 3;
  std::vector<double> b = {1, 2};
  solve_spd(a.view(), b);
  EXPECT_NEAR(b[0], 1.0 / 11, 1e-12);
  EXPECT_NEAR(b[1], 7.0 / 11, 1e-12);
  a(0, 0) = -1;
  EXPECT_THROW(solve_spd(a.view(), b), Error);
}

TEST(Orthonormalize, MakesABasisAndZeroesTheRest) {
  Matrix<float> a = random_matrix(3000, 6, 5);
  for (std::size_t r = 0; r < a.rows(); ++r) a(r, 5) = a(r, 0) - 2 * a(r, 1);  // rank 5
  Context context({.threads = 2});
  orthonormalize(context, a.view());
  const Matrix<float> g = gram(context, a.view());
  double trace = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    trace += static_cast<double>(g(i, i));
    for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(g(i, j), i == j && g(i, i) > 0.5f ? 1 : 0, 1e-4);
  }
  EXPECT_NEAR(trace, 5, 1e-3);
}

TEST(SymmetricEigen, OrdersFromTheLargest) {
  Matrix<double> a(2, 2);
  a(0, 0) = a(1, 1) = 2;
  a(0, 1) = a(1, 0) = 1;
  const EigenPairs pairs = symmetric_eigen(a.view());
  EXPECT_NEAR(pairs.values[0], 3, 1e-12);
  EXPECT_NEAR(pairs.values[1], 1, 1e-12);
  EXPECT_NEAR(pairs.vectors(0, 0), pairs.vectors(1, 0), 1e-12);
}

TEST(Gram, SumsUpFewPartsHoweverManyTheRows) {
  constexpr std::uint64_t kSquare = 64 * 64 * sizeof(float);
  EXPECT_LT(gram_memory(100'000'000, 64), 66 * kSquare);
  EXPECT_LT(gram_memory(2048, 64), 3 * kSquare);
  const Matrix<float> a = random_matrix(64 * 2048 + 999, 3, 5);
  Context context({.threads = 2});
  const Matrix<float> g = gram(context, a.view());
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (std::size_t r = 0; r < a.rows(); ++r) sum += static_cast<double>(a(r, i)) * static_cast<double>(a(r, j));
      EXPECT_NEAR(g(i, j), sum, 1e-6 * static_cast<double>(a.rows()));
    }
  }
}

}  // namespace
}  // namespace gusto
