// The level of AVX-512 that has VNNI; Highway leaves it out unless asked.
#define HWY_WANT_AVX3_DL

#include "gusto/retrieval/int8_kernels.h"

#include <cstring>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/retrieval/int8_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using IntVector = hn::Vec<IntTag>;
constexpr std::size_t kVectors = kPanelItems / hn::MaxLanes(FloatTag());

// Lines are fetched this far ahead of the panel that is read.
constexpr std::size_t kPrefetchBytes = 4096;

// sum + Σ of four products of an unsigned byte of the items and a signed one of the query, in each lane.
HWY_INLINE IntVector AddProducts(IntVector sum, const std::uint8_t* HWY_RESTRICT items, const Int8Word& word) {
  const IntTag d;
#if HWY_TARGET == HWY_AVX3_DL
  // Highway 1.0 detects VNNI with this level, but does not let compilers use it.
  const auto bytes = hn::Load(d, reinterpret_cast<const std::int32_t*>(items));
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(bytes.raw), "v"(hn::Set(d, word.bytes).raw));
  return sum;
#elif HWY_TARGET == HWY_SCALAR
  for (std::size_t b = 0; b < 4; ++b) {
    const auto query = static_cast<std::int8_t>(static_cast<std::uint32_t>(word.bytes) >> (8 * b));
    sum = hn::Add(sum, hn::Set(d, static_cast<std::int32_t>(items[b]) * query));
  }
  return sum;
#else
  const hn::Repartition<std::int16_t, IntTag> d16;
  const hn::RebindToUnsigned<decltype(d16)> du16;
  const hn::Repartition<std::uint8_t, IntTag> du8;
  const auto both = hn::BitCast(du16, hn::Load(du8, items));
  const auto even = hn::BitCast(d16, hn::And(both, hn::Set(du16, 0xff)));
  const auto odd = hn::BitCast(d16, hn::ShiftRight<8>(both));
  auto high = hn::Zero(d);
  sum = hn::ReorderWidenMulAccumulate(d, even, hn::BitCast(d16, hn::Set(d, word.even)), sum, high);
  sum = hn::ReorderWidenMulAccumulate(d, odd, hn::BitCast(d16, hn::Set(d, word.odd)), sum, high);
  return hn::RearrangeToOddPlusEven(sum, high);
#endif
}

void ScanInt8(const Int8Panels& items, std::size_t first_panel, std::size_t panel_count, const Int8Query& query,
              float threshold, PanelHits& hits) {
  const FloatTag d;
  const IntTag di;
  const hn::RebindToUnsigned<FloatTag> du;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t groups = query.words.size();
  const auto limit = hn::Set(d, threshold);
  const auto norm = hn::Set(d, query.norm);
  const auto residual = hn::Set(d, query.residual);
  std::size_t count = hits.count;
  for (std::size_t p = 0; p < panel_count; ++p) {
    const std::size_t first = (first_panel + p) * kPanelItems;
    const std::uint8_t* HWY_RESTRICT panel = items.bytes.data() + first * groups * 4;
    IntVector sums[kVectors];
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = hn::Set(di, -128 * query.total);
    for (std::size_t g = 0; g < groups; ++g) {
      const std::uint8_t* HWY_RESTRICT group = panel + g * kPanelItems * 4;
      __builtin_prefetch(group + kPrefetchBytes);
      __builtin_prefetch(group + kPrefetchBytes + 64);
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < kVectors; ++v) sums[v] = AddProducts(sums[v], group + v * lanes * 4, query.words[g]);
    }
    HWY_UNROLL(16)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t item = first + v * lanes;
      auto bound = hn::Mul(hn::ConvertTo(d, sums[v]), hn::Load(d, items.scales.data() + item));
      bound = hn::MulAdd(norm, hn::Load(d, items.residuals.data() + item), bound);
      bound = hn::MulAdd(residual, hn::Load(d, items.norms.data() + item), bound);
      const auto passes = hn::Not(hn::Lt(bound, limit));
      if (HWY_LIKELY(hn::AllFalse(d, passes))) continue;
      const auto position = static_cast<std::uint32_t>(p * kPanelItems + v * lanes);
      hn::CompressStore(hn::Iota(du, position), hn::RebindMask(du, passes), du, hits.positions + count);
      count += hn::CompressStore(bound, passes, d, hits.scores + count);
    }
  }
  hits.count = count;
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(ScanInt8);

Int8Query int8_query(std::span<const std::int8_t> bytes, float norm, float residual) {
  const auto pair = [](std::int8_t low, std::int8_t high) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint16_t>(low)) |
                                     static_cast<std::uint32_t>(static_cast<std::uint16_t>(high)) << 16);
  };
  Int8Query query{{}, 0, norm, residual};
  for (std::size_t b = 0; b + 4 <= bytes.size(); b += 4) {
    Int8Word word{0, pair(bytes[b], bytes[b + 2]), pair(bytes[b + 1], bytes[b + 3])};
    std::memcpy(&word.bytes, bytes.data() + b, sizeof word.bytes);
    query.words.push_back(word);
    query.total += bytes[b] + bytes[b + 1] + bytes[b + 2] + bytes[b + 3];
  }
  return query;
}

void scan_int8(const Int8Panels& items, std::size_t first_panel, std::size_t panel_count, const Int8Query& query,
               float threshold, PanelHits& hits) {
  HWY_DYNAMIC_DISPATCH(ScanInt8)(items, first_panel, panel_count, query, threshold, hits);
}

}  // namespace gusto
#endif
