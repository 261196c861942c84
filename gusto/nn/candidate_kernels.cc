#include "gusto/nn/candidate_kernels.h"

#include <cmath>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/candidate_kernels.cc"
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
namespace hn = hwy::HWY_NAMESPACE;

// z += offsets, and the largest.
float AddOffsets(float* z, const float* offsets, std::size_t cols) {
  ForColumns(cols, [&](auto d, std::size_t c)
                       HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, z + c), hn::LoadU(d, offsets + c)), d, z + c); });
  return LargestOf(z, cols);
}

double SoftmaxOverCandidates(MatrixView<float> logits, const float* offsets, const std::uint32_t* targets,
                             const float* own, float scale) {
  double loss = 0;
  for (std::size_t r = 0; r < logits.rows; ++r) {
    float* const z = logits.row(r).data();
    const std::uint32_t target = targets[r];
    const float wanted = z[target] + (own == nullptr ? 0.0F : own[r]);
    const float others = AddOffsets(z, offsets, logits.cols);
    z[target] = wanted;
    const float largest = std::max(others, wanted);
    const float sum = SumColumns(logits.cols, [&](auto d, std::size_t c, auto total) HWY_ATTR {
      const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, z + c), hn::Set(d, largest)));
      hn::StoreU(e, d, z + c);
      return hn::Add(total, e);
    });
    loss += static_cast<double>(largest - wanted) + std::log(static_cast<double>(sum));
    const float share = scale / sum;
    ForColumns(logits.cols, [&](auto d, std::size_t c)
                                HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, z + c), hn::Set(d, share)), d, z + c); });
    z[target] -= scale;
  }
  return loss;
}

// log(1 + exp z) and its slope σ(z). Stopping at 60 costs 1e-26, and keeps later products out of the slow range of
// denormals.
template <class D, class V>
HWY_INLINE V Softplus(D d, V z, V& slope) {
  const V one = hn::Set(d, 1.0F);
  const V e = hn::Exp(d, hn::Neg(hn::Min(hn::Abs(z), hn::Set(d, 60.0F))));
  const V share = hn::Div(one, hn::Add(one, e));
  slope = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), hn::Mul(e, share), share);
  return hn::Add(hn::Max(z, hn::Zero(d)), hn::Log1p(d, e));
}

double BinaryOverCandidates(MatrixView<float> logits, const float* weights, const std::uint32_t* targets,
                            float positive, float scale) {
  double loss = 0;
  for (std::size_t r = 0; r < logits.rows; ++r) {
    float* const z = logits.row(r).data();
    const std::uint32_t target = targets[r];
    const OneTag one;
    auto rise = hn::Zero(one);
    const float wanted = hn::GetLane(Softplus(one, hn::Set(one, -z[target]), rise));
    const float own_slope = -positive * hn::GetLane(rise);
    z[target] = -60;  // counts for next to nothing below
    const float sum = SumColumns(logits.cols, [&](auto d, std::size_t c, auto total) HWY_ATTR {
      auto slope = hn::Zero(d);
      const auto weight = hn::LoadU(d, weights + c);
      const auto value = Softplus(d, hn::LoadU(d, z + c), slope);
      hn::StoreU(hn::Mul(hn::Mul(slope, weight), hn::Set(d, scale)), d, z + c);
      return hn::MulAdd(weight, value, total);
    });
    z[target] = own_slope * scale;
    loss += static_cast<double>(positive) * static_cast<double>(wanted) + static_cast<double>(sum);
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

HWY_EXPORT(SoftmaxOverCandidates);
HWY_EXPORT(BinaryOverCandidates);

}  // namespace

double softmax_over_candidates(MatrixView<float> logits, std::span<const float> offsets,
                               std::span<const std::uint32_t> targets, std::span<const float> own, float scale) {
  return HWY_DYNAMIC_DISPATCH(SoftmaxOverCandidates)(logits, offsets.data(), targets.data(),
                                                     own.empty() ? nullptr : own.data(), scale);
}

double binary_over_candidates(MatrixView<float> logits, std::span<const float> weights,
                              std::span<const std::uint32_t> targets, float positive, float scale) {
  return HWY_DYNAMIC_DISPATCH(BinaryOverCandidates)(logits, weights.data(), targets.data(), positive, scale);
}

}  // namespace gusto::nn::kernels
#endif
