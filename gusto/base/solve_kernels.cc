#include "gusto/base/solve_kernels.h"

#include <algorithm>
#include <cmath>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/base/solve_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using StripTag = hn::CappedTag<float, kStrip>;  // widths are multiples of a strip

// Rows are copied side by side, so many that they stay in the first-level cache while all tiles read them.
constexpr std::size_t kPackedFloats = 8192;
constexpr std::size_t kMostPacked = 64;
// Rows this far ahead are fetched while one is copied.
constexpr std::size_t kAhead = 8;

// A tile of left: 8 rows from `row` on, one vector of columns from `column` on.
template <class D>
HWY_INLINE void AddTile(D d, const float* HWY_RESTRICT packed, std::size_t count, std::size_t width, std::size_t row,
                        std::size_t column, float* HWY_RESTRICT left, std::size_t stride) {
  float* HWY_RESTRICT out = left + row * stride + column;
  auto s0 = hn::LoadU(d, out);
  auto s1 = hn::LoadU(d, out + stride);
  auto s2 = hn::LoadU(d, out + 2 * stride);
  auto s3 = hn::LoadU(d, out + 3 * stride);
  auto s4 = hn::LoadU(d, out + 4 * stride);
  auto s5 = hn::LoadU(d, out + 5 * stride);
  auto s6 = hn::LoadU(d, out + 6 * stride);
  auto s7 = hn::LoadU(d, out + 7 * stride);
  for (std::size_t n = 0; n < count; ++n) {
    const float* HWY_RESTRICT y = packed + n * width;
    const float* HWY_RESTRICT a = y + row;
    const auto b = hn::Load(d, y + column);
    s0 = hn::MulAdd(hn::Set(d, a[0]), b, s0);
    s1 = hn::MulAdd(hn::Set(d, a[1]), b, s1);
    s2 = hn::MulAdd(hn::Set(d, a[2]), b, s2);
    s3 = hn::MulAdd(hn::Set(d, a[3]), b, s3);
    s4 = hn::MulAdd(hn::Set(d, a[4]), b, s4);
    s5 = hn::MulAdd(hn::Set(d, a[5]), b, s5);
    s6 = hn::MulAdd(hn::Set(d, a[6]), b, s6);
    s7 = hn::MulAdd(hn::Set(d, a[7]), b, s7);
  }
  hn::StoreU(s0, d, out);
  hn::StoreU(s1, d, out + stride);
  hn::StoreU(s2, d, out + 2 * stride);
  hn::StoreU(s3, d, out + 3 * stride);
  hn::StoreU(s4, d, out + 4 * stride);
  hn::StoreU(s5, d, out + 5 * stride);
  hn::StoreU(s6, d, out + 6 * stride);
  hn::StoreU(s7, d, out + 7 * stride);
}

void AddNormalEquations(const ChosenRows& y, const float* HWY_RESTRICT weights, std::size_t width,
                        float* HWY_RESTRICT left, std::size_t stride, float* HWY_RESTRICT right) {
  const StripTag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t chunk = std::clamp<std::size_t>(kPackedFloats / width, 1, kMostPacked);
  const std::size_t total = y.indexes.size();
  HWY_ALIGN float packed[kPackedFloats];
  for (std::size_t begin = 0; begin < total; begin += chunk) {
    const std::size_t count = std::min(chunk, total - begin);
    for (std::size_t n = 0; n < count; ++n) {
      if (begin + n + kAhead < total) {
        const float* next = y.rows + y.indexes[begin + n + kAhead] * y.stride + y.column;
        for (std::size_t c = 0; c < width; c += kStrip) __builtin_prefetch(next + c);
      }
      const float* HWY_RESTRICT from = y.rows + y.indexes[begin + n] * y.stride + y.column;
      const auto weight = hn::Set(d, weights[begin + n]);
      for (std::size_t c = 0; c < width; c += lanes) {
        const auto values = hn::LoadU(d, from + c);
        hn::Store(values, d, packed + n * width + c);
        hn::StoreU(hn::MulAdd(weight, values, hn::LoadU(d, right + c)), d, right + c);
      }
    }
    for (std::size_t row = 0; row < width; row += 8) {
      for (std::size_t column = row / lanes * lanes; column < width; column += lanes) {
        AddTile(d, packed, count, width, row, column, left, stride);
      }
    }
  }
}

void AddRowProducts(const ChosenRows& y, const float* HWY_RESTRICT x, std::size_t width, float* HWY_RESTRICT out) {
  const StripTag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t total = y.indexes.size();
  for (std::size_t n = 0; n < total; ++n) {
    if (n + kAhead < total) {
      const float* next = y.rows + y.indexes[n + kAhead] * y.stride + y.column;
      for (std::size_t c = 0; c < width; c += kStrip) __builtin_prefetch(next + c);
    }
    const float* HWY_RESTRICT row = y.rows + y.indexes[n] * y.stride + y.column;
    auto sum = hn::Zero(d);
    for (std::size_t c = 0; c < width; c += lanes) sum = hn::MulAdd(hn::LoadU(d, row + c), hn::LoadU(d, x + c), sum);
    out[n] += hn::GetLane(hn::SumOfLanes(d, sum));
  }
}

