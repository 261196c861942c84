// Loops that the kernels of this floor share. Included once per instruction set (Highway), so there is no plain guard.

#if defined(GUSTO_NN_KERNEL_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GUSTO_NN_KERNEL_LOOPS_INL_H_
#undef GUSTO_NN_KERNEL_LOOPS_INL_H_
#else
#define GUSTO_NN_KERNEL_LOOPS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <limits>

#include <hwy/highway.h>

#include "gusto/nn/tape.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using QuarterTag = hn::CappedTag<float, 4>;
using OneTag = hn::CappedTag<float, 1>;

// op(d, c) for the columns of a row: whole vectors, then fours, then single ones. Every number is computed by the same
// operations wherever it stands, so its bits don't depend on the row's width.
template <class Op>
HWY_INLINE void ForColumns(std::size_t cols, const Op& op) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + lanes <= cols; c += lanes) op(d, c);
  const QuarterTag quarter;
  for (; c + 4 <= cols; c += 4) op(quarter, c);
  const OneTag one;
  for (; c < cols; ++c) op(one, c);
}

// The sum that op(d, c, sum) adds to, over the columns of a row.
template <class Op>
HWY_INLINE float SumColumns(std::size_t cols, const Op& op) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  float total = 0;
  if (cols >= lanes) {
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    for (; c + 2 * lanes <= cols; c += 2 * lanes) {
      sum0 = op(d, c, sum0);
      sum1 = op(d, c + lanes, sum1);
    }
    if (c + lanes <= cols) {
      sum0 = op(d, c, sum0);
      c += lanes;
    }
    total = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  }
  if (c + 4 <= cols) {
    const QuarterTag quarter;
    auto sum = hn::Zero(quarter);
    for (; c + 4 <= cols; c += 4) sum = op(quarter, c, sum);
    total += hn::GetLane(hn::SumOfLanes(quarter, sum));
  }
  const OneTag one;
  for (; c < cols; ++c) total = hn::GetLane(op(one, c, hn::Set(one, total)));
  return total;
}

// The largest number of a row; −∞ of none.
HWY_INLINE float LargestOf(const float* x, std::size_t cols) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto most = lowest;
  std::size_t c = 0;
  for (; c + lanes <= cols; c += lanes) most = hn::Max(most, hn::LoadU(d, x + c));
  float found = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; c < cols; ++c) found = std::max(found, x[c]);
  return found;
}

// Writes, or adds to what is there.
template <bool Add, class D, class V>
HWY_INLINE void Put(D d, V value, float* to) {
  hn::StoreU(Add ? hn::Add(hn::LoadU(d, to), value) : value, d, to);
}

// Sums over rows of op(d, r, c, sum), for as many columns as `Vectors` vectors hold, from column c on.
template <std::size_t Vectors, class D, class Op>
HWY_INLINE void SumRowsAt(D d, std::size_t rows, std::size_t c, const GradientTarget& to, const Op& op) {
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  auto sum2 = hn::Zero(d);
  auto sum3 = hn::Zero(d);
  for (std::size_t r = 0; r < rows; ++r) {
    sum0 = op(d, r, c, sum0);
    if (Vectors > 1) sum1 = op(d, r, c + lanes, sum1);
    if (Vectors > 2) sum2 = op(d, r, c + 2 * lanes, sum2);
    if (Vectors > 2) sum3 = op(d, r, c + 3 * lanes, sum3);
  }
  float* sums = to.view.data + c;
  const auto put = [&](auto sum, float* at) HWY_ATTR { to.fresh ? Put<false>(d, sum, at) : Put<true>(d, sum, at); };
  put(sum0, sums);
  if (Vectors > 1) put(sum1, sums + lanes);
  if (Vectors > 2) put(sum2, sums + 2 * lanes);
  if (Vectors > 2) put(sum3, sums + 3 * lanes);
}

template <class Op>
HWY_INLINE void SumRows(std::size_t rows, std::size_t cols, const GradientTarget& to, const Op& op) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + 4 * lanes <= cols; c += 4 * lanes) SumRowsAt<4>(d, rows, c, to, op);
  for (; c + 2 * lanes <= cols; c += 2 * lanes) SumRowsAt<2>(d, rows, c, to, op);
  for (; c + lanes <= cols; c += lanes) SumRowsAt<1>(d, rows, c, to, op);
  const QuarterTag quarter;
  for (; c + 4 <= cols; c += 4) SumRowsAt<1>(quarter, rows, c, to, op);
  const OneTag one;
  for (; c < cols; ++c) SumRowsAt<1>(one, rows, c, to, op);
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#endif
