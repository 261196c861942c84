#include "gusto/models/bayes/fm_kernels.h"

#include <cmath>

#include "gusto/base/random.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/models/bayes/fm_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// Highway's own sources take part in the same game.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes: what fm_padded() pads to.
using FloatTag = hn::CappedTag<float, 16>;

constexpr std::size_t kDraws = 256;

void Normals(std::uint64_t key, float* HWY_RESTRICT out, std::size_t n) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float radius[kDraws];
  HWY_ALIGN float angle[kDraws];
  for (std::size_t done = 0; done < n; done += 2 * kDraws) {
    const std::size_t left = n - done;
    const std::size_t pairs = (left + 1) / 2 < kDraws ? (left + 1) / 2 : kDraws;
    const std::size_t padded = fm_padded(pairs);
    for (std::size_t p = 0; p < padded; ++p) {
      const std::uint64_t bits = mix(key + (done / 2 + p + 1) * 0x9e3779b97f4a7c15ULL);
      radius[p] = (static_cast<float>(bits >> 40) + 0.5F) * 0x1.0p-24F;         // in (0, 1)
      angle[p] = static_cast<float>((bits >> 8) & 0xffffff) * 0x1.921fb6p-22F;  // in [0, 2π)
    }
    for (std::size_t p = 0; p < padded; p += lanes) {
      const auto r = hn::Sqrt(hn::Mul(hn::Set(d, -2.0F), hn::Log(d, hn::Load(d, radius + p))));
      const auto a = hn::Load(d, angle + p);
      hn::Store(hn::Mul(r, hn::Cos(d, a)), d, radius + p);
      hn::Store(hn::Mul(r, hn::Sin(d, a)), d, angle + p);
    }
    for (std::size_t p = 0; p < pairs; ++p) {
      out[done + 2 * p] = radius[p];
      if (2 * p + 1 < left) out[done + 2 * p + 1] = angle[p];
    }
  }
}

// Four events' factors, summed over blocks, are read as rows and written as columns.
void Gather(const FmLookup& at, const float* const* tables, std::size_t width, std::size_t events,
            float* HWY_RESTRICT h) {
  const std::size_t padded = fm_padded(events);
  for (std::size_t e = 0; e < padded; ++e) h[e] = e < events ? 1.0F : 0.0F;
  float* HWY_RESTRICT factors = h + padded;
  std::size_t e = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<float> d;
  for (; e + 4 <= events; e += 4) {
    for (std::size_t f = 0; f < width; f += 4) {
      auto row0 = hn::Zero(d);
      auto row1 = hn::Zero(d);
      auto row2 = hn::Zero(d);
      auto row3 = hn::Zero(d);
      for (std::size_t c = 0; c < at.blocks; ++c) {
        const std::uint32_t* rows = at.rows[c] + e;
        const float* table = tables[c] + f;
        row0 = hn::Add(row0, hn::LoadU(d, table + rows[0] * width));
        row1 = hn::Add(row1, hn::LoadU(d, table + rows[1] * width));
        row2 = hn::Add(row2, hn::LoadU(d, table + rows[2] * width));
        row3 = hn::Add(row3, hn::LoadU(d, table + rows[3] * width));
      }
      const auto low02 = hn::InterleaveLower(d, row0, row2);
      const auto low13 = hn::InterleaveLower(d, row1, row3);
      const auto high02 = hn::InterleaveUpper(d, row0, row2);
      const auto high13 = hn::InterleaveUpper(d, row1, row3);
      hn::StoreU(hn::InterleaveLower(d, low02, low13), d, factors + f * padded + e);
      hn::StoreU(hn::InterleaveUpper(d, low02, low13), d, factors + (f + 1) * padded + e);
      hn::StoreU(hn::InterleaveLower(d, high02, high13), d, factors + (f + 2) * padded + e);
      hn::StoreU(hn::InterleaveUpper(d, high02, high13), d, factors + (f + 3) * padded + e);
    }
  }
#endif
  for (; e < padded; ++e) {
    for (std::size_t f = 0; f < width; ++f) {
      float sum = 0;
      for (std::size_t c = 0; c < at.blocks && e < events; ++c) sum += tables[c][at.rows[c][e] * width + f];
      factors[f * padded + e] = sum;
    }
  }
}