// target[c] −= factor · row[c] for c in [begin, end), end a multiple of the lanes.
template <class D>
HWY_INLINE void SubtractRow(D d, float factor, const float* HWY_RESTRICT row, float* HWY_RESTRICT target,
                            std::size_t begin, std::size_t end) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = begin;
  for (; c < end && c % lanes != 0; ++c) target[c] -= factor * row[c];
  const auto f = hn::Set(d, factor);
  for (; c < end; c += lanes)
    hn::StoreU(hn::NegMulAdd(f, hn::LoadU(d, row + c), hn::LoadU(d, target + c)), d, target + c);
}

// Factors rows [k, k + 4) of a, which all rows before have been taken from, and takes them from b.
template <class D>
HWY_INLINE bool FactorPanel(D d, float* HWY_RESTRICT a, std::size_t stride, std::size_t width, std::size_t k,
                            float* HWY_RESTRICT b) {
  for (std::size_t p = k; p < k + 4; ++p) {
    float* HWY_RESTRICT row = a + p * stride;
    for (std::size_t q = k; q < p; ++q) SubtractRow(d, a[q * stride + p], a + q * stride, row, p, width);
    const float pivot = row[p];
    if (!(pivot > 0)) return false;
    const float scale = 1 / std::sqrt(pivot);
    for (std::size_t c = p; c < width; ++c) row[c] *= scale;
    b[p] *= scale;
    SubtractRow(d, b[p], row, b, p + 1, width);
  }
  return true;
}

// Takes the panel's 4 rows from rows r and r + 1.
template <class D>
HWY_INLINE void SubtractPanel(D d, float* HWY_RESTRICT a, std::size_t stride, std::size_t width, std::size_t k,
                              std::size_t r) {
  const std::size_t lanes = hn::Lanes(d);
  const float* HWY_RESTRICT u0 = a + k * stride;
  const float* HWY_RESTRICT u1 = u0 + stride;
  const float* HWY_RESTRICT u2 = u1 + stride;
  const float* HWY_RESTRICT u3 = u2 + stride;
  float* HWY_RESTRICT upper = a + r * stride;
  float* HWY_RESTRICT lower = upper + stride;
  const auto f0 = hn::Set(d, u0[r]), f1 = hn::Set(d, u1[r]), f2 = hn::Set(d, u2[r]), f3 = hn::Set(d, u3[r]);
  const auto g0 = hn::Set(d, u0[r + 1]), g1 = hn::Set(d, u1[r + 1]), g2 = hn::Set(d, u2[r + 1]),
             g3 = hn::Set(d, u3[r + 1]);
  for (std::size_t c = r / lanes * lanes; c < width; c += lanes) {
    const auto v0 = hn::LoadU(d, u0 + c), v1 = hn::LoadU(d, u1 + c), v2 = hn::LoadU(d, u2 + c),
               v3 = hn::LoadU(d, u3 + c);
    auto x = hn::LoadU(d, upper + c);
    auto y = hn::LoadU(d, lower + c);
    x = hn::NegMulAdd(f0, v0, x);
    y = hn::NegMulAdd(g0, v0, y);
    x = hn::NegMulAdd(f1, v1, x);
    y = hn::NegMulAdd(g1, v1, y);
    x = hn::NegMulAdd(f2, v2, x);
    y = hn::NegMulAdd(g2, v2, y);
    x = hn::NegMulAdd(f3, v3, x);
    y = hn::NegMulAdd(g3, v3, y);
    hn::StoreU(x, d, upper + c);
    hn::StoreU(y, d, lower + c);
  }
}

bool SolveUpper(float* HWY_RESTRICT a, std::size_t stride, std::size_t width, float* HWY_RESTRICT b) {
  const StripTag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t k = 0; k < width; k += 4) {
    if (!FactorPanel(d, a, stride, width, k, b)) return false;
    for (std::size_t r = k + 4; r < width; r += 2) SubtractPanel(d, a, stride, width, k, r);
  }
  for (std::size_t k = width; k-- > 0;) {
    const float* HWY_RESTRICT row = a + k * stride;
    float rest = b[k];
    std::size_t c = k + 1;
    for (; c < width && c % lanes != 0; ++c) rest -= row[c] * b[c];
    auto sum = hn::Zero(d);
    for (; c < width; c += lanes) sum = hn::MulAdd(hn::LoadU(d, row + c), hn::LoadU(d, b + c), sum);
    b[k] = (rest - hn::GetLane(hn::SumOfLanes(d, sum))) / row[k];
  }
  return true;
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(AddNormalEquations);
HWY_EXPORT(AddRowProducts);
HWY_EXPORT(SolveUpper);

void add_normal_equations(const ChosenRows& y, std::span<const float> weights, MatrixView<float> left,
                          std::span<float> right) {
  HWY_DYNAMIC_DISPATCH(AddNormalEquations)(y, weights.data(), right.size(), left.data, left.stride, right.data());
}

void add_row_products(const ChosenRows& y, std::span<const float> x, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(AddRowProducts)(y, x.data(), x.size(), out.data());
}

bool solve_upper(MatrixView<float> a, std::span<float> b) {
  return HWY_DYNAMIC_DISPATCH(SolveUpper)(a.data, a.stride, b.size(), b.data());
}

}  // namespace gusto
#endif
