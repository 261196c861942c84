#include "gusto/nn/elementwise_kernels.h"

#include <array>
#include <initializer_list>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/elementwise_kernels.cc"
// clang-format off
#include <hwy/foreach_target.h>  // before all that is compiled once per instruction set
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

#include "gusto/nn/kernel_loops-inl.h"
#include "gusto/nn/tape.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  // Stopping at −60 costs 1e-26, and keeps results and their products out of the slow range of denormal numbers.
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 60.0F)));
  const V y = hn::Div(hn::Set(d, 1.0F), hn::Add(hn::Set(d, 1.0F), e));
  return hn::IfThenElse(hn::Eq(x, x), y, x);  // Exp and Min lose a NaN, which the trainer must see
}

// exp(−x²/2), which is left in `bell`, and from it Φ(x): formula 7.1.26 of Abramowitz & Stegun, within 1e-7.
template <class D, class V>
HWY_INLINE V NormalCdf(D d, V x, V& bell) {
  const V half = hn::Set(d, 0.5F);
  const V one = hn::Set(d, 1.0F);
  const V size = hn::Abs(x);
  bell = hn::Exp(d, hn::Neg(hn::Mul(half, hn::Min(hn::Mul(x, x), hn::Set(d, 200.0F)))));
  const V t = hn::Div(one, hn::MulAdd(hn::Set(d, 0.3275911F * 0.70710678F), size, one));
  V tail = hn::Set(d, 1.061405429F);
  tail = hn::MulAdd(tail, t, hn::Set(d, -1.453152027F));
  tail = hn::MulAdd(tail, t, hn::Set(d, 1.421413741F));
  tail = hn::MulAdd(tail, t, hn::Set(d, -0.284496736F));
  tail = hn::MulAdd(tail, t, hn::Set(d, 0.254829592F));
  tail = hn::Mul(hn::Mul(half, bell), hn::Mul(tail, t));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(one, tail));
}

constexpr float kCosineLimit = 1.0F - 1e-6F;

template <CurveKind Kind, class D, class V>
HWY_INLINE V Value(D d, const Curve& curve, V x) {
  const V one = hn::Set(d, 1.0F);
  if constexpr (Kind == CurveKind::relu) {
    return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);  // unlike Max, keeps a NaN
  } else if constexpr (Kind == CurveKind::gelu) {
    V bell;
    return hn::Mul(x, NormalCdf(d, x, bell));
  } else if constexpr (Kind == CurveKind::sigmoid) {
    return hn::MulAdd(hn::Set(d, curve.scale), Sigmoid(d, x), hn::Set(d, curve.shift));
  } else if constexpr (Kind == CurveKind::tanh) {
    return hn::Tanh(d, x);
  } else if constexpr (Kind == CurveKind::line) {
    return hn::MulAdd(hn::Set(d, curve.scale), x, hn::Set(d, curve.shift));
  } else {
    const V limit = hn::Set(d, kCosineLimit);
    const V c = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
    const V y = hn::Log(d, hn::Div(hn::Add(one, c), hn::Sub(one, c)));
    return hn::IfThenElse(hn::Eq(x, x), y, x);
  }
}

// The gradient of x from that of y, and y or x.
template <CurveKind Kind, class D, class V>
HWY_INLINE V Back(D d, const Curve& curve, V g, V known) {
  const V one = hn::Set(d, 1.0F);
  if constexpr (Kind == CurveKind::relu) {
    return hn::IfThenElseZero(hn::Gt(known, hn::Zero(d)), g);
  } else if constexpr (Kind == CurveKind::gelu) {
    V bell;
    const V cdf = NormalCdf(d, known, bell);
    return hn::Mul(g, hn::MulAdd(hn::Mul(known, hn::Set(d, 0.3989422804F)), bell, cdf));
  } else if constexpr (Kind == CurveKind::sigmoid) {
    const V above = hn::Sub(known, hn::Set(d, curve.shift));
    const V below = hn::Sub(hn::Set(d, curve.shift + curve.scale), known);
    return hn::Mul(g, hn::Mul(hn::Mul(above, below), hn::Set(d, 1 / curve.scale)));
  } else if constexpr (Kind == CurveKind::tanh) {
    return hn::Mul(g, hn::NegMulAdd(known, known, one));
  } else if constexpr (Kind == CurveKind::line) {
    return hn::Mul(g, hn::Set(d, curve.scale));
  } else {
    const V slope = hn::Div(hn::Set(d, 2.0F), hn::NegMulAdd(known, known, one));
    return hn::IfThenElseZero(hn::Lt(hn::Abs(known), hn::Set(d, kCosineLimit)), hn::Mul(g, slope));
  }
}

