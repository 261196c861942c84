#include "gusto/base/solve_kernels.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/base/solve_together_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using SystemTag = hn::CappedTag<float, kMostTogether>;  // a system in each lane
using Numbers = hn::Vec<SystemTag>;                     // one number of each system

// A tile's sums stay in registers: 32 of them with AVX-512 and on ARM, else 16.
constexpr std::size_t kTileRows = 4;
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
constexpr std::size_t kTileColumns = 6;
#else
constexpr std::size_t kTileColumns = 3;
#endif

// All systems, number by number. A row is followed by its right side. The factor U replaces what it is made of, with
// 1 / u_rr on the diagonal.
struct Systems {
  float* numbers;
  std::size_t width;
  HWY_INLINE std::size_t row_floats() const { return (width + 1) * hn::Lanes(SystemTag()); }
  HWY_INLINE float* at(std::size_t row, std::size_t column) const {
    return numbers + row * row_floats() + column * hn::Lanes(SystemTag());
  }
  HWY_INLINE Numbers load(std::size_t row, std::size_t column) const { return hn::Load(SystemTag(), at(row, column)); }
  HWY_INLINE void store(Numbers value, std::size_t row, std::size_t column) const {
    hn::Store(value, SystemTag(), at(row, column));
  }
};

// Factors the square of kTileRows at (row, row), of whose columns all above are factored. Returns whether all pivots
// are positive.
HWY_INLINE bool FactorSquare(const Systems& a, std::size_t row) {
  const SystemTag d;
  const std::size_t lanes = hn::Lanes(d);
  Numbers sums[kTileRows][kTileRows];
  HWY_UNROLL(4)
  for (std::size_t r = 0; r < kTileRows; ++r) {
    HWY_UNROLL(4)
    for (std::size_t c = r; c < kTileRows; ++c) sums[r][c] = a.load(row + r, row + c);
  }
  const float* HWY_RESTRICT above = a.at(0, row);
  for (std::size_t k = 0; k < row; ++k, above += a.row_floats()) {
    Numbers factors[kTileRows];
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kTileRows; ++r) factors[r] = hn::Load(d, above + r * lanes);
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      HWY_UNROLL(4)
      for (std::size_t c = r; c < kTileRows; ++c) sums[r][c] = hn::NegMulAdd(factors[r], factors[c], sums[r][c]);
    }
  }
  auto positive = hn::Gt(sums[0][0], hn::Zero(d));
  HWY_UNROLL(4)
  for (std::size_t k = 0; k < kTileRows; ++k) {
    positive = hn::And(positive, hn::Gt(sums[k][k], hn::Zero(d)));
    sums[k][k] = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(sums[k][k]));
    a.store(sums[k][k], row + k, row + k);
    HWY_UNROLL(4)
    for (std::size_t c = k + 1; c < kTileRows; ++c) {
      sums[k][c] = hn::Mul(sums[k][k], sums[k][c]);
      a.store(sums[k][c], row + k, row + c);
    }
    HWY_UNROLL(4)
    for (std::size_t r = k + 1; r < kTileRows; ++r) {
      HWY_UNROLL(4)
      for (std::size_t c = r; c < kTileRows; ++c) sums[r][c] = hn::NegMulAdd(sums[k][r], sums[k][c], sums[r][c]);
    }
  }
  return hn::AllTrue(d, positive);
}

// Factors the tile to the right of that square, from `column` on.
template <std::size_t Columns>
HWY_INLINE void FactorTile(const Systems& a, std::size_t row, std::size_t column) {
  const SystemTag d;
  const std::size_t lanes = hn::Lanes(d);
  Numbers sums[kTileRows][Columns];
  HWY_UNROLL(4)
  for (std::size_t r = 0; r < kTileRows; ++r) {
    HWY_UNROLL(6)
    for (std::size_t c = 0; c < Columns; ++c) sums[r][c] = a.load(row + r, column + c);
  }
  const float* HWY_RESTRICT own = a.at(0, row);
  const float* HWY_RESTRICT others = a.at(0, column);
  for (std::size_t k = 0; k < row; ++k, own += a.row_floats(), others += a.row_floats()) {
    Numbers factors[kTileRows];
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kTileRows; ++r) factors[r] = hn::Load(d, own + r * lanes);
    HWY_UNROLL(6)
    for (std::size_t c = 0; c < Columns; ++c) {
      const Numbers other = hn::Load(d, others + c * lanes);
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < kTileRows; ++r) sums[r][c] = hn::NegMulAdd(factors[r], other, sums[r][c]);
    }
  }
  HWY_UNROLL(4)
  for (std::size_t r = 0; r < kTileRows; ++r) {
    HWY_UNROLL(4)
    for (std::size_t k = 0; k < r; ++k) {
      const Numbers factor = a.load(row + k, row + r);
      HWY_UNROLL(6)
      for (std::size_t c = 0; c < Columns; ++c) sums[r][c] = hn::NegMulAdd(factor, sums[k][c], sums[r][c]);
    }
    const Numbers scale = a.load(row + r, row + r);
    HWY_UNROLL(6)
    for (std::size_t c = 0; c < Columns; ++c) {
      sums[r][c] = hn::Mul(scale, sums[r][c]);
      a.store(sums[r][c], row + r, column + c);
    }
  }
}

