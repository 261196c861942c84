#include "gusto/base/spd_inverse.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

/// BᵀB + I/4 of a random B, with its upper triangle spoilt, since only the lower one may be read.
Matrix<float> positive_matrix(std::size_t n) {
  Matrix<float> b(n + 7, n);
  Random random(n, "inverse test");
  for (float& x : b.values()) x = static_cast<float>(random.normal() / std::sqrt(static_cast<double>(n)));
  Matrix<float> a(n, n);
  gemm(Transpose::yes, Transpose::no, 1, b.view(), b.view(), 0, a.view());
  for (std::size_t r = 0; r < n; ++r) {
    a(r, r) += 0.25F;
    for (std::size_t c = r + 1; c < n; ++c) a(r, c) = 99;
  }
  return a;
}

/// The inverse in double precision, column by column.
Matrix<double> plain_inverse(const Matrix<float>& a) {
  const std::size_t n = a.rows();
  Matrix<double> wide(n, n);
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c <= r; ++c) wide(r, c) = wide(c, r) = static_cast<double>(a(r, c));
  }
  Matrix<double> inverse(n, n);
  for (std::size_t c = 0; c < n; ++c) {
    inverse(c, c) = 1;
    solve_spd(wide.view(), inverse.row(c));
  }
  return inverse;
}

TEST(InvertSpd, EqualsTheInverseInDouble) {
  Context context({.threads = 2});
  for (const std::size_t n : {1U, 2U, 17U, 128U, 133U}) {
    Matrix<float> a = positive_matrix(n);
    const Matrix<double> expected = plain_inverse(a);
    invert_spd(context, a.view(), "test");
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < n; ++c) ASSERT_NEAR(a(r, c), expected(r, c), 2e-5) << n << ": " << r << ", " << c;
    }
  }
}

TEST(InvertSpd, TimesTheMatrixIsOne) {
  constexpr std::size_t kSize = 1200;  // several tasks, each of several blocks, and a part of one
  Matrix<float> a = positive_matrix(kSize);
  Matrix<float> full = a;
  for (std::size_t r = 0; r < kSize; ++r) {
    for (std::size_t c = 0; c < r; ++c) full(c, r) = a(r, c);
  }
  Context context({.threads = 2});
  invert_spd(context, a.view(), "test");
  Matrix<float> product(kSize, kSize);
  gemm(Transpose::no, Transpose::no, 1, full.view(), a.view(), 0, product.view());
  for (std::size_t r = 0; r < kSize; ++r) {
    for (std::size_t c = 0; c < kSize; ++c) ASSERT_NEAR(product(r, c), r == c ? 1 : 0, 1e-4) << r << ", " << c;
  }
}

TEST(InvertSpd, HasTheSameBitsAtAnyNumberOfThreads) {
  Matrix<float> once = positive_matrix(700);
  Matrix<float> again = once;
  Context one({.threads = 1});
  Context seven({.threads = 7});
  invert_spd(one, once.view(), "test");
  invert_spd(seven, again.view(), "test");
  EXPECT_TRUE(std::equal(once.values().begin(), once.values().end(), again.values().begin()));
}

TEST(InvertSpd, WorksWithinALargerMatrix) {
  const Matrix<float> a = positive_matrix(200);
  Matrix<float> tight = a;
  Matrix<float> wide(200, 311);
  for (std::size_t r = 0; r < 200; ++r) std::copy(a.row(r).begin(), a.row(r).end(), wide.row(r).begin());
  Context context({.threads = 1});
  invert_spd(context, tight.view(), "test");
  invert_spd(context, {wide.values().data(), 200, 200, 311}, "test");
  for (std::size_t r = 0; r < 200; ++r) {
    for (std::size_t c = 0; c < 200; ++c) ASSERT_NEAR(wide(r, c), tight(r, c), 1e-5);
    for (std::size_t c = 200; c < 311; ++c) ASSERT_EQ(wide(r, c), 0);
  }
}

TEST(InvertSpd, RefusesWhatIsNotPositiveDefinite) {
  Context context({.threads = 1});
  Matrix<float> a = positive_matrix(300);
  a(290, 290) = -1;
  EXPECT_EQ(test::code_of([&] { invert_spd(context, a.view(), "test"); }), ErrorCode::not_finite);
}

TEST(InvertSpd, StopsWhenAsked) {
  CancelToken cancel;
  Context context({.threads = 1, .cancel = &cancel, .progress = [&](const ProgressEvent&) { cancel.cancel(); }});
  Matrix<float> a = positive_matrix(300);
  EXPECT_EQ(test::code_of([&] { invert_spd(context, a.view(), "test"); }), ErrorCode::canceled);
}

}  // namespace
}  // namespace gusto
