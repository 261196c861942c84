#include "gusto/retrieval/panel_kernels.h"

#include <algorithm>

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/retrieval/panel_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using PanelTag = hn::CappedTag<float, 16>;
constexpr std::size_t kVectors = kPanelItems / hn::MaxLanes(PanelTag());

// As many queries as their sums leave room for in the registers: 32 of them with AVX-512, else 16.
constexpr std::size_t kManyQueries = kVectors <= 2 ? kPanelQueries : kVectors <= 4 ? 3 : 1;
constexpr std::size_t kFewQueries = kVectors <= 2 ? 4 : 1;

// Lines are fetched this far ahead of the panel that is read: the hardware's own prefetchers stop at each page.
constexpr std::size_t kPrefetchFloats = 2048;
constexpr std::size_t kPrefetchRows = 32;

template <std::size_t Queries>
void ScanPanels(const float* HWY_RESTRICT panels, std::size_t panel_count, std::size_t width,
                const float* HWY_RESTRICT queries, const float* HWY_RESTRICT thresholds, PanelHits* HWY_RESTRICT hits) {
  const PanelTag d;
  const hn::RebindToUnsigned<PanelTag> du;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t p = 0; p < panel_count; ++p) {
    const float* HWY_RESTRICT panel = panels + p * kPanelItems * width;
    hn::Vec<PanelTag> sums[Queries][kVectors];
    HWY_UNROLL(16)
    for (std::size_t q = 0; q < Queries; ++q) {
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < kVectors; ++v) sums[q][v] = hn::Zero(d);
    }
    for (std::size_t w = 0; w < width; ++w) {
      if (Queries == 1) {
        __builtin_prefetch(panel + w * kPanelItems + kPrefetchFloats);
        __builtin_prefetch(panel + w * kPanelItems + kPrefetchFloats + kPanelItems / 2);
      }
      HWY_UNROLL(16)
      for (std::size_t q = 0; q < Queries; ++q) {
        const auto query = hn::Set(d, queries[w * Queries + q]);
        HWY_UNROLL(16)
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[q][v] = hn::MulAdd(query, hn::Load(d, panel + w * kPanelItems + v * lanes), sums[q][v]);
        }
      }
    }
    HWY_UNROLL(16)
    for (std::size_t q = 0; q < Queries; ++q) {
      const auto threshold = hn::Set(d, thresholds[q]);
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto passes = hn::Not(hn::Le(sums[q][v], threshold));
        if (HWY_LIKELY(hn::AllFalse(d, passes))) continue;
        PanelHits& found = hits[q];
        const auto first = static_cast<std::uint32_t>(p * kPanelItems + v * lanes);
        hn::CompressStore(hn::Iota(du, first), hn::RebindMask(du, passes), du, found.positions + found.count);
        found.count += hn::CompressStore(sums[q][v], passes, d, found.scores + found.count);
      }
    }
  }
}

// Turns blocks of four items by four numbers in registers; what is left over is copied one by one.
void PackPanel(const float* HWY_RESTRICT items, std::size_t stride, std::size_t count, std::size_t width,
               float* HWY_RESTRICT panel) {
  std::size_t turned_items = 0, turned_width = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<float> d;
  const hn::Repartition<double, decltype(d)> pairs;
  turned_items = count / 4 * 4;
  turned_width = width / 4 * 4;
  for (std::size_t i = 0; i < turned_items; i += 4) {
    const float* HWY_RESTRICT rows = items + i * stride;
    for (std::size_t w = 0; w < turned_width; w += 4) {
      if (w % 16 == 0) {
        for (std::size_t r = kPrefetchRows; r < kPrefetchRows + 4; ++r) __builtin_prefetch(rows + r * stride + w);
      }
      const auto a = hn::LoadU(d, rows + w), b = hn::LoadU(d, rows + stride + w);
      const auto e = hn::LoadU(d, rows + 2 * stride + w), f = hn::LoadU(d, rows + 3 * stride + w);
      const auto ab01 = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
      const auto ab23 = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
      const auto ef01 = hn::BitCast(pairs, hn::InterleaveLower(d, e, f));
      const auto ef23 = hn::BitCast(pairs, hn::InterleaveUpper(d, e, f));
      float* HWY_RESTRICT out = panel + w * kPanelItems + i;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab01, ef01)), d, out);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab01, ef01)), d, out + kPanelItems);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab23, ef23)), d, out + 2 * kPanelItems);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab23, ef23)), d, out + 3 * kPanelItems);
    }
  }
#endif
  for (std::size_t i = 0; i < kPanelItems; ++i) {
    for (std::size_t w = i < turned_items ? turned_width : 0; w < width; ++w) {
      panel[w * kPanelItems + i] = i < count ? items[i * stride + w] : 0.0F;
    }
  }
}

// Queries beside one another, so that the loop above finds them at fixed distances.
void Interleave(MatrixView<const float> queries, std::size_t begin, std::size_t count, std::size_t room, float* out) {
  for (std::size_t w = 0; w < queries.cols; ++w) {
    for (std::size_t q = 0; q < room; ++q) out[w * room + q] = q < count ? queries(begin + q, w) : 0.0F;
  }
}

void ScanAll(const float* HWY_RESTRICT panels, std::size_t panel_count, MatrixView<const float> queries,
             const float* HWY_RESTRICT thresholds, float* HWY_RESTRICT scratch, PanelHits* HWY_RESTRICT hits) {
  std::size_t q = 0;
  for (; q + kManyQueries <= queries.rows; q += kManyQueries) {
    Interleave(queries, q, kManyQueries, kManyQueries, scratch);
    ScanPanels<kManyQueries>(panels, panel_count, queries.cols, scratch, thresholds + q, hits + q);
  }
  for (; q + kFewQueries <= queries.rows; q += kFewQueries) {
    Interleave(queries, q, kFewQueries, kFewQueries, scratch);
    ScanPanels<kFewQueries>(panels, panel_count, queries.cols, scratch, thresholds + q, hits + q);
  }
  for (; q < queries.rows; ++q) {
    ScanPanels<1>(panels, panel_count, queries.cols, queries.row(q).data(), thresholds + q, hits + q);
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(PackPanel);
HWY_EXPORT(ScanAll);

void pack_panels(MatrixView<const float> items, float* panels) {
  const auto pack = HWY_DYNAMIC_DISPATCH(PackPanel);
  for (std::size_t begin = 0; begin < items.rows; begin += kPanelItems) {
    pack(items.data + begin * items.stride, items.stride, std::min(kPanelItems, items.rows - begin), items.cols,
         panels + begin * items.cols);
  }
}

void scan_panels(const float* panels, std::size_t panel_count, MatrixView<const float> queries,
                 std::span<const float> thresholds, float* scratch, std::span<PanelHits> hits) {
  HWY_DYNAMIC_DISPATCH(ScanAll)(panels, panel_count, queries, thresholds.data(), scratch, hits.data());
}

}  // namespace gusto
#endif
