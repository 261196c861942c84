#include "gusto/models/linear/power_kernels.h"

#include <cstddef>
#include <cstdint>
#include <limits>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/models/linear/power_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
using Floats = hn::Rebind<float, Doubles>;
using Bits = hn::RebindToUnsigned<Doubles>;

constexpr int kMantissaBits = 52;
constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr std::uint64_t kOne = 0x3ff0000000000000;       // 1.0
constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcd;  // √½
constexpr double kTwo52 = 4503599627370496;              // a double that ends in the units
constexpr double kFarthest = 1000;                       // 2^±1000 are 0 and infinity as floats

// log₂ x of x > 0, by x = m · 2^e, m in [√½, √2), and ln m = 2 artanh((m − 1) / (m + 1)).
template <class V>
HWY_INLINE V Log2(V x) {
  const Doubles d;
  const Bits bits;
  const auto shifted = hn::Add(hn::BitCast(bits, x), hn::Set(bits, kOne - kRootHalf));
  const auto biased = hn::Or(hn::ShiftRight<kMantissaBits>(shifted), hn::BitCast(bits, hn::Set(d, kTwo52)));
  const V e = hn::Sub(hn::BitCast(d, biased), hn::Set(d, kTwo52 + 1023));
  const V m = hn::BitCast(d, hn::Add(hn::And(shifted, hn::Set(bits, kMantissa)), hn::Set(bits, kRootHalf)));
  const V s = hn::Div(hn::Sub(m, hn::Set(d, 1.0)), hn::Add(m, hn::Set(d, 1.0)));
  const V square = hn::Mul(s, s);
  V series = hn::Set(d, 1.0 / 11);
  series = hn::MulAdd(series, square, hn::Set(d, 1.0 / 9));
  series = hn::MulAdd(series, square, hn::Set(d, 1.0 / 7));
  series = hn::MulAdd(series, square, hn::Set(d, 1.0 / 5));
  series = hn::MulAdd(series, square, hn::Set(d, 1.0 / 3));
  series = hn::MulAdd(series, square, hn::Set(d, 1.0));
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  return hn::MulAdd(hn::Mul(s, series), hn::Set(d, kTwoOverLn2), e);
}

// 2^y, by y = n + f, f in [−½, ½], and the series of e^(f ln 2).
template <class V>
HWY_INLINE V Exp2(V y) {
  const Doubles d;
  const Bits bits;
  const V round = hn::Set(d, 1.5 * kTwo52);
  const V rounded = hn::Add(y, round);
  constexpr double kLn2 = 0.6931471805599453;
  const V f = hn::Mul(hn::Sub(y, hn::Sub(rounded, round)), hn::Set(d, kLn2));
  V series = hn::Set(d, 1.0 / 40320);
  series = hn::MulAdd(series, f, hn::Set(d, 1.0 / 5040));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0 / 720));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0 / 120));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0 / 24));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0 / 6));
  series = hn::MulAdd(series, f, hn::Set(d, 0.5));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0));
  series = hn::MulAdd(series, f, hn::Set(d, 1.0));
  // n is what `rounded` ends in: added to the exponent.
  const auto n = hn::ShiftLeft<kMantissaBits>(hn::BitCast(bits, rounded));
  return hn::BitCast(d, hn::Add(hn::BitCast(bits, series), n));
}

HWY_INLINE hn::Vec<Floats> Raised(hn::Vec<Floats> values, double power) {
  const Doubles d;
  const Floats floats;
  const auto x = hn::PromoteTo(d, hn::Abs(values));
  const auto y = hn::Mul(hn::Set(d, power), Log2(x));
  const auto raised = Exp2(hn::Max(hn::Min(y, hn::Set(d, kFarthest)), hn::Set(d, -kFarthest)));
  const auto size = hn::DemoteTo(floats, hn::IfThenZeroElse(hn::Eq(x, hn::Zero(d)), raised));
  const auto infinity = hn::Set(floats, std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::Lt(hn::Abs(values), infinity), hn::CopySign(size, values), values);
}

void RaiseToPower(float* HWY_RESTRICT values, std::size_t count, double power) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Raised(hn::LoadU(d, values + i), power), d, values + i);
  if (i == count) return;
  HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
  for (std::size_t r = 0; i + r < count; ++r) rest[r] = values[i + r];
  hn::Store(Raised(hn::Load(d, rest), power), d, rest);
  for (std::size_t r = 0; i + r < count; ++r) values[i + r] = rest[r];
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(RaiseToPower);

void raise_to_power(std::span<float> values, float power) {
  HWY_DYNAMIC_DISPATCH(RaiseToPower)(values.data(), values.size(), power);
}

}  // namespace gusto
#endif
