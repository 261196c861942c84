#include "gusto/nn/update_kernels.h"

#include <cmath>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/update_kernels.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto::nn {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

// The arithmetic is written once, for a tag of whole vectors and for one of single numbers.
template <OptimizerKind kKind, bool kMomentum, class D>
HWY_INLINE void Step(D d, const RowUpdate& row, std::size_t at, hn::Vec<D> gradient, const StepRates& rates) {
  auto w = hn::Mul(hn::Set(d, row.read), hn::LoadU(d, row.values + at));
  const auto g = hn::Mul(hn::Set(d, rates.gradient_scale), hn::MulAdd(hn::Set(d, row.reg), w, gradient));
  w = hn::Mul(w, hn::Set(d, rates.keep));
  const auto rate = hn::Set(d, rates.rate);
  if constexpr (kKind == OptimizerKind::adam) {
    const auto keep_first = hn::Set(d, rates.first_decay);
    const auto keep_second = hn::Set(d, rates.second_decay);
    const auto m0 = hn::LoadU(d, row.first + at);
    const auto v0 = hn::LoadU(d, row.second + at);
    const auto m = hn::MulAdd(keep_first, hn::Sub(m0, g), g);
    const auto g2 = hn::Mul(g, g);
    const auto v = hn::MulAdd(keep_second, hn::Sub(v0, g2), g2);
    hn::StoreU(m, d, row.first + at);
    hn::StoreU(v, d, row.second + at);
    const auto step = hn::Div(hn::Mul(rate, m), hn::Add(hn::Sqrt(v), hn::Set(d, rates.epsilon)));
    hn::StoreU(hn::Sub(w, step), d, row.values + at);
  } else if constexpr (kKind == OptimizerKind::adagrad) {
    const auto sum = hn::MulAdd(g, g, hn::LoadU(d, row.first + at));
    hn::StoreU(sum, d, row.first + at);
    const auto step = hn::Div(hn::Mul(rate, g), hn::Add(hn::Sqrt(sum), hn::Set(d, rates.epsilon)));
    hn::StoreU(hn::Sub(w, step), d, row.values + at);
  } else if constexpr (kMomentum) {
    const auto velocity = hn::MulAdd(hn::Set(d, rates.first_decay), hn::LoadU(d, row.first + at), g);
    hn::StoreU(velocity, d, row.first + at);
    hn::StoreU(hn::NegMulAdd(rate, velocity, w), d, row.values + at);
  } else {
    hn::StoreU(hn::NegMulAdd(rate, g, w), d, row.values + at);
  }
}

template <class D>
HWY_INLINE hn::Vec<D> Sum(D d, const RowUpdate& row, const GradientPiece* pieces, std::size_t at) {
  auto sum = hn::Zero(d);
  for (std::uint32_t p = row.head; p != GradientPiece::kEnd; p = pieces[p].next) {
    sum = hn::MulAdd(hn::Set(d, pieces[p].weight), hn::LoadU(d, pieces[p].gradient + at), sum);
  }
  return sum;
}

// Hands out each row's gradient in parts: four vectors at once, so that a chain is walked once for that many, then one, then
// single numbers.
template <class Function>
HWY_INLINE void ForParts(const RowUpdate& row, const GradientPiece* pieces, std::size_t width,
                         const Function& function) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t at = 0;
  for (; at + 4 * lanes <= width; at += 4 * lanes) {
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    auto sum3 = hn::Zero(d);
    for (std::uint32_t p = row.head; p != GradientPiece::kEnd; p = pieces[p].next) {
      const auto weight = hn::Set(d, pieces[p].weight);
      const float* gradient = pieces[p].gradient + at;
      sum0 = hn::MulAdd(weight, hn::LoadU(d, gradient), sum0);
      sum1 = hn::MulAdd(weight, hn::LoadU(d, gradient + lanes), sum1);
      sum2 = hn::MulAdd(weight, hn::LoadU(d, gradient + 2 * lanes), sum2);
      sum3 = hn::MulAdd(weight, hn::LoadU(d, gradient + 3 * lanes), sum3);
    }
    function(d, at, sum0);
    function(d, at + lanes, sum1);
    function(d, at + 2 * lanes, sum2);
    function(d, at + 3 * lanes, sum3);
  }
  for (; at + lanes <= width; at += lanes) function(d, at, Sum(d, row, pieces, at));
  for (; at < width; ++at) function(one, at, Sum(one, row, pieces, at));
}

template <OptimizerKind kKind, bool kMomentum>
void UpdateAll(const RowUpdate* rows, std::size_t count, const GradientPiece* pieces, std::size_t width,
               const StepRates& rates) {
  constexpr std::size_t kAhead = 2;
  for (std::size_t r = 0; r < count; ++r) {
    if (r + kAhead < count) {
      const RowUpdate& later = rows[r + kAhead];
      for (std::size_t at = 0; at < width; at += 16) {
        hwy::Prefetch(later.values + at);
        if constexpr (kKind != OptimizerKind::sgd || kMomentum) hwy::Prefetch(later.first + at);
        if constexpr (kKind == OptimizerKind::adam) hwy::Prefetch(later.second + at);
      }
    }
    const RowUpdate& row = rows[r];
    ForParts(row, pieces, width, [&](auto d, std::size_t at, auto gradient) HWY_ATTR {
      Step<kKind, kMomentum>(d, row, at, gradient, rates);
    });
  }
}

void UpdateRows(const RowUpdate* rows, std::size_t count, const GradientPiece* pieces, std::size_t width,
                const StepRates& rates) {
  switch (rates.kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw: return UpdateAll<OptimizerKind::adam, false>(rows, count, pieces, width, rates);
    case OptimizerKind::adagrad: return UpdateAll<OptimizerKind::adagrad, false>(rows, count, pieces, width, rates);
    case OptimizerKind::sgd:
      if (rates.first_decay > 0) return UpdateAll<OptimizerKind::sgd, true>(rows, count, pieces, width, rates);
      return UpdateAll<OptimizerKind::sgd, false>(rows, count, pieces, width, rates);
  }
}

double GradientNorm(const RowUpdate* rows, std::size_t count, const GradientPiece* pieces, std::size_t width) {
  double total = 0;
  for (std::size_t r = 0; r < count; ++r) {
    const RowUpdate& row = rows[r];
    float sum = 0;
    ForParts(row, pieces, width, [&](auto d, std::size_t at, auto gradient) HWY_ATTR {
      const auto w = hn::LoadU(d, row.values + at);
      const auto g = hn::MulAdd(hn::Set(d, row.reg * row.read), w, gradient);
      sum += hn::GetLane(hn::SumOfLanes(d, hn::Mul(g, g)));
    });
    total += static_cast<double>(sum);
  }
  return total;
}
// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn {

HWY_EXPORT(UpdateRows);
HWY_EXPORT(GradientNorm);

void update_rows(std::span<const RowUpdate> rows, std::span<const GradientPiece> pieces, std::size_t width,
                 const StepRates& rates) {
  HWY_DYNAMIC_DISPATCH(UpdateRows)(rows.data(), rows.size(), pieces.data(), width, rates);
}

double gradient_norm(std::span<const RowUpdate> rows, std::span<const GradientPiece> pieces, std::size_t width) {
  return HWY_DYNAMIC_DISPATCH(GradientNorm)(rows.data(), rows.size(), pieces.data(), width);
}

}  // namespace gusto::nn
#endif  // HWY_ONCE
