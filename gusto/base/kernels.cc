#include "gusto/base/kernels.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/base/kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;

std::size_t PositionsAbove(const float* HWY_RESTRICT scores, std::size_t n, float threshold,
                           std::uint32_t* HWY_RESTRICT found) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const std::size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, threshold);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto above = hn::Gt(hn::LoadU(d, scores + i), limit);
    if (hn::AllFalse(d, above)) continue;
    count +=
        hn::CompressStore(hn::Iota(du, static_cast<std::uint32_t>(i)), hn::RebindMask(du, above), du, found + count);
  }
  for (; i < n; ++i) {
    if (scores[i] > threshold) found[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

float Dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t n) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), sum1);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void Axpy(float alpha, const float* HWY_RESTRICT x, float* HWY_RESTRICT y, std::size_t n) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, alpha);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::MulAdd(factor, hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
  for (; i < n; ++i) y[i] += alpha * x[i];
}

// Adds rows into `Vectors` registers' worth of columns beginning at `column`.
template <std::size_t Vectors, class D>
void SumColumns(D d, const float* HWY_RESTRICT rows, std::size_t stride, const std::uint32_t* HWY_RESTRICT indexes,
                const float* HWY_RESTRICT weights, std::size_t count, std::size_t column, float* HWY_RESTRICT sum) {
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  auto sum2 = hn::Zero(d);
  auto sum3 = hn::Zero(d);
  for (std::size_t n = 0; n < count; ++n) {
    const float* row = rows + indexes[n] * stride + column;
    const auto weight = hn::Set(d, weights[n]);
    sum0 = hn::MulAdd(weight, hn::LoadU(d, row), sum0);
    if (Vectors > 1) sum1 = hn::MulAdd(weight, hn::LoadU(d, row + lanes), sum1);
    if (Vectors > 2) sum2 = hn::MulAdd(weight, hn::LoadU(d, row + 2 * lanes), sum2);
    if (Vectors > 2) sum3 = hn::MulAdd(weight, hn::LoadU(d, row + 3 * lanes), sum3);
  }
  hn::StoreU(sum0, d, sum + column);
  if (Vectors > 1) hn::StoreU(sum1, d, sum + column + lanes);
  if (Vectors > 2) hn::StoreU(sum2, d, sum + column + 2 * lanes);
  if (Vectors > 2) hn::StoreU(sum3, d, sum + column + 3 * lanes);
}

void SumRows(const float* HWY_RESTRICT rows, std::size_t stride, const std::uint32_t* HWY_RESTRICT indexes,
             const float* HWY_RESTRICT weights, std::size_t count, float* HWY_RESTRICT sum, std::size_t width) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t column = 0;
  for (; column + 4 * lanes <= width; column += 4 * lanes)
    SumColumns<4>(d, rows, stride, indexes, weights, count, column, sum);
  for (; column + 2 * lanes <= width; column += 2 * lanes)
    SumColumns<2>(d, rows, stride, indexes, weights, count, column, sum);
  for (; column + lanes <= width; column += lanes) SumColumns<1>(d, rows, stride, indexes, weights, count, column, sum);
  const hn::CappedTag<float, 1> one;
  for (; column < width; ++column) SumColumns<1>(one, rows, stride, indexes, weights, count, column, sum);
}

// Rows of the events this far ahead are fetched while the current one is worked on.
constexpr std::size_t kPrefetchDistance = 4;

double SgdBlock(const SgdEvent* HWY_RESTRICT events, std::size_t count, const SgdTables& tables,
                const SgdRates& rates) {
  const hn::CappedTag<float, 16> d;  // width is a multiple of 16
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = tables.width;
  const float rate = rates.learning_rate;
  const float bias_keep = 1 - rate * rates.bias_reg;
  double squared_error = 0;
  for (std::size_t e = 0; e < count; ++e) {
    if (e + kPrefetchDistance < count) {
      const float* next = tables.item_factors + events[e + kPrefetchDistance].item * width;
      for (std::size_t i = 0; i < width; i += 16) __builtin_prefetch(next + i);
    }
    float* HWY_RESTRICT p = tables.user_factors + events[e].user * width;
    float* HWY_RESTRICT q = tables.item_factors + events[e].item * width;
    float& user_bias = tables.user_biases[events[e].user];
    float& item_bias = tables.item_biases[events[e].item];
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    for (std::size_t i = 0; i < width; i += 2 * lanes) {
      sum0 = hn::MulAdd(hn::Load(d, p + i), hn::Load(d, q + i), sum0);
      if (i + lanes < width) sum1 = hn::MulAdd(hn::Load(d, p + i + lanes), hn::Load(d, q + i + lanes), sum1);
    }
    const float predicted = user_bias + item_bias + hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
    const float error = events[e].value - predicted;
    squared_error += static_cast<double>(error) * static_cast<double>(error);
    user_bias = bias_keep * user_bias + rate * error;
    item_bias = bias_keep * item_bias + rate * error;
    const auto step = hn::Set(d, rate * error);
    const auto keep_p = hn::Set(d, 1 - rate * tables.user_reg[events[e].user]);
    const auto keep_q = hn::Set(d, 1 - rate * tables.item_reg[events[e].item]);
    for (std::size_t i = 0; i < width; i += lanes) {
      const auto old_p = hn::Load(d, p + i);
      const auto old_q = hn::Load(d, q + i);
      hn::Store(hn::MulAdd(step, old_q, hn::Mul(keep_p, old_p)), d, p + i);
      hn::Store(hn::MulAdd(step, old_p, hn::Mul(keep_q, old_q)), d, q + i);
    }
  }
  return squared_error;
}

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(PositionsAbove);
HWY_EXPORT(Dot);
HWY_EXPORT(Axpy);
HWY_EXPORT(SumRows);
HWY_EXPORT(SgdBlock);
HWY_EXPORT(TargetName);

std::size_t positions_above(std::span<const float> scores, float threshold, std::uint32_t* found) {
  return HWY_DYNAMIC_DISPATCH(PositionsAbove)(scores.data(), scores.size(), threshold, found);
}

float dot(std::span<const float> a, std::span<const float> b) {
  return HWY_DYNAMIC_DISPATCH(Dot)(a.data(), b.data(), a.size());
}

void axpy(float alpha, std::span<const float> x, std::span<float> y) {
  HWY_DYNAMIC_DISPATCH(Axpy)(alpha, x.data(), y.data(), x.size());
}

void sum_rows(const float* rows, std::size_t stride, std::span<const std::uint32_t> indexes,
              std::span<const float> weights, std::span<float> sum) {
  HWY_DYNAMIC_DISPATCH(SumRows)
  (rows, stride, indexes.data(), weights.data(), indexes.size(), sum.data(), sum.size());
}

double sgd_block(std::span<const SgdEvent> events, const SgdTables& tables, const SgdRates& rates) {
  return HWY_DYNAMIC_DISPATCH(SgdBlock)(events.data(), events.size(), tables, rates);
}

std::string kernel_target() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

}  // namespace gusto
#endif
