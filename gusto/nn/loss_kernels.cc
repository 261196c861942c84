#include "gusto/nn/loss_kernels.h"

#include <algorithm>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/loss_kernels.cc"
// clang-format off
#include <hwy/foreach_target.h>  // before all that is compiled once per instruction set
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 64>;

// Rows are worked on in blocks of this many, which every vector length divides.
constexpr std::size_t kBlock = 64;

// log(1 + exp z) − t z, and the slope σ(z) of its first term. The two large terms are taken together first, so that
// what is left of them for a sure and right prediction keeps its digits.
template <class D, class V>
HWY_INLINE V Softplus(D d, V z, V t, V& slope) {
  const V one = hn::Set(d, 1.0F);
  // Stopping at 60 costs 1e-26, and keeps later products out of the slow range of denormal numbers.
  const V e = hn::Exp(d, hn::Neg(hn::Min(hn::Abs(z), hn::Set(d, 60.0F))));
  const V share = hn::Div(one, hn::Add(one, e));
  slope = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), hn::Mul(e, share), share);
  return hn::Add(hn::NegMulAdd(t, z, hn::Max(z, hn::Zero(d))), hn::Log1p(d, e));
}

template <LossKind Kind, class D, class V>
HWY_INLINE V Value(D d, const Loss& loss, V p, V t, V& slope) {
  const V error = hn::Sub(p, t);
  if constexpr (Kind == LossKind::squared) {
    slope = hn::Add(error, error);
    return hn::Mul(error, error);
  } else if constexpr (Kind == LossKind::absolute) {
    const V one = hn::Set(d, 1.0F);
    slope = hn::IfThenZeroElse(hn::Eq(error, hn::Zero(d)), hn::CopySign(one, error));
    return hn::Abs(error);
  } else if constexpr (Kind == LossKind::huber) {
    const V delta = hn::Set(d, loss.delta);
    slope = hn::Min(hn::Max(error, hn::Neg(delta)), delta);
    // slope · (error − slope/2) is e²/2 inside, and delta (|e| − delta/2) outside.
    return hn::Mul(slope, hn::NegMulAdd(hn::Set(d, 0.5F), slope, error));
  } else if constexpr (Kind == LossKind::logistic) {
    const V value = Softplus(d, p, t, slope);
    slope = hn::Sub(slope, t);
    return value;
  } else {
    // −log σ(e) = log(1 + exp(−e))
    const V value = Softplus(d, hn::Neg(error), hn::Zero(d), slope);
    slope = hn::Neg(slope);
    return value;
  }
}

template <LossKind Kind>
double SumOf(const Loss& loss, MatrixView<const float> p, MatrixView<const float> t, float scale, float* slope) {
  const FloatTag d;
  HWY_ALIGN float left[kBlock] = {};
  HWY_ALIGN float right[kBlock] = {};
  HWY_ALIGN float values[kBlock];
  HWY_ALIGN float slopes[kBlock];
  double sums[4] = {};
  for (std::size_t begin = 0; begin < p.rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, p.rows - begin);
    for (std::size_t i = 0; i < count; ++i) left[i] = p(begin + i, 0);
    for (std::size_t i = 0; i < count; ++i) right[i] = t(begin + i, 0);
    for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
      auto rise = hn::Zero(d);
      hn::Store(Value<Kind>(d, loss, hn::Load(d, left + i), hn::Load(d, right + i), rise), d, values + i);
      hn::Store(hn::Mul(rise, hn::Set(d, scale)), d, slopes + i);
    }
    if (slope != nullptr) std::copy_n(slopes, count, slope + begin);
    for (std::size_t i = 0; i < count; ++i) sums[i % 4] += static_cast<double>(values[i]);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double SumLosses(const Loss& loss, MatrixView<const float> p, MatrixView<const float> t, float scale, float* slope) {
  switch (loss.kind) {
    case LossKind::squared: return SumOf<LossKind::squared>(loss, p, t, scale, slope);
    case LossKind::absolute: return SumOf<LossKind::absolute>(loss, p, t, scale, slope);
    case LossKind::huber: return SumOf<LossKind::huber>(loss, p, t, scale, slope);
    case LossKind::logistic: return SumOf<LossKind::logistic>(loss, p, t, scale, slope);
    case LossKind::bpr: return SumOf<LossKind::bpr>(loss, p, t, scale, slope);
  }
  return 0;
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(SumLosses);

}  // namespace

double sum_losses(const Loss& loss, MatrixView<const float> p, MatrixView<const float> t, float scale,
                  std::span<float> slope) {
  return HWY_DYNAMIC_DISPATCH(SumLosses)(loss, p, t, scale, slope.empty() ? nullptr : slope.data());
}

}  // namespace gusto::nn::kernels
#endif
