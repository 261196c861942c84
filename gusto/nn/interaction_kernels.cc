#include "gusto/nn/interaction_kernels.h"

#include <cmath>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/interaction_kernels.cc"
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

HWY_INLINE float RowDot(const float* a, const float* b, std::size_t cols) {
  return SumColumns(cols, [&](auto d, std::size_t c, auto sum)
                              HWY_ATTR { return hn::MulAdd(hn::LoadU(d, a + c), hn::LoadU(d, b + c), sum); });
}

void Cosine(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y, float* HWY_RESTRICT inverse_a,
            float* HWY_RESTRICT inverse_b) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    const float left_norm = std::sqrt(RowDot(left, left, a.cols));
    const float right_norm = std::sqrt(RowDot(right, right, a.cols));
    inverse_a[r] = left_norm > 0 ? 1 / left_norm : 0;
    inverse_b[r] = right_norm > 0 ? 1 / right_norm : 0;
    y(r, 0) = RowDot(left, right, a.cols) * inverse_a[r] * inverse_b[r];
  }
}

template <bool Add>
void CosineBackInto(MatrixView<const float> g, MatrixView<const float> y, MatrixView<const float> a,
                    MatrixView<const float> b, const float* inverse_a, const float* inverse_b, MatrixView<float> da) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    float* to = da.data + r * da.stride;
    const float of_other = g(r, 0) * inverse_a[r] * inverse_b[r];
    const float of_self = g(r, 0) * y(r, 0) * inverse_a[r] * inverse_a[r];
    ForColumns(a.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto other = hn::Mul(hn::Set(d, of_other), hn::LoadU(d, right + c));
      Put<Add>(d, hn::NegMulAdd(hn::Set(d, of_self), hn::LoadU(d, left + c), other), to + c);
    });
  }
}

void CosineBack(MatrixView<const float> g, MatrixView<const float> y, MatrixView<const float> a,
                MatrixView<const float> b, const float* inverse_a, const float* inverse_b, const GradientTarget& da) {
  da.fresh ? CosineBackInto<false>(g, y, a, b, inverse_a, inverse_b, da.view)
           : CosineBackInto<true>(g, y, a, b, inverse_a, inverse_b, da.view);
}

void FmPooling(MatrixView<const float> x, std::size_t fields, MatrixView<float> sums, MatrixView<float> y) {
  const std::size_t dim = y.cols;
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* sum_to = sums.data + r * sums.stride;
    float* to = y.data + r * y.stride;
    ForColumns(dim, [&](auto d, std::size_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      auto squares = hn::Zero(d);
      for (std::size_t f = 0; f < fields; ++f) {
        const auto v = hn::LoadU(d, from + f * dim + c);
        sum = hn::Add(sum, v);
        squares = hn::MulAdd(v, v, squares);
      }
      hn::StoreU(sum, d, sum_to + c);
      hn::StoreU(hn::Mul(hn::Set(d, 0.5F), hn::MulSub(sum, sum, squares)), d, to + c);
    });
  }
}

template <bool Add>
void FmPoolingBackInto(MatrixView<const float> g, MatrixView<const float> x, std::size_t fields,
                       MatrixView<const float> sums, MatrixView<float> dx) {
  const std::size_t dim = g.cols;
  for (std::size_t r = 0; r < g.rows; ++r) {
    const float* from = x.data + r * x.stride;
    const float* sum_from = sums.data + r * sums.stride;
    const float* flow_from = g.data + r * g.stride;
    float* to = dx.data + r * dx.stride;
    ForColumns(dim, [&](auto d, std::size_t c) HWY_ATTR {
      const auto flow = hn::LoadU(d, flow_from + c);
      const auto sum = hn::LoadU(d, sum_from + c);
      for (std::size_t f = 0; f < fields; ++f) {
        const std::size_t at = f * dim + c;
        Put<Add>(d, hn::Mul(flow, hn::Sub(sum, hn::LoadU(d, from + at))), to + at);
      }
    });
  }
}

void FmPoolingBack(MatrixView<const float> g, MatrixView<const float> x, std::size_t fields,
                   MatrixView<const float> sums, const GradientTarget& dx) {
  dx.fresh ? FmPoolingBackInto<false>(g, x, fields, sums, dx.view)
           : FmPoolingBackInto<true>(g, x, fields, sums, dx.view);
}

