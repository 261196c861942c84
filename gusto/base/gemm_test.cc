#include "gusto/base/gemm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"

namespace gusto {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Transpose kBoth[] = {Transpose::no, Transpose::yes};

/// A matrix somewhere inside other numbers, all NaN: who reads them spoils the product.
class Inside {
 public:
  Inside(std::size_t rows, std::size_t cols, std::size_t padding, std::uint64_t key)
      : rows_(rows), cols_(cols), stride_(cols + padding), values_(padding + rows * stride_, kNan), first_(padding) {
    Random random(key, "gemm test");
    for (std::size_t r = 0; r < rows; ++r) {
      for (float& x : view().row(r)) x = static_cast<float>(random.normal());
    }
  }
  MatrixView<float> view() { return {values_.data() + first_, rows_, cols_, stride_}; }
  /// Whether the numbers around are as they were.
  bool untouched_around() const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const bool inside = i >= first_ && (i - first_) % stride_ < cols_;
      if (!inside && !std::isnan(values_[i])) return false;
    }
    return true;
  }

 private:
  std::size_t rows_, cols_, stride_;
  std::vector<float> values_;
  std::size_t first_;
};

Inside factor(Transpose op, std::size_t rows, std::size_t cols, std::size_t padding, std::uint64_t key) {
  return op == Transpose::yes ? Inside(cols, rows, padding, key) : Inside(rows, cols, padding, key);
}

double at(Transpose op, MatrixView<const float> a, std::size_t r, std::size_t c) {
  return static_cast<double>(op == Transpose::yes ? a(c, r) : a(r, c));
}

struct Case {
  Transpose a_op = Transpose::no, b_op = Transpose::no;
  std::size_t m = 0, n = 0, k = 0;
  float alpha = 1, beta = 0;
  std::size_t padding = 0;
};

/// Multiplies at every level, and compares each element with the sum in double precision: k roundings of sums no larger
/// than that of absolute values, and a few more.
void check(const Case& x) {
  SCOPED_TRACE(testing::Message() << x.m << " × " << x.n << " × " << x.k << (x.a_op == Transpose::yes ? " T" : " N")
                                  << (x.b_op == Transpose::yes ? "T" : "N"));
  Inside a = factor(x.a_op, x.m, x.k, x.padding, 1), b = factor(x.b_op, x.k, x.n, x.padding, 2);
  Inside before(x.m, x.n, x.padding, 3);
  Matrix<double> sums(x.m, x.n), bounds(x.m, x.n);
  for (std::size_t i = 0; i < x.m; ++i) {
    for (std::size_t j = 0; j < x.n; ++j) {
      double sum = static_cast<double>(x.beta) * static_cast<double>(before.view()(i, j));
      double absolute = std::abs(sum);
      for (std::size_t p = 0; p < x.k; ++p) {
        const double product = static_cast<double>(x.alpha) * at(x.a_op, a.view(), i, p) * at(x.b_op, b.view(), p, j);
        sum += product;
        absolute += std::abs(product);
      }
      sums(i, j) = sum;
      bounds(i, j) = 0x1p-24 * static_cast<double>(x.k + 4) * absolute;
    }
  }
  test::on_each_cpu_level([&] {
    Inside c(x.m, x.n, x.padding, 3);
    if (x.beta == 0 && x.m * x.n > 0) c.view()(x.m / 2, x.n / 2) = kNan;  // not to be read
    gemm(x.a_op, x.b_op, x.alpha, a.view(), b.view(), x.beta, c.view());
    for (std::size_t i = 0; i < x.m; ++i) {
      for (std::size_t j = 0; j < x.n; ++j) {
        ASSERT_LE(std::abs(static_cast<double>(c.view()(i, j)) - sums(i, j)), bounds(i, j)) << "at " << i << ", " << j;
      }
    }
    EXPECT_TRUE(c.untouched_around());
  });
}

template <class Action>
void in_every_form(const Action& action) {
  for (const Transpose a_op : kBoth) {
    for (const Transpose b_op : kBoth) action(a_op, b_op);
  }
}