template <CurveKind Kind>
void EachValue(const Curve& curve, MatrixView<const float> x, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    ForColumns(y.cols, [&](auto d, std::size_t c)
                           HWY_ATTR { hn::StoreU(Value<Kind>(d, curve, hn::LoadU(d, from + c)), d, to + c); });
  }
}

template <CurveKind Kind, bool Add>
void EachBack(const Curve& curve, MatrixView<const float> g, MatrixView<const float> known, MatrixView<float> dx) {
  for (std::size_t r = 0; r < dx.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* value = known.data + r * known.stride;
    float* to = dx.data + r * dx.stride;
    ForColumns(dx.cols, [&](auto d, std::size_t c) HWY_ATTR {
      Put<Add>(d, Back<Kind>(d, curve, hn::LoadU(d, flow + c), hn::LoadU(d, value + c)), to + c);
    });
  }
}

void ApplyCurve(const Curve& curve, MatrixView<const float> x, MatrixView<float> y) {
  switch (curve.kind) {
    case CurveKind::relu: return EachValue<CurveKind::relu>(curve, x, y);
    case CurveKind::gelu: return EachValue<CurveKind::gelu>(curve, x, y);
    case CurveKind::sigmoid: return EachValue<CurveKind::sigmoid>(curve, x, y);
    case CurveKind::tanh: return EachValue<CurveKind::tanh>(curve, x, y);
    case CurveKind::line: return EachValue<CurveKind::line>(curve, x, y);
    case CurveKind::cosine_logit: return EachValue<CurveKind::cosine_logit>(curve, x, y);
  }
}

template <bool Add>
void CurveBack(const Curve& curve, MatrixView<const float> g, MatrixView<const float> known, MatrixView<float> dx) {
  switch (curve.kind) {
    case CurveKind::relu: return EachBack<CurveKind::relu, Add>(curve, g, known, dx);
    case CurveKind::gelu: return EachBack<CurveKind::gelu, Add>(curve, g, known, dx);
    case CurveKind::sigmoid: return EachBack<CurveKind::sigmoid, Add>(curve, g, known, dx);
    case CurveKind::tanh: return EachBack<CurveKind::tanh, Add>(curve, g, known, dx);
    case CurveKind::line: return EachBack<CurveKind::line, Add>(curve, g, known, dx);
    case CurveKind::cosine_logit: return EachBack<CurveKind::cosine_logit, Add>(curve, g, known, dx);
  }
}

void BackCurve(const Curve& curve, MatrixView<const float> g, MatrixView<const float> known, const GradientTarget& dx) {
  dx.fresh ? CurveBack<false>(curve, g, known, dx.view) : CurveBack<true>(curve, g, known, dx.view);
}

void Copy(MatrixView<const float> x, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR { hn::StoreU(hn::LoadU(d, from + c), d, to + c); });
  }
}

void AddUp(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    float* to = y.data + r * y.stride;
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(d, left + c), hn::LoadU(d, right + c)), d, to + c);
    });
  }
}

template <bool Add>
void MultiplyInto(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    float* to = y.data + r * y.stride;
    ForColumns(y.cols, [&](auto d, std::size_t c)
                           HWY_ATTR { Put<Add>(d, hn::Mul(hn::LoadU(d, left + c), hn::LoadU(d, right + c)), to + c); });
  }
}

void Multiply(MatrixView<const float> a, MatrixView<const float> b, const GradientTarget& to) {
  to.fresh ? MultiplyInto<false>(a, b, to.view) : MultiplyInto<true>(a, b, to.view);
}

void MultiplyBack(MatrixView<const float> g, MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> da,
                  MatrixView<float> db) {
  for (std::size_t r = 0; r < g.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    float* to_left = da.data + r * da.stride;
    float* to_right = db.data + r * db.stride;
    ForColumns(g.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto gradient = hn::LoadU(d, flow + c);
      const auto by_left = hn::Mul(gradient, hn::LoadU(d, right + c));
      const auto by_right = hn::Mul(gradient, hn::LoadU(d, left + c));
      hn::StoreU(by_left, d, to_left + c);
      hn::StoreU(by_right, d, to_right + c);
    });
  }
}