void SampleRow(const FmPriorView& prior, float noise, const float* normals, const float* HWY_RESTRICT h,
               std::size_t padded, float* HWY_RESTRICT residuals, float* theta, std::size_t coordinates) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  float change = 0;
  const float* before = h;
  for (std::size_t c = 0; c < coordinates; ++c) {
    const float* current = h + c * padded;
    // The last coordinate's change is made up for in the pass that the next one needs anyway.
    const auto lower = hn::Set(d, -change);
    auto squares0 = hn::Zero(d);
    auto squares1 = hn::Zero(d);
    auto products0 = hn::Zero(d);
    auto products1 = hn::Zero(d);
    std::size_t e = 0;
    for (; e + 2 * lanes <= padded; e += 2 * lanes) {
      const auto r0 = hn::MulAdd(lower, hn::LoadU(d, before + e), hn::LoadU(d, residuals + e));
      const auto r1 = hn::MulAdd(lower, hn::LoadU(d, before + e + lanes), hn::LoadU(d, residuals + e + lanes));
      const auto h0 = hn::LoadU(d, current + e);
      const auto h1 = hn::LoadU(d, current + e + lanes);
      hn::StoreU(r0, d, residuals + e);
      hn::StoreU(r1, d, residuals + e + lanes);
      squares0 = hn::MulAdd(h0, h0, squares0);
      squares1 = hn::MulAdd(h1, h1, squares1);
      products0 = hn::MulAdd(h0, r0, products0);
      products1 = hn::MulAdd(h1, r1, products1);
    }
    for (; e < padded; e += lanes) {
      const auto r0 = hn::MulAdd(lower, hn::LoadU(d, before + e), hn::LoadU(d, residuals + e));
      const auto h0 = hn::LoadU(d, current + e);
      hn::StoreU(r0, d, residuals + e);
      squares0 = hn::MulAdd(h0, h0, squares0);
      products0 = hn::MulAdd(h0, r0, products0);
    }
    const float squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(squares0, squares1)));
    const float products = hn::GetLane(hn::SumOfLanes(d, hn::Add(products0, products1)));
    const float precision = prior.precision[c] + noise * squares;
    const float mean = (prior.precision[c] * prior.mean[c] + noise * (products + squares * theta[c])) / precision;
    const float drawn = mean + normals[c] / std::sqrt(precision);
    change = drawn - theta[c];
    theta[c] = drawn;
    before = current;
  }
  const auto lower = hn::Set(d, -change);
  for (std::size_t e = 0; e < padded; e += lanes) {
    hn::StoreU(hn::MulAdd(lower, hn::LoadU(d, before + e), hn::LoadU(d, residuals + e)), d, residuals + e);
  }
}

// Σ over the other blocks of their factor, for the events from e on.
template <class D>
HWY_INLINE hn::Vec<D> LookUp(D d, const FmLookup& at, const float* const* tables, std::size_t e) {
  const hn::RebindToSigned<D> di;
  auto sum = hn::Zero(d);
  for (std::size_t c = 0; c < at.blocks; ++c) {
    const auto rows = hn::LoadU(di, reinterpret_cast<const std::int32_t*>(at.rows[c]) + e);
    sum = hn::Add(sum, hn::GatherIndex(d, tables[c], rows));
  }
  return sum;
}

template <class D>
struct EventSums {
  hn::Vec<D> sum, squares, residual, product;
};

