#include "gusto/nn/gather_kernels.h"

#include <algorithm>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/gather_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "gusto/nn/kernel_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

// Rows this far ahead are fetched while the current one is copied.
constexpr std::size_t kPrefetchDistance = 8;
constexpr std::size_t kFloatsOfLine = 16;

std::uint32_t Largest(const std::uint32_t* ids, std::size_t n) {
  const hn::ScalableTag<std::uint32_t> d;
  const std::size_t lanes = hn::Lanes(d);
  auto most = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) most = hn::Max(most, hn::LoadU(d, ids + i));
  std::uint32_t found = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; i < n; ++i) found = std::max(found, ids[i]);
  return found;
}

HWY_INLINE void Prefetch(const float* row, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kFloatsOfLine) __builtin_prefetch(row + c);
}

// With the width known, a row is a handful of loads and stores without a loop.
template <std::size_t Cols>
void GatherFixed(MatrixView<const float> table, const std::uint32_t* HWY_RESTRICT ids, MatrixView<float> out) {
  const hn::CappedTag<float, Cols> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < out.rows; ++r) {
    if (r + kPrefetchDistance < out.rows) Prefetch(table.data + ids[r + kPrefetchDistance] * table.stride, Cols);
    const float* HWY_RESTRICT from = table.data + ids[r] * table.stride;
    float* HWY_RESTRICT to = out.data + r * out.stride;
    for (std::size_t c = 0; c < Cols; c += lanes) hn::StoreU(hn::LoadU(d, from + c), d, to + c);
  }
}

void Gather(MatrixView<const float> table, const std::uint32_t* HWY_RESTRICT ids, MatrixView<float> out) {
  switch (out.cols) {
    case 1: return GatherFixed<1>(table, ids, out);
    case 8: return GatherFixed<8>(table, ids, out);
    case 16: return GatherFixed<16>(table, ids, out);
    case 32: return GatherFixed<32>(table, ids, out);
    case 64: return GatherFixed<64>(table, ids, out);
    default: break;
  }
  for (std::size_t r = 0; r < out.rows; ++r) {
    if (r + kPrefetchDistance < out.rows) Prefetch(table.data + ids[r + kPrefetchDistance] * table.stride, out.cols);
    const float* HWY_RESTRICT from = table.data + ids[r] * table.stride;
    float* HWY_RESTRICT to = out.data + r * out.stride;
    ForColumns(out.cols, [&](auto d, std::size_t c) HWY_ATTR { hn::StoreU(hn::LoadU(d, from + c), d, to + c); });
  }
}

HWY_INLINE const float* RowOf(const ExtendedTable& table, std::uint32_t id) {
  return id < table.rows.rows ? table.rows.data + id * table.rows.stride
                              : table.extra_rows.data + (id - table.rows.rows) * table.extra_rows.stride;
}

// Sums the columns that `Vectors` vectors hold, from column c on.
template <std::size_t Vectors, class D>
HWY_INLINE void SumEntriesAt(D d, const ExtendedTable& table, const Bag& bag, std::size_t begin, std::size_t end,
                             std::size_t c, float* to) {
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  auto sum2 = hn::Zero(d);
  auto sum3 = hn::Zero(d);
  for (std::size_t e = begin; e < end; ++e) {
    const float* row = RowOf(table, bag.ids[e]) + c;
    const auto weight = hn::Set(d, bag.weight(e));
    sum0 = hn::MulAdd(weight, hn::LoadU(d, row), sum0);
    if (Vectors > 1) sum1 = hn::MulAdd(weight, hn::LoadU(d, row + lanes), sum1);
    if (Vectors > 2) sum2 = hn::MulAdd(weight, hn::LoadU(d, row + 2 * lanes), sum2);
    if (Vectors > 2) sum3 = hn::MulAdd(weight, hn::LoadU(d, row + 3 * lanes), sum3);
  }
  hn::StoreU(sum0, d, to + c);
  if (Vectors > 1) hn::StoreU(sum1, d, to + c + lanes);
  if (Vectors > 2) hn::StoreU(sum2, d, to + c + 2 * lanes);
  if (Vectors > 2) hn::StoreU(sum3, d, to + c + 3 * lanes);
}

void SumBags(const ExtendedTable& table, const Bag& bag, MatrixView<float> out) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t cols = out.cols;
  const std::size_t entries = bag.ids.size();
  for (std::size_t r = 0; r < out.rows; ++r) {
    const std::size_t begin = bag.begin(r), end = bag.end(r);
    for (std::size_t e = begin + kPrefetchDistance; e < std::min(end + kPrefetchDistance, entries); ++e)
      Prefetch(RowOf(table, bag.ids[e]), cols);
    float* HWY_RESTRICT to = out.data + r * out.stride;
    std::size_t c = 0;
    for (; c + 4 * lanes <= cols; c += 4 * lanes) SumEntriesAt<4>(d, table, bag, begin, end, c, to);
    for (; c + 2 * lanes <= cols; c += 2 * lanes) SumEntriesAt<2>(d, table, bag, begin, end, c, to);
    for (; c + lanes <= cols; c += lanes) SumEntriesAt<1>(d, table, bag, begin, end, c, to);
    const QuarterTag quarter;
    for (; c + 4 <= cols; c += 4) SumEntriesAt<1>(quarter, table, bag, begin, end, c, to);
    const OneTag one;
    for (; c < cols; ++c) SumEntriesAt<1>(one, table, bag, begin, end, c, to);
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(Largest);
HWY_EXPORT(Gather);
HWY_EXPORT(SumBags);

}  // namespace

std::uint32_t largest(std::span<const std::uint32_t> ids) {
  return HWY_DYNAMIC_DISPATCH(Largest)(ids.data(), ids.size());
}

void gather(MatrixView<const float> table, std::span<const std::uint32_t> ids, MatrixView<float> out) {
  HWY_DYNAMIC_DISPATCH(Gather)(table, ids.data(), out);
}

void sum_bags(const ExtendedTable& table, const Bag& bag, MatrixView<float> out) {
  HWY_DYNAMIC_DISPATCH(SumBags)(table, bag, out);
}

}  // namespace gusto::nn::kernels
#endif