// Factors all, the right sides as one more column: A = UᵀU, b ← U⁻ᵀ b.
bool Factor(const Systems& a) {
  const std::size_t end = a.width + 1;
  for (std::size_t row = 0; row < a.width; row += kTileRows) {
    if (!FactorSquare(a, row)) return false;
    std::size_t column = row + kTileRows;
    for (; column + kTileColumns <= end; column += kTileColumns) FactorTile<kTileColumns>(a, row, column);
    for (; column + 2 <= end; column += 2) FactorTile<2>(a, row, column);
    if (column < end) FactorTile<1>(a, row, column);
  }
  return true;
}

// x = U⁻¹ b, in place of b. Columns in turn go to two sums, so that one does not wait for the other.
void Substitute(const Systems& a) {
  const SystemTag d;
  for (std::size_t row = a.width; row > 0;) {
    row -= kTileRows;
    Numbers even[kTileRows], odd[kTileRows];
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      even[r] = a.load(row + r, a.width);
      odd[r] = hn::Zero(d);
    }
    for (std::size_t c = row + kTileRows; c < a.width; c += 2) {
      const Numbers x0 = a.load(c, a.width);
      const Numbers x1 = a.load(c + 1, a.width);
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < kTileRows; ++r) {
        even[r] = hn::NegMulAdd(a.load(row + r, c), x0, even[r]);
        odd[r] = hn::NegMulAdd(a.load(row + r, c + 1), x1, odd[r]);
      }
    }
    for (std::size_t r = kTileRows; r-- > 0;) {
      Numbers x = hn::Add(even[r], odd[r]);
      for (std::size_t c = r + 1; c < kTileRows; ++c) x = hn::NegMulAdd(a.load(row + r, row + c), even[c], x);
      even[r] = hn::Mul(a.load(row + r, row + r), x);
      a.store(even[r], row + r, a.width);
    }
  }
}

// Four numbers of each of four systems, side by side by number: out, out + lanes, and so on.
HWY_INLINE void Turn(const float* const* systems, std::size_t place, float* HWY_RESTRICT out, std::size_t lanes) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t n = 0; n < 4; ++n) out[n * lanes] = systems[0][place + n];
#else
  const hn::Full128<float> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto a = hn::LoadU(d, systems[0] + place), b = hn::LoadU(d, systems[1] + place);
  const auto e = hn::LoadU(d, systems[2] + place), f = hn::LoadU(d, systems[3] + place);
  const auto ab01 = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab23 = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ef01 = hn::BitCast(pairs, hn::InterleaveLower(d, e, f));
  const auto ef23 = hn::BitCast(pairs, hn::InterleaveUpper(d, e, f));
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, ab01, ef01)), d, out);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, ab01, ef01)), d, out + lanes);
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, ab23, ef23)), d, out + 2 * lanes);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, ab23, ef23)), d, out + 3 * lanes);
#endif
}

bool SolveTogether(const float* lefts, float* rights, std::size_t count, std::size_t width,
                   float* HWY_RESTRICT scratch) {
  const std::size_t lanes = hn::Lanes(SystemTag());
  const Systems a{scratch, width};
  const auto system = [&](std::size_t lane) { return lane < count ? lane : 0; };  // lanes left over repeat the first
  const float* of_lane[kMostTogether];
  for (std::size_t s = 0; s < lanes; ++s) of_lane[s] = lefts + system(s) * width * width;
  for (std::size_t r = 0; r < width; ++r) {
    for (std::size_t c = r / 4 * 4; c < width; c += 4) {
      for (std::size_t s = 0; s < lanes; s += 4) Turn(of_lane + s, r * width + c, a.at(r, c) + s, lanes);
    }
    for (std::size_t s = 0; s < lanes; ++s) a.at(r, width)[s] = rights[system(s) * width + r];
  }
  if (!Factor(a)) return false;
  Substitute(a);
  for (std::size_t s = 0; s < count; ++s) {
    for (std::size_t r = 0; r < width; ++r) rights[s * width + r] = a.at(r, width)[s];
  }
  return true;
}

std::size_t SystemsTogether() { return hn::Lanes(SystemTag()); }

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(SolveTogether);
HWY_EXPORT(SystemsTogether);

std::size_t systems_together() { return HWY_DYNAMIC_DISPATCH(SystemsTogether)(); }

bool solve_together(MatrixView<const float> lefts, MatrixView<float> rights, std::span<float> scratch) {
  return HWY_DYNAMIC_DISPATCH(SolveTogether)(lefts.data, rights.data, rights.rows, rights.cols, scratch.data());
}

}  // namespace gusto
#endif
