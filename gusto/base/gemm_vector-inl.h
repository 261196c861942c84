// Products of a matrix and a vector, at the speed of memory. Included once per instruction set (Highway), so there is
// no plain guard.

#if defined(GUSTO_BASE_GEMM_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GUSTO_BASE_GEMM_VECTOR_INL_H_
#undef GUSTO_BASE_GEMM_VECTOR_INL_H_
#else
#define GUSTO_BASE_GEMM_VECTOR_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include <hwy/highway.h>

#include "gusto/base/gemm_pack-inl.h"
#include "gusto/base/gemm_shape.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::products {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using OneTag = hn::CappedTag<float, 1>;

// Outer indexes whose sums are kept at once.
constexpr std::size_t kSums = 1024;
// Floats of a cache line.
constexpr std::size_t kLine = 16;

// The vector: its number p lies at data[p · step].
struct Strided {
  const float* data;
  std::size_t step;
  float operator[](std::size_t p) const { return data[p * step]; }
};

// sums[o] += x(o, p) · v[p], by single numbers.
HWY_INLINE void AddSingly(const Factor& x, const Strided& v, std::size_t outers, std::size_t inners,
                          float* HWY_RESTRICT sums) {
  const OneTag one;
  for (std::size_t o = 0; o < outers; ++o) {
    auto sum = hn::Set(one, sums[o]);
    for (std::size_t p = 0; p < inners; ++p) sum = hn::MulAdd(hn::Set(one, v[p]), hn::Set(one, *x.at(o, p)), sum);
    sums[o] = hn::GetLane(sum);
  }
}

// The same where the numbers of one p lie side by side: four p at a time along the sums.
HWY_INLINE void AddStraight(const Factor& x, const Strided& v, std::size_t outers, std::size_t inners,
                            float* HWY_RESTRICT sums) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = outers / lanes * lanes;
  std::size_t p = 0;
  for (; p + 4 <= inners; p += 4) {
    const auto v0 = hn::Set(d, v[p]), v1 = hn::Set(d, v[p + 1]), v2 = hn::Set(d, v[p + 2]), v3 = hn::Set(d, v[p + 3]);
    const float* HWY_RESTRICT x0 = x.at(0, p);
    const float* HWY_RESTRICT x1 = x.at(0, p + 1);
    const float* HWY_RESTRICT x2 = x.at(0, p + 2);
    const float* HWY_RESTRICT x3 = x.at(0, p + 3);
    for (std::size_t o = 0; o < whole; o += lanes) {
      auto sum = hn::MulAdd(v0, hn::LoadU(d, x0 + o), hn::LoadU(d, sums + o));
      sum = hn::MulAdd(v1, hn::LoadU(d, x1 + o), sum);
      sum = hn::MulAdd(v2, hn::LoadU(d, x2 + o), sum);
      hn::StoreU(hn::MulAdd(v3, hn::LoadU(d, x3 + o), sum), d, sums + o);
    }
  }
  for (; p < inners; ++p) {
    const auto factor = hn::Set(d, v[p]);
    for (std::size_t o = 0; o < whole; o += lanes) {
      hn::StoreU(hn::MulAdd(factor, hn::LoadU(d, x.at(o, p)), hn::LoadU(d, sums + o)), d, sums + o);
    }
  }
  AddSingly(x.from(whole, 0), v, outers - whole, inners, sums + whole);
}

#if HWY_TARGET != HWY_SCALAR
// The same where a factor's rows are turned, for kGroups vectors of sums: by squares turned in registers, so that each
// sum is added up in order.
template <std::size_t kGroups>
HWY_INLINE void AddTurnedGroups(const Factor& x, const Strided& v, std::size_t inners, float* HWY_RESTRICT to) {
  const PackTag d;
  hn::Vec<PackTag> sums[kGroups];
  for (std::size_t g = 0; g < kGroups; ++g) sums[g] = hn::LoadU(d, to + g * kPackLanes);
  const std::size_t whole = inners / 4 * 4;
  // A line of each row to its end before the next group's.
  for (std::size_t first = 0; first < whole; first += kLine) {
    const std::size_t last = std::min(first + kLine, whole);
#pragma GCC unroll 2
    for (std::size_t g = 0; g < kGroups; ++g) {
      for (std::size_t r = 0; r < kPackLanes; ++r) {  // the next groups' lines, into the second-level cache
        __builtin_prefetch(x.at((kGroups + g) * kPackLanes + r, first), 0, 2);
      }
      for (std::size_t p = first; p < last; p += 4) {
        ForTurned(d, x.at(g * kPackLanes, p), x.outer, [&](std::size_t i, auto column) HWY_ATTR {
          sums[g] = hn::MulAdd(hn::Set(d, v[p + i]), column, sums[g]);
        });
      }
    }
  }
  for (std::size_t g = 0; g < kGroups; ++g) hn::StoreU(sums[g], d, to + g * kPackLanes);
  AddSingly(x.from(0, whole), {v.data + whole * v.step, v.step}, kGroups * kPackLanes, inners - whole, to);
}
#endif

HWY_INLINE void AddTurned(const Factor& x, const Strided& v, std::size_t outers, std::size_t inners,
                          float* HWY_RESTRICT sums) {
  std::size_t o = 0;
#if HWY_TARGET != HWY_SCALAR
  constexpr std::size_t kGroups = 2;  // enough sums to hide an addition's latency
  for (; o + kGroups * kPackLanes <= outers; o += kGroups * kPackLanes) {
    AddTurnedGroups<kGroups>(x.from(o, 0), v, inners, sums + o);
  }
  for (; o + kPackLanes <= outers; o += kPackLanes) AddTurnedGroups<1>(x.from(o, 0), v, inners, sums + o);
#endif
  AddSingly(x.from(o, 0), v, outers - o, inners, sums + o);
}

// c[o · c_step] = α · Σ_p x(o, p) · v[p] + β · c[o · c_step] for o < outers.
void MultiplyVector(const Factor& x, const Strided& v, std::size_t outers, std::size_t k, float alpha, float beta,
                    float* HWY_RESTRICT c, std::size_t c_step) {
  const OneTag one;
  const std::size_t inner = inner_of(k);
  HWY_ALIGN float sums[kSums];
  for (std::size_t left = 0; left < outers; left += kSums) {
    const std::size_t count = std::min(kSums, outers - left);
    for (std::size_t first = 0; first == 0 || first < k; first += inner) {
      const std::size_t inners = std::min(inner, k - first);
      const Strided part{v.data + first * v.step, v.step};
      std::fill_n(sums, count, 0.0F);
      if (x.straight()) {
        AddStraight(x.from(left, first), part, count, inners, sums);
      } else {
        AddTurned(x.from(left, first), part, count, inners, sums);
      }
      const float keep = first == 0 ? beta : 1;
      for (std::size_t o = 0; o < count; ++o) {
        float& out = c[(left + o) * c_step];
        const auto value = hn::Mul(hn::Set(one, alpha), hn::Set(one, sums[o]));
        out = hn::GetLane(keep != 0 ? hn::MulAdd(hn::Set(one, keep), hn::Set(one, out), value) : value);
      }
    }
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::products
HWY_AFTER_NAMESPACE();

#endif
