#include "gusto/base/solve_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"

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
  test::on_each_cpu_level([] {
    for (const std::size_t width : {16u, 32u, 48u, 64u, 80u, 160u}) {
      for (const std::size_t count : {0u, 1u, 7u, 64u, 129u, 300u}) {
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
            ASSERT_NEAR(right[r], target, 1e-4);
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
  });
}

TEST(AddRowProducts, AddsTheProductsInDouble) {
  const Chosen chosen(50);
  test::on_each_cpu_level([&] {
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
  });
}

/// Systems A x = b, each with its solution in double; what lies below A's diagonal must not be read.
struct SystemsInDouble {
  Matrix<float> lefts, rights;
  Matrix<double> solutions;

  SystemsInDouble(std::size_t count, std::size_t width)
      : lefts(count * width, width), rights(count, width), solutions(count, width) {
    for (std::size_t s = 0; s < count; ++s) {
      Random random(s * 1000 + width, "systems in double");
      Matrix<double> y(2 * width, width), a(width, width);
      for (double& value : y.values()) value = random.normal();
      for (std::size_t r = 0; r < width; ++r) {
        for (std::size_t c = 0; c < width; ++c) {
          double sum = r == c ? 1 : 0;
          for (std::size_t n = 0; n < y.rows(); ++n) sum += y(n, r) * y(n, c);
          lefts(s * width + r, c) = c < r ? 1e30F : static_cast<float>(sum);
          a(r, c) = static_cast<float>(sum);
        }
        rights(s, r) = static_cast<float>(random.normal());
        solutions(s, r) = rights(s, r);
      }
      solve_spd(a.view(), solutions.row(s));
    }
  }
};

TEST(SolveUpper, EqualsTheSolutionInDouble) {
  for (const std::size_t width : {16u, 32u, 64u, 80u, 256u}) {
    const SystemsInDouble systems(1, width);
    test::on_each_cpu_level([&] {
      Matrix<float> a = systems.lefts;
      std::vector<float> b(systems.rights.values().begin(), systems.rights.values().end());
      ASSERT_TRUE(solve_upper(a.view(), b));
      for (std::size_t r = 0; r < width; ++r) EXPECT_NEAR(b[r], systems.solutions(0, r), 1e-5) << width << " " << r;
    });
  }
}

TEST(SolveUpper, TellsWhatIsNotPositiveDefinite) {
  Matrix<float> a(16, 16);
  std::vector<float> b(16, 1.0F);
  for (std::size_t r = 0; r < 16; ++r) a(r, r) = r == 9 ? -1.0F : 1.0F;
  EXPECT_FALSE(solve_upper(a.view(), b));
}

TEST(SolveTogether, EqualsTheSolutionsInDouble) {
  for (const std::size_t width : {16u, 32u, 48u, 64u, 80u, 128u}) {
    const SystemsInDouble systems(kMostTogether, width);
    AlignedVector<float> scratch(together_floats(width));
    test::on_each_cpu_level([&] {
      for (std::size_t count = 1; count <= systems_together(); ++count) {
        Matrix<float> x = resized(systems.rights, count, width);
        ASSERT_TRUE(solve_together(systems.lefts.view(), x.view(), scratch));
        for (std::size_t s = 0; s < count; ++s) {
          for (std::size_t r = 0; r < width; ++r) ASSERT_NEAR(x(s, r), systems.solutions(s, r), 1e-5) << width;
        }
      }
    });
  }
}

TEST(SolveTogether, GivesASystemTheSameBitsInAnyCompany) {
  constexpr std::size_t kWidth = 48;
  const SystemsInDouble systems(kMostTogether, kWidth);
  AlignedVector<float> scratch(together_floats(kWidth));
  test::on_each_cpu_level([&] {
    Matrix<float> together = resized(systems.rights, systems_together(), kWidth);
    ASSERT_TRUE(solve_together(systems.lefts.view(), together.view(), scratch));
    for (std::size_t s = 0; s < together.rows(); ++s) {
      Matrix<float> alone(1, kWidth);
      std::copy(systems.rights.row(s).begin(), systems.rights.row(s).end(), alone.row(0).begin());
      ASSERT_TRUE(solve_together(systems.lefts.view().slice(s * kWidth, (s + 1) * kWidth), alone.view(), scratch));
      EXPECT_TRUE(std::equal(alone.row(0).begin(), alone.row(0).end(), together.row(s).begin())) << s;
    }
  });
}

TEST(SolveTogether, TellsOfOneThatIsNotPositiveDefinite) {
  constexpr std::size_t kWidth = 16;
  test::on_each_cpu_level([] {
    const std::size_t count = systems_together();
    AlignedVector<float> scratch(together_floats(kWidth));
    for (const float pivot : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()}) {
      Matrix<float> lefts(count * kWidth, kWidth), rights(count, kWidth);
      for (std::size_t r = 0; r < lefts.rows(); ++r) lefts(r, r % kWidth) = 1;
      EXPECT_TRUE(solve_together(std::as_const(lefts).view(), rights.view(), scratch));
      lefts((count - 1) * kWidth + 9, 9) = pivot;
      EXPECT_FALSE(solve_together(std::as_const(lefts).view(), rights.view(), scratch)) << pivot;
    }
  });
}

}  // namespace
}  // namespace gusto