TEST(Gemm, IsCloseToTheProductInDoubleForAllSmallShapes) {
  const std::size_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 20};
  for (const std::size_t m : sizes) {
    for (const std::size_t n : sizes) {
      for (const std::size_t k : sizes) {
        in_every_form([&](Transpose a_op, Transpose b_op) {
          check({.a_op = a_op, .b_op = b_op, .m = m, .n = n, .k = k, .padding = (m + n + k) % 4});
        });
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(Gemm, IsCloseToTheProductInDoubleAroundTheEdgesOfBlocks) {
  const Case shapes[] = {
      {.m = 143, .n = 31, .k = 255}, {.m = 145, .n = 33, .k = 257}, {.m = 150, .n = 17, .k = 300},
      {.m = 13, .n = 511, .k = 40},  {.m = 25, .n = 513, .k = 257}, {.m = 12, .n = 1030, .k = 9},
      {.m = 1, .n = 1030, .k = 600}, {.m = 1100, .n = 1, .k = 258}, {.m = 300, .n = 3, .k = 270},
      {.m = 3, .n = 300, .k = 17},   {.m = 64, .n = 24, .k = 1024}, {.m = 1024, .n = 24, .k = 33},
      {.m = 7, .n = 2, .k = 2000},   {.m = 290, .n = 48, .k = 0},
  };
  for (Case shape : shapes) {
    in_every_form([&](Transpose a_op, Transpose b_op) {
      shape.a_op = a_op;
      shape.b_op = b_op;
      shape.padding = shape.padding == 0 ? 3 : 0;
      check(shape);
    });
  }
}

TEST(Gemm, ScalesTheProductAndWhatWasThere) {
  for (const float alpha : {0.0F, 1.0F, -1.0F, 0.3F}) {
    for (const float beta : {0.0F, 1.0F, -2.0F, 0.7F}) {
      for (const auto& [m, n, k] : {std::array<std::size_t, 3>{19, 37, 41}, {1, 37, 300}, {37, 1, 300}, {13, 9, 520}}) {
        in_every_form([&, m = m, n = n, k = k](Transpose a_op, Transpose b_op) {
          check({a_op, b_op, m, n, k, alpha, beta, 1});
        });
      }
    }
  }
}

TEST(Gemm, HasTheSameBitsHoweverItIsCutAndTransposed) {
  constexpr std::size_t kRows = 161, kColumns = 70, kInner = 300;
  test::on_each_cpu_level([&] {
    std::vector<float> first;
    in_every_form([&](Transpose a_op, Transpose b_op) {
      // The same numbers in every form.
      Inside a = factor(a_op, kRows, kInner, 0, 1), b = factor(b_op, kInner, kColumns, 0, 2);
      const auto fill = [](Transpose op, MatrixView<float> to, std::size_t rows, std::size_t cols) {
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t c = 0; c < cols; ++c) {
            (op == Transpose::yes ? to(c, r) : to(r, c)) = std::sin(static_cast<float>(r * 31 + c * 7 + rows));
          }
        }
      };
      fill(a_op, a.view(), kRows, kInner);
      fill(b_op, b.view(), kInner, kColumns);
      const auto rows_of = [](Transpose op, MatrixView<float> x, std::size_t begin, std::size_t end) {
        return op == Transpose::no ? x.slice(begin, end)
                                   : MatrixView<float>(x.data + begin, x.rows, end - begin, x.stride);
      };
      const auto columns_of = [&](Transpose op, MatrixView<float> x, std::size_t begin, std::size_t end) {
        return rows_of(op == Transpose::no ? Transpose::yes : Transpose::no, x, begin, end);
      };
      for (const auto& [rows, columns] : {std::array<std::size_t, 2>{kRows, kColumns},
                                          {1, kColumns},
                                          {kRows, 1},
                                          {7, 33},
                                          {40, 3},
                                          {2, 16},
                                          {1, 1}}) {
        Matrix<float> c(kRows, kColumns);
        for (std::size_t r = 0; r < kRows; r += rows) {
          for (std::size_t s = 0; s < kColumns; s += columns) {
            const std::size_t r_end = std::min(r + rows, kRows), s_end = std::min(s + columns, kColumns);
            gemm(a_op, b_op, 0.7F, rows_of(a_op, a.view(), r, r_end), columns_of(b_op, b.view(), s, s_end), 0,
                 columns_of(Transpose::no, c.view().slice(r, r_end), s, s_end));
          }
        }
        if (first.empty()) first.assign(c.values().begin(), c.values().end());
        EXPECT_EQ(std::memcmp(first.data(), c.values().data(), first.size() * sizeof(float)), 0)
            << "cut into " << rows << " × " << columns;
      }
    });
  });
}

TEST(Gemm, PassesOnNanAndInfinity) {
  test::on_each_cpu_level([] {
    for (const auto& [m, n, k] : {std::array<std::size_t, 3>{9, 20, 5}, {1, 20, 9}, {40, 1, 9}, {20, 3, 300}}) {
      in_every_form([&, m = m, n = n, k = k](Transpose a_op, Transpose b_op) {
        for (const float odd : {kNan, kInfinity, -kInfinity}) {
          Inside a = factor(a_op, m, k, 2, 1), b = factor(b_op, k, n, 2, 2), c(m, n, 2, 3);
          const std::size_t row = m / 2, p = k - 1;
          (a_op == Transpose::yes ? a.view()(p, row) : a.view()(row, p)) = odd;
          gemm(a_op, b_op, 1, a.view(), b.view(), 1, c.view());
          for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
              if (i != row) {
                EXPECT_TRUE(std::isfinite(c.view()(i, j)));
              } else if (std::isnan(odd)) {
                EXPECT_TRUE(std::isnan(c.view()(i, j)));
              } else {
                const double other = at(b_op, b.view(), p, j);
                EXPECT_EQ(c.view()(i, j), other > 0 ? odd : -odd);
              }
            }
          }
          // alpha = 0 is no exception: 0 · NaN and 0 · ∞ are NaN.
          gemm(a_op, b_op, 0, a.view(), b.view(), 0, c.view());
          for (std::size_t j = 0; j < n; ++j) EXPECT_TRUE(std::isnan(c.view()(row, j)));
        }
      });
    }
  });
}

TEST(Gemm, NamesShapesThatDoNotFit) {
  Matrix<float> a(2, 3), b(4, 5), c(2, 5);
  EXPECT_THROW(gemm(Transpose::no, Transpose::no, 1, a.view(), b.view(), 0, c.view()), Error);
}

TEST(Gemm, StartsNoThreads) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  const auto before = count();
  const Matrix<float> a(512, 512);
  Matrix<float> c(512, 512);
  gemm(Transpose::no, Transpose::yes, 1, a.view(), a.view(), 0, c.view());
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace gusto