HWY_INLINE float SumOfExp(const float* x, float shift, std::size_t cols) {
  return SumColumns(cols, [&](auto d, std::size_t c, auto sum) HWY_ATTR {
    return hn::Add(sum, hn::Exp(d, hn::Sub(hn::LoadU(d, x + c), hn::Set(d, shift))));
  });
}

void LogSoftmax(MatrixView<const float> x, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    const float most = LargestOf(from, y.cols);
    const float rest = std::log(SumOfExp(from, most, y.cols));
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto below = hn::Sub(hn::LoadU(d, from + c), hn::Set(d, most));
      hn::StoreU(hn::Sub(below, hn::Set(d, rest)), d, to + c);
    });
  }
}

template <bool Add>
void LogSoftmaxBackInto(MatrixView<const float> g, MatrixView<const float> y, MatrixView<float> dx) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* value = y.data + r * y.stride;
    float* to = dx.data + r * dx.stride;
    const float total = SumColumns(
        y.cols, [&](auto d, std::size_t c, auto sum) HWY_ATTR { return hn::Add(sum, hn::LoadU(d, flow + c)); });
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto share = hn::Exp(d, hn::LoadU(d, value + c));
      Put<Add>(d, hn::NegMulAdd(share, hn::Set(d, total), hn::LoadU(d, flow + c)), to + c);
    });
  }
}

void LogSoftmaxBack(MatrixView<const float> g, MatrixView<const float> y, const GradientTarget& dx) {
  dx.fresh ? LogSoftmaxBackInto<false>(g, y, dx.view) : LogSoftmaxBackInto<true>(g, y, dx.view);
}

double SoftmaxLoss(MatrixView<const float> x, const std::uint32_t* targets, float scale, MatrixView<float> slope) {
  double loss = 0;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    const float most = LargestOf(from, x.cols);
    if (slope.data == nullptr) {
      loss += static_cast<double>(std::log(SumOfExp(from, most, x.cols)) + most - from[targets[r]]);
      continue;
    }
    float* to = slope.data + r * slope.stride;
    const float sum = SumColumns(x.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, from + c), hn::Set(d, most)));
      hn::StoreU(e, d, to + c);
      return hn::Add(partial, e);
    });
    loss += static_cast<double>(std::log(sum) + most - from[targets[r]]);
    const float share = scale / sum;
    ForColumns(x.cols, [&](auto d, std::size_t c)
                           HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, to + c), hn::Set(d, share)), d, to + c); });
    to[targets[r]] -= scale;
  }
  return loss;
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(Cosine);
HWY_EXPORT(CosineBack);
HWY_EXPORT(FmPooling);
HWY_EXPORT(FmPoolingBack);
HWY_EXPORT(LogSoftmax);
HWY_EXPORT(LogSoftmaxBack);
HWY_EXPORT(SoftmaxLoss);

}  // namespace

void cosine(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y, float* inverse_a,
            float* inverse_b) {
  HWY_DYNAMIC_DISPATCH(Cosine)(a, b, y, inverse_a, inverse_b);
}

void cosine_backward(MatrixView<const float> g, MatrixView<const float> y, MatrixView<const float> a,
                     MatrixView<const float> b, const float* inverse_a, const float* inverse_b, GradientTarget da) {
  HWY_DYNAMIC_DISPATCH(CosineBack)(g, y, a, b, inverse_a, inverse_b, da);
}

void fm_pooling(MatrixView<const float> x, std::size_t fields, MatrixView<float> sums, MatrixView<float> y) {
  HWY_DYNAMIC_DISPATCH(FmPooling)(x, fields, sums, y);
}

void fm_pooling_backward(MatrixView<const float> g, MatrixView<const float> x, std::size_t fields,
                         MatrixView<const float> sums, GradientTarget dx) {
  HWY_DYNAMIC_DISPATCH(FmPoolingBack)(g, x, fields, sums, dx);
}

void log_softmax(MatrixView<const float> x, MatrixView<float> y) { HWY_DYNAMIC_DISPATCH(LogSoftmax)(x, y); }

void log_softmax_backward(MatrixView<const float> g, MatrixView<const float> y, GradientTarget dx) {
  HWY_DYNAMIC_DISPATCH(LogSoftmaxBack)(g, y, dx);
}

double softmax_loss(MatrixView<const float> x, const std::uint32_t* targets, float scale, MatrixView<float> slope) {
  return HWY_DYNAMIC_DISPATCH(SoftmaxLoss)(x, targets, scale, slope);
}

}  // namespace gusto::nn::kernels
#endif
