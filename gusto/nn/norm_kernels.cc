#include "gusto/nn/norm_kernels.h"

#include <cmath>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/norm_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "gusto/nn/kernel_loops-inl.h"
#include "gusto/nn/tape.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

void LayerNorm(MatrixView<const float> x, const float* gain, const float* offset, MatrixView<float> y, float* means,
               float* inverses) {
  const auto n = static_cast<float>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    const float mean = SumColumns(x.cols, [&](auto d, std::size_t c, auto sum)
                                              HWY_ATTR { return hn::Add(sum, hn::LoadU(d, from + c)); }) /
                       n;
    const float squares = SumColumns(x.cols, [&](auto d, std::size_t c, auto sum) HWY_ATTR {
      const auto apart = hn::Sub(hn::LoadU(d, from + c), hn::Set(d, mean));
      return hn::MulAdd(apart, apart, sum);
    });
    const float inverse = 1 / std::sqrt(squares / n + kNormEpsilon);
    means[r] = mean;
    inverses[r] = inverse;
    ForColumns(x.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, from + c), hn::Set(d, mean)), hn::Set(d, inverse));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, gain + c), normal, hn::LoadU(d, offset + c)), d, to + c);
    });
  }
}

template <bool Add>
void LayerNormBackInto(MatrixView<const float> g, MatrixView<const float> x, const float* gain, const float* means,
                       const float* inverses, MatrixView<float> dx) {
  const auto n = static_cast<float>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* from = x.data + r * x.stride;
    float* to = dx.data + r * dx.stride;
    const float mean = means[r], inverse = inverses[r];
    const float sum = SumColumns(x.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      return hn::MulAdd(hn::LoadU(d, gain + c), hn::LoadU(d, flow + c), partial);
    });
    const float products = SumColumns(x.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, from + c), hn::Set(d, mean)), hn::Set(d, inverse));
      return hn::MulAdd(hn::Mul(hn::LoadU(d, gain + c), hn::LoadU(d, flow + c)), normal, partial);
    });
    ForColumns(x.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, from + c), hn::Set(d, mean)), hn::Set(d, inverse));
      const auto own = hn::Mul(hn::LoadU(d, gain + c), hn::LoadU(d, flow + c));
      const auto centered = hn::Sub(own, hn::Set(d, sum / n));
      Put<Add>(d, hn::Mul(hn::Set(d, inverse), hn::NegMulAdd(normal, hn::Set(d, products / n), centered)), to + c);
    });
  }
}

void LayerNormBack(MatrixView<const float> g, MatrixView<const float> x, const float* gain, const float* means,
                   const float* inverses, const GradientTarget& dx) {
  dx.fresh ? LayerNormBackInto<false>(g, x, gain, means, inverses, dx.view)
           : LayerNormBackInto<true>(g, x, gain, means, inverses, dx.view);
}

void LayerNormGain(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* inverses,
                   const GradientTarget& dgain) {
  SumRows(x.rows, x.cols, dgain, [&](auto d, std::size_t r, std::size_t c, auto sum) HWY_ATTR {
    const auto apart = hn::Sub(hn::LoadU(d, x.data + r * x.stride + c), hn::Set(d, means[r]));
    return hn::MulAdd(hn::LoadU(d, g.data + r * g.stride + c), hn::Mul(apart, hn::Set(d, inverses[r])), sum);
  });
}

void ColumnSquares(MatrixView<const float> x, const float* means, MatrixView<float> squares) {
  SumRows(x.rows, x.cols, {squares, true}, [&](auto d, std::size_t r, std::size_t c, auto sum) HWY_ATTR {
    const auto apart = hn::Sub(hn::LoadU(d, x.data + r * x.stride + c), hn::LoadU(d, means + c));
    return hn::MulAdd(apart, apart, sum);
  });
}

void ColumnLines(MatrixView<const float> x, const float* means, const float* scales, const float* shifts,
                 MatrixView<float> y) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    ForColumns(x.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto apart = hn::Sub(hn::LoadU(d, from + c), hn::LoadU(d, means + c));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, scales + c), apart, hn::LoadU(d, shifts + c)), d, to + c);
    });
  }
}

void ColumnProducts(MatrixView<const float> g, MatrixView<const float> x, const float* means, MatrixView<float> sums) {
  SumRows(x.rows, x.cols, {sums, true}, [&](auto d, std::size_t r, std::size_t c, auto sum) HWY_ATTR {
    const auto apart = hn::Sub(hn::LoadU(d, x.data + r * x.stride + c), hn::LoadU(d, means + c));
    return hn::MulAdd(hn::LoadU(d, g.data + r * g.stride + c), apart, sum);
  });
}

template <bool Add>
void BatchNormBackInto(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* scales,
                       const float* slopes, const float* shifts, MatrixView<float> dx) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* from = x.data + r * x.stride;
    float* to = dx.data + r * dx.stride;
    ForColumns(x.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto apart = hn::Sub(hn::LoadU(d, from + c), hn::LoadU(d, means + c));
      const auto bent = hn::MulAdd(hn::LoadU(d, slopes + c), apart, hn::LoadU(d, shifts + c));
      Put<Add>(d, hn::MulAdd(hn::LoadU(d, scales + c), hn::LoadU(d, flow + c), bent), to + c);
    });
  }
}

void BatchNormBack(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* scales,
                   const float* slopes, const float* shifts, const GradientTarget& dx) {
  dx.fresh ? BatchNormBackInto<false>(g, x, means, scales, slopes, shifts, dx.view)
           : BatchNormBackInto<true>(g, x, means, scales, slopes, shifts, dx.view);
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(LayerNorm);
HWY_EXPORT(LayerNormBack);
HWY_EXPORT(LayerNormGain);
HWY_EXPORT(ColumnSquares);
HWY_EXPORT(ColumnLines);
HWY_EXPORT(ColumnProducts);
HWY_EXPORT(BatchNormBack);

}  // namespace

void layer_norm(MatrixView<const float> x, const float* gain, const float* offset, MatrixView<float> y, float* means,
                float* inverses) {
  HWY_DYNAMIC_DISPATCH(LayerNorm)(x, gain, offset, y, means, inverses);
}

void layer_norm_backward(MatrixView<const float> g, MatrixView<const float> x, const float* gain, const float* means,
                         const float* inverses, GradientTarget dx) {
  HWY_DYNAMIC_DISPATCH(LayerNormBack)(g, x, gain, means, inverses, dx);
}

void layer_norm_gain(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* inverses,
                     GradientTarget dgain) {
  HWY_DYNAMIC_DISPATCH(LayerNormGain)(g, x, means, inverses, dgain);
}

void column_squares(MatrixView<const float> x, const float* means, MatrixView<float> squares) {
  HWY_DYNAMIC_DISPATCH(ColumnSquares)(x, means, squares);
}

void column_lines(MatrixView<const float> x, const float* means, const float* scales, const float* shifts,
                  MatrixView<float> y) {
  HWY_DYNAMIC_DISPATCH(ColumnLines)(x, means, scales, shifts, y);
}

void column_products(MatrixView<const float> g, MatrixView<const float> x, const float* means, MatrixView<float> sums) {
  HWY_DYNAMIC_DISPATCH(ColumnProducts)(g, x, means, sums);
}

void batch_norm_backward(MatrixView<const float> g, MatrixView<const float> x, const float* means, const float* scales,
                         const float* slopes, const float* shifts, GradientTarget dx) {
  HWY_DYNAMIC_DISPATCH(BatchNormBack)(g, x, means, scales, slopes, shifts, dx);
}

}  // namespace gusto::nn::kernels
#endif