// Events [e, end) as far as whole registers of D go; returns where it stopped.
template <bool kPrevious, bool kNext, class D>
HWY_INLINE std::size_t ShiftAndSumEvents(D d, const FmLookup& at, const float* const* previous,
                                         const float* const* next, std::size_t e, std::size_t end, float slope,
                                         float shift, float* HWY_RESTRICT residuals, EventSums<D>& sums) {
  const std::size_t lanes = hn::Lanes(d);
  const auto minus_slope = hn::Set(d, -slope);
  const auto by = hn::Set(d, shift);
  for (; e + lanes <= end; e += lanes) {
    auto r = hn::Sub(hn::LoadU(d, residuals + e), by);
    if (kPrevious) r = hn::MulAdd(minus_slope, LookUp(d, at, previous, e), r);
    hn::StoreU(r, d, residuals + e);
    sums.residual = hn::Add(sums.residual, r);
    if (!kNext) continue;
    const auto factor = LookUp(d, at, next, e);
    sums.sum = hn::Add(sums.sum, factor);
    sums.squares = hn::MulAdd(factor, factor, sums.squares);
    sums.product = hn::MulAdd(factor, r, sums.product);
  }
  return e;
}

template <bool kPrevious, bool kNext>
void ShiftAndSumRows(const FmLookup& at, const float* const* previous, const float* const* next,
                     const std::uint64_t* begin, std::size_t row_begin, std::size_t row_end, float* residuals,
                     FmRowSums* sums) {
  const FloatTag d;
  const hn::CappedTag<float, 1> one;
  for (std::size_t b = row_begin; b < row_end; ++b) {
    FmRowSums& row = sums[b];
    EventSums<FloatTag> wide{hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    EventSums<hn::CappedTag<float, 1>> rest{hn::Zero(one), hn::Zero(one), hn::Zero(one), hn::Zero(one)};
    const std::size_t whole = ShiftAndSumEvents<kPrevious, kNext>(d, at, previous, next, begin[b], begin[b + 1],
                                                                  row.slope, row.shift, residuals, wide);
    ShiftAndSumEvents<kPrevious, kNext>(one, at, previous, next, whole, begin[b + 1], row.slope, row.shift, residuals,
                                        rest);
    row.count = static_cast<float>(begin[b + 1] - begin[b]);
    row.sum = hn::GetLane(hn::SumOfLanes(d, wide.sum)) + hn::GetLane(rest.sum);
    row.squares = hn::GetLane(hn::SumOfLanes(d, wide.squares)) + hn::GetLane(rest.squares);
    row.residual = hn::GetLane(hn::SumOfLanes(d, wide.residual)) + hn::GetLane(rest.residual);
    row.product = hn::GetLane(hn::SumOfLanes(d, wide.product)) + hn::GetLane(rest.product);
    row.slope = 0;
    row.shift = 0;
  }
}

void ShiftAndSum(const FmLookup& at, const float* const* previous, const float* const* next, const std::uint64_t* begin,
                 std::size_t row_begin, std::size_t row_end, float* residuals, FmRowSums* sums) {
  if (previous != nullptr && next != nullptr) {
    ShiftAndSumRows<true, true>(at, previous, next, begin, row_begin, row_end, residuals, sums);
  } else if (previous != nullptr) {
    ShiftAndSumRows<true, false>(at, previous, next, begin, row_begin, row_end, residuals, sums);
  } else if (next != nullptr) {
    ShiftAndSumRows<false, true>(at, previous, next, begin, row_begin, row_end, residuals, sums);
  } else {
    ShiftAndSumRows<false, false>(at, previous, next, begin, row_begin, row_end, residuals, sums);
  }
}

void SampleColumns(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                   float noise, const float* normals, float* v, FmRowSums* HWY_RESTRICT sums) {
  for (std::size_t j = begin; j < end; ++j) {
    const float old = v[j];
    float squares = 0;
    float products = 0;
    for (std::size_t n = columns.offsets[j]; n < columns.offsets[j + 1]; ++n) {
      const FmRowSums& row = sums[columns.rows[n]];
      const float x = columns.weights[n];
      const float rest = row.factor - x * old;
      products += x * (row.product + rest * row.residual);
      squares += x * x * (row.squares + rest * (2 * row.sum + rest * row.count));
    }
    const float posterior = precision + noise * squares;
    v[j] = (precision * mean + noise * (products + squares * old)) / posterior + normals[j] / std::sqrt(posterior);
    const float change = v[j] - old;
    for (std::size_t n = columns.offsets[j]; n < columns.offsets[j + 1]; ++n) {
      FmRowSums& row = sums[columns.rows[n]];
      const float x = columns.weights[n];
      const float rest = row.factor - x * old;
      const float step = x * change;
      row.residual -= step * (row.sum + rest * row.count);
      row.product -= step * (row.squares + rest * row.sum);
      row.factor += step;
      row.slope += step;
      row.shift += step * rest;
    }
  }
}

void SampleWeights(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                   float noise, const float* normals, float* w, FmRowSums* HWY_RESTRICT sums) {
  for (std::size_t j = begin; j < end; ++j) {
    const float old = w[j];
    float squares = 0;
    float products = 0;
    for (std::size_t n = columns.offsets[j]; n < columns.offsets[j + 1]; ++n) {
      const FmRowSums& row = sums[columns.rows[n]];
      const float x = columns.weights[n];
      products += x * row.residual;
      squares += x * x * row.count;
    }
    const float posterior = precision + noise * squares;
    w[j] = (precision * mean + noise * (products + squares * old)) / posterior + normals[j] / std::sqrt(posterior);
    for (std::size_t n = columns.offsets[j]; n < columns.offsets[j + 1]; ++n) {
      FmRowSums& row = sums[columns.rows[n]];
      const float step = columns.weights[n] * (w[j] - old);
      row.residual -= step * row.count;
      row.shift += step;
    }
  }
}

void Dots(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t dim, float* HWY_RESTRICT out,
          std::size_t count) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t s = 0; s < count; ++s) {
    auto sum = hn::Zero(d);
    std::size_t f = 0;
    for (; f + lanes <= dim; f += lanes) sum = hn::MulAdd(hn::LoadU(d, a + f), hn::LoadU(d, b + f), sum);
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; f < dim; ++f) total += a[f] * b[f];
    out[s] = total;
    a += dim;
    b += dim;
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(Normals);
HWY_EXPORT(Gather);
HWY_EXPORT(SampleRow);
HWY_EXPORT(ShiftAndSum);
HWY_EXPORT(SampleColumns);
HWY_EXPORT(SampleWeights);
HWY_EXPORT(Dots);

