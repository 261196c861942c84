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

using StripTag = hn::CappedTag<float, kStrip>;                       // widths are multiples of a strip
constexpr std::size_t kVectors = kStrip / hn::MaxLanes(StripTag());  // that make up a strip

// Rows are copied strip by strip, so many that they stay in the first-level cache while all tiles read them. Within a
// strip they follow one another: reading rows that lie further apart is slower, from the same cache.
constexpr std::size_t kPackedFloats = 8192;
constexpr std::size_t kMostPacked = 128;
// Rows this far ahead are fetched while one is copied.
constexpr std::size_t kAhead = 8;
// Strips that are copied in one pass, as many as their sums leave room for in the registers.
constexpr std::size_t kStripsAtOnce = std::clamp<std::size_t>(8 / kVectors, 1, 4);

// Rows [begin, begin + count) of y, in strips of `room` rows.
struct PackedRows {
  float* numbers;
  std::size_t room;
  std::size_t begin;
  std::size_t count;
  HWY_INLINE float* strip(std::size_t s) const { return numbers + s * room * kStrip; }
};

// Copies strips from `first` on, and adds the rows' weighted sum to theirs of right.
template <std::size_t Strips>
HWY_INLINE void PackStrips(const ChosenRows& y, const float* HWY_RESTRICT weights, std::size_t first,
                           const PackedRows& packed, float* HWY_RESTRICT right) {
  const StripTag d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<StripTag> sums[Strips * kVectors];
  HWY_UNROLL(16)
  for (std::size_t v = 0; v < Strips * kVectors; ++v) sums[v] = hn::LoadU(d, right + first * kStrip + v * lanes);
  const float* HWY_RESTRICT rows = y.rows + y.column + first * kStrip;
  float* HWY_RESTRICT out = packed.strip(first);
  for (std::size_t n = 0; n < packed.count; ++n) {
    if (packed.begin + n + kAhead < y.indexes.size()) {
      const float* next = rows + y.indexes[packed.begin + n + kAhead] * y.stride;
      HWY_UNROLL(4)
      for (std::size_t s = 0; s < Strips; ++s) __builtin_prefetch(next + s * kStrip);
    }
    const float* HWY_RESTRICT from = rows + y.indexes[packed.begin + n] * y.stride;
    const auto weight = hn::Set(d, weights[packed.begin + n]);
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < Strips * kVectors; ++v) {
      const auto values = hn::LoadU(d, from + v * lanes);
      hn::Store(values, d, out + (v / kVectors * packed.room + n) * kStrip + v % kVectors * lanes);
      sums[v] = hn::MulAdd(weight, values, sums[v]);
    }
  }
  HWY_UNROLL(16)
  for (std::size_t v = 0; v < Strips * kVectors; ++v) hn::StoreU(sums[v], d, right + first * kStrip + v * lanes);
}

// Rows of a tile that is so many vectors wide: its sums stay in registers.
constexpr std::size_t TileRows(std::size_t vectors) {
  return hn::MaxLanes(StripTag()) == 16 ? 16 : std::max<std::size_t>(1, 8 / vectors);
}

// out += Σ_n of a tile: the numbers of strip a from its first on, by those of strip b.
template <std::size_t Vectors>
HWY_INLINE void AddTile(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t count,
                        float* HWY_RESTRICT out, std::size_t stride) {
  constexpr std::size_t kRows = TileRows(Vectors);
  const StripTag d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<StripTag> sums[kRows][Vectors];
  HWY_UNROLL(16)
  for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = hn::LoadU(d, out + r * stride + v * lanes);
  }
  for (std::size_t n = 0; n < count; ++n, a += kStrip, b += kStrip) {
    hn::Vec<StripTag> values[Vectors];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < Vectors; ++v) values[v] = hn::Load(d, b + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto factor = hn::Set(d, a[r]);
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(factor, values[v], sums[r][v]);
    }
  }
  HWY_UNROLL(16)
  for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < Vectors; ++v) hn::StoreU(sums[r][v], d, out + r * stride + v * lanes);
  }
}

template <std::size_t Vectors>
HWY_INLINE void AddTiles(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t count, std::size_t rows,
                         float* HWY_RESTRICT out, std::size_t stride) {
  for (std::size_t r = 0; r < rows; r += TileRows(Vectors)) {
    AddTile<Vectors>(a + r, b, count, out + r * stride, stride);
  }
}

void AddNormalEquations(const ChosenRows& y, const float* HWY_RESTRICT weights, std::size_t width,
                        float* HWY_RESTRICT left, std::size_t stride, float* HWY_RESTRICT right) {
  const std::size_t room = std::clamp<std::size_t>(kPackedFloats / width, 1, kMostPacked);
  const std::size_t total = y.indexes.size();
  const std::size_t strips = width / kStrip;
  // On the diagonal the lower half of a strip's rows leaves out the columns of the upper.
  constexpr std::size_t kHalf = kVectors == 1 ? 0 : kStrip / 2;
  HWY_ALIGN float numbers[kPackedFloats];
  for (std::size_t begin = 0; begin < total; begin += room) {
    const std::size_t count = std::min(room, total - begin);
    const PackedRows packed{numbers, room, begin, count};
    std::size_t s = 0;
    for (; s + kStripsAtOnce <= strips; s += kStripsAtOnce) PackStrips<kStripsAtOnce>(y, weights, s, packed, right);
    for (; s < strips; ++s) PackStrips<1>(y, weights, s, packed, right);
    for (std::size_t row = 0; row < strips; ++row) {
      const float* own = packed.strip(row);
      float* out = left + row * kStrip * stride + row * kStrip;
      AddTiles<kVectors>(own, own, count, kStrip - kHalf, out, stride);
      if constexpr (kHalf > 0) {
        AddTiles<kVectors / 2>(own + kHalf, own + kHalf, count, kHalf, out + kHalf * stride + kHalf, stride);
      }
      for (std::size_t column = row + 1; column < strips; ++column) {
        out += kStrip;
        AddTiles<kVectors>(own, packed.strip(column), count, kStrip, out, stride);
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
