#include "gusto/nn/attention_kernels.h"

#include <algorithm>
#include <limits>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/attention_kernels.cc"
// clang-format off
#include <hwy/foreach_target.h>  // before all that is compiled once per instruction set
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

#include "gusto/nn/kernel_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

void CausalSoftmax(MatrixView<float> x, std::size_t visible, float scale) {
  // What cannot be seen counts as so low that its share is 0: all columns go by whole vectors.
  constexpr float kUnseen = std::numeric_limits<float>::lowest();
  for (std::size_t r = 0; r < x.rows; ++r) {
    float* row = x.data + r * x.stride;
    for (std::size_t c = visible + r; c < x.cols; ++c) row[c] = kUnseen;
    const float most = LargestOf(row, x.cols);
    const float sum = SumColumns(x.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      const auto below = hn::Sub(hn::LoadU(d, row + c), hn::Set(d, most));
      const auto e = hn::Exp(d, hn::Mul(below, hn::Set(d, scale)));
      hn::StoreU(e, d, row + c);
      return hn::Add(partial, e);
    });
    const float share = 1 / sum;
    ForColumns(x.cols, [&](auto d, std::size_t c)
                           HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, row + c), hn::Set(d, share)), d, row + c); });
  }
}

void CausalSoftmaxBack(MatrixView<const float> g, MatrixView<const float> dropped, MatrixView<float> weights,
                       float scale) {
  for (std::size_t r = 0; r < g.rows; ++r) {
    const float* flow = g.data + r * g.stride;
    const float* used = dropped.data + r * dropped.stride;
    float* row = weights.data + r * weights.stride;
    const float total = SumColumns(g.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      return hn::MulAdd(hn::LoadU(d, used + c), hn::LoadU(d, flow + c), partial);
    });
    ForColumns(g.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto own = hn::Mul(hn::LoadU(d, used + c), hn::LoadU(d, flow + c));
      const auto slope = hn::NegMulAdd(hn::LoadU(d, row + c), hn::Set(d, total), own);
      hn::StoreU(hn::Mul(slope, hn::Set(d, scale)), d, row + c);
    });
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(CausalSoftmax);
HWY_EXPORT(CausalSoftmaxBack);

}  // namespace

void causal_softmax(MatrixView<float> x, std::size_t visible, float scale) {
  HWY_DYNAMIC_DISPATCH(CausalSoftmax)(x, visible, scale);
}

void causal_softmax_backward(MatrixView<const float> g, MatrixView<const float> dropped, MatrixView<float> weights,
                             float scale) {
  HWY_DYNAMIC_DISPATCH(CausalSoftmaxBack)(g, dropped, weights, scale);
}

}  // namespace gusto::nn::kernels
#endif