void fm_normals(std::uint64_t key, std::span<float> out) { HWY_DYNAMIC_DISPATCH(Normals)(key, out.data(), out.size()); }

void fm_gather(const FmLookup& at, std::span<const float* const> tables, std::size_t width, std::size_t events,
               float* h) {
  HWY_DYNAMIC_DISPATCH(Gather)(at, tables.data(), width, events, h);
}

void fm_sample_row(const FmPriorView& prior, float noise_precision, std::span<const float> normals, const float* h,
                   std::size_t padded, float* residuals, std::span<float> theta) {
  HWY_DYNAMIC_DISPATCH(SampleRow)
  (prior, noise_precision, normals.data(), h, padded, residuals, theta.data(), theta.size());
}

void fm_shift_and_sum(const FmLookup& at, const float* const* previous, const float* const* next,
                      std::span<const std::uint64_t> begin, std::size_t row_begin, std::size_t row_end,
                      float* residuals, std::span<FmRowSums> sums) {
  HWY_DYNAMIC_DISPATCH(ShiftAndSum)
  (at, previous, next, begin.data(), row_begin, row_end, residuals, sums.data());
}

void fm_sample_columns(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                       float noise_precision, const float* normals, float* v, std::span<FmRowSums> sums) {
  HWY_DYNAMIC_DISPATCH(SampleColumns)
  (columns, begin, end, mean, precision, noise_precision, normals, v, sums.data());
}

void fm_sample_weights(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                       float noise_precision, const float* normals, float* w, std::span<FmRowSums> sums) {
  HWY_DYNAMIC_DISPATCH(SampleWeights)
  (columns, begin, end, mean, precision, noise_precision, normals, w, sums.data());
}

void fm_dots(const float* a, const float* b, std::size_t dim, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(Dots)(a, b, dim, out.data(), out.size());
}

}  // namespace gusto
#endif