// A bijection on 32 bits that scatters close inputs ("lowbias32", C. Wellons, https://nullprogram.com/blog/2018/07/31).
template <class DU, class VU>
HWY_INLINE VU Scatter(DU du, VU x) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(du, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(du, 0x846ca68bU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// 0, 1, 2, … for as many lanes as any vector has.
constexpr auto kSteps = [] {
  std::array<std::uint32_t, HWY_MAX_BYTES / sizeof(float)> steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<std::uint32_t>(i);
  return steps;
}();

template <bool Add>
void DropoutInto(MatrixView<const float> x, const DropoutDraw& draw, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    const auto first = static_cast<std::uint32_t>(r * y.cols) + draw.offset;
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const hn::RebindToUnsigned<decltype(d)> du;
      const hn::RebindToSigned<decltype(d)> di;
      // hn::Iota is built number by number, which costs more than all the rest.
      const auto step = hn::LoadU(du, kSteps.data());
      const auto element = hn::Add(step, hn::Set(du, first + static_cast<std::uint32_t>(c)));
      const auto hash = Scatter(du, hn::Xor(element, hn::Set(du, draw.key)));
      const auto dropped = hn::Gt(hn::Set(di, draw.limit), hn::BitCast(di, hn::ShiftRight<1>(hash)));
      const auto scaled = hn::Mul(hn::LoadU(d, from + c), hn::Set(d, draw.scale));
      Put<Add>(d, hn::IfThenZeroElse(hn::RebindMask(d, dropped), scaled), to + c);
    });
  }
}

void Dropout(MatrixView<const float> x, const DropoutDraw& draw, const GradientTarget& to) {
  to.fresh ? DropoutInto<false>(x, draw, to.view) : DropoutInto<true>(x, draw, to.view);
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(ApplyCurve);
HWY_EXPORT(BackCurve);
HWY_EXPORT(Copy);
HWY_EXPORT(AddUp);
HWY_EXPORT(Multiply);
HWY_EXPORT(MultiplyBack);
HWY_EXPORT(Dropout);

// Makes one long row of matrices that have no gaps between their rows.
void flatten(std::initializer_list<MatrixView<const float>*> inputs,
             std::initializer_list<MatrixView<float>*> results) {
  const std::size_t cols = (*results.begin())->cols;
  for (const auto* view : inputs) {
    if (view->stride != cols) return;
  }
  for (const auto* view : results) {
    if (view->stride != cols) return;
  }
  const auto lengthen = [](auto* view) {
    view->cols *= view->rows;
    view->rows = 1;
  };
  for (auto* view : inputs) lengthen(view);
  for (auto* view : results) lengthen(view);
}

}  // namespace

void curve(const Curve& curve, MatrixView<const float> x, MatrixView<float> y) {
  flatten({&x}, {&y});
  HWY_DYNAMIC_DISPATCH(ApplyCurve)(curve, x, y);
}

void curve_backward(const Curve& curve, MatrixView<const float> gradient, MatrixView<const float> known,
                    GradientTarget dx) {
  flatten({&gradient, &known}, {&dx.view});
  HWY_DYNAMIC_DISPATCH(BackCurve)(curve, gradient, known, dx);
}

void copy(MatrixView<const float> x, MatrixView<float> y) {
  flatten({&x}, {&y});
  HWY_DYNAMIC_DISPATCH(Copy)(x, y);
}

void add(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y) {
  flatten({&a, &b}, {&y});
  HWY_DYNAMIC_DISPATCH(AddUp)(a, b, y);
}

void give(MatrixView<const float> x, GradientTarget to) { to.fresh ? copy(x, to.view) : add(x, to.view, to.view); }

void multiply(MatrixView<const float> a, MatrixView<const float> b, GradientTarget to) {
  flatten({&a, &b}, {&to.view});
  HWY_DYNAMIC_DISPATCH(Multiply)(a, b, to);
}

void multiply_backward(MatrixView<const float> g, MatrixView<const float> a, MatrixView<const float> b,
                       MatrixView<float> da, MatrixView<float> db) {
  flatten({&g, &a, &b}, {&da, &db});
  HWY_DYNAMIC_DISPATCH(MultiplyBack)(g, a, b, da, db);
}

void dropout(MatrixView<const float> x, const DropoutDraw& draw, GradientTarget to) {
  flatten({&x}, {&to.view});
  HWY_DYNAMIC_DISPATCH(Dropout)(x, draw, to);
}

}  // namespace gusto::nn::kernels
#endif
