#include "gusto/retrieval/walk_kernels.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/retrieval/walk_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

void RowProducts(MatrixView<const float> vectors, const std::uint32_t* HWY_RESTRICT rows, std::size_t count,
                 const float* HWY_RESTRICT query, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t kLine = 16;
  for (std::size_t n = 0; n < count; ++n) {
    const float* row = vectors.data + rows[n] * vectors.stride;
    for (std::size_t w = 0; w < vectors.cols; w += kLine) __builtin_prefetch(row + w);
  }
  for (std::size_t n = 0; n < count; ++n) {
    const float* HWY_RESTRICT row = vectors.data + rows[n] * vectors.stride;
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    std::size_t w = 0;
    for (; w + 2 * lanes <= vectors.cols; w += 2 * lanes) {
      sum0 = hn::MulAdd(hn::LoadU(d, query + w), hn::LoadU(d, row + w), sum0);
      sum1 = hn::MulAdd(hn::LoadU(d, query + w + lanes), hn::LoadU(d, row + w + lanes), sum1);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
    for (; w < vectors.cols; ++w) sum += query[w] * row[w];
    out[n] = sum;
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(RowProducts);

void row_products(MatrixView<const float> vectors, std::span<const std::uint32_t> rows, const float* query,
                  float* out) {
  HWY_DYNAMIC_DISPATCH(RowProducts)(vectors, rows.data(), rows.size(), query, out);
}

}  // namespace gusto
#endif
