// Copies blocks of a factor into panels, whose numbers lie in the order in which tiles read them. Included once per
// instruction set (Highway), so there is no plain guard.

#if defined(GUSTO_BASE_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GUSTO_BASE_GEMM_PACK_INL_H_
#undef GUSTO_BASE_GEMM_PACK_INL_H_
#else
#define GUSTO_BASE_GEMM_PACK_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include <hwy/highway.h>

#include "gusto/base/gemm_shape.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::products {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using PackTag = hn::CappedTag<float, 8>;
constexpr std::size_t kPackLanes = hn::MaxLanes(PackTag());

#if HWY_TARGET != HWY_SCALAR
// Calls op(i, v) for i in 0 … 3: lane r of v is rows[r · apart + i].
template <class D, class Op>
HWY_INLINE void ForTurned(D d, const float* rows, std::size_t apart, const Op& op) {
  const auto load = [&](std::size_t row) HWY_ATTR {
    if constexpr (hn::MaxLanes(D()) == 8) {
      const hn::Half<D> half;
      return hn::Combine(d, hn::LoadU(half, rows + (row + 4) * apart), hn::LoadU(half, rows + row * apart));
    } else {
      return hn::LoadU(d, rows + row * apart);
    }
  };
  const hn::Repartition<double, D> pairs;
  const auto v0 = load(0), v1 = load(1), v2 = load(2), v3 = load(3);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
  op(0, hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)));
  op(1, hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)));
  op(2, hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)));
  op(3, hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)));
}
#endif

// to[p · step + o] = x(o, p) for o < outers, p < inners, one by one.
HWY_INLINE void PackSingly(const Factor& x, std::size_t outers, std::size_t inners, std::size_t step,
                           float* HWY_RESTRICT to) {
  for (std::size_t p = 0; p < inners; ++p) {
    for (std::size_t o = 0; o < outers; ++o) to[p * step + o] = *x.at(o, p);
  }
}

// The same for one vector of outer indexes.
template <class D>
HWY_NOINLINE void PackVector(D d, const Factor& x, std::size_t inners, std::size_t step, float* HWY_RESTRICT to) {
  std::size_t p = 0;
  if (x.straight()) {
    const float* HWY_RESTRICT from = x.data;
#pragma GCC unroll 4
    for (; p < inners; ++p, from += x.inner) hn::StoreU(hn::LoadU(d, from), d, to + p * step);
    return;
  }
#if HWY_TARGET != HWY_SCALAR
  for (; p + 4 <= inners; p += 4) {
    ForTurned(d, x.at(0, p), x.outer, [&](std::size_t i, auto v) HWY_ATTR { hn::StoreU(v, d, to + (p + i) * step); });
  }
#endif
  PackSingly(x.from(0, p), hn::MaxLanes(D()), inners - p, step, to + p * step);
}

// The same by vectors, which may take more than `outers`, where the factor has as many: `readable`.
HWY_INLINE void PackPanel(const Factor& x, std::size_t outers, std::size_t readable, std::size_t inners,
                          std::size_t step, float* HWY_RESTRICT to) {
  const PackTag d;
  const hn::CappedTag<float, 4> d4;
  std::size_t o = 0;
  for (; o < outers && o + kPackLanes <= readable; o += kPackLanes) PackVector(d, x.from(o, 0), inners, step, to + o);
  for (; o < outers && o + hn::MaxLanes(d4) <= readable; o += hn::MaxLanes(d4)) {
    PackVector(d4, x.from(o, 0), inners, step, to + o);
  }
  if (o < outers) PackSingly(x.from(o, 0), outers - o, inners, step, to + o);
}

// Where the panels of a block end: `outers` numbers in the next one, each p `step` floats from the one before.
struct Panel {
  std::size_t outers, step;
};

// Panels, one after the other, of the block's outers × inners numbers; next(left) says how the next one is cut. Numbers
// of a panel beyond its outers are any.
template <class Next>
HWY_INLINE void Pack(const Factor& x, std::size_t outers, std::size_t inners, const Next& next,
                     float* HWY_RESTRICT to) {
  // What lies side by side is read a few lines at a time, each to its end.
  constexpr std::size_t kLines = 16;
  const std::size_t lines = x.straight() ? kLines : inners;
  for (std::size_t first = 0; first < inners; first += lines) {
    const std::size_t count = std::min(lines, inners - first);
    float* panel = to;
    for (std::size_t o = 0; o < outers;) {
      const Panel cut = next(outers - o);
      PackPanel(x.from(o, first), cut.outers, outers - o, count, cut.step, panel + first * cut.step);
      panel += inners * cut.step;
      o += cut.outers;
    }
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::products
HWY_AFTER_NAMESPACE();

#endif
