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

// As many queries as their sums leave room for in the registers, 32 of them with AVX-512, else 16; of a panel's vectors
// two at a time.
constexpr std::size_t kTileVectors = std::min<std::size_t>(kVectors, 2);
constexpr std::size_t kManyQueries = kVectors <= 2 ? kPanelQueries : kPanelQueries / 2;
constexpr std::size_t kFewQueries = 4;
// For one query, panels that lie far apart are read at once: the hardware's prefetchers fetch ahead for each of them,
// and so keep more lines on their way.
constexpr std::size_t kStreams = kVectors == 4 ? 3 : 1;
static_assert(kStreams <= kMostPanelStreams);

// A single stream's lines are fetched this far ahead of the panel that is read: those prefetchers stop at each page.
constexpr std::size_t kPrefetchFloats = 2048;
constexpr std::size_t kPrefetchRows = 32;

// Appends what passes of some items, of which the first is at `position`.
template <std::size_t Vectors>
HWY_INLINE void KeepHits(const hn::Vec<PanelTag> (&sums)[Vectors], float threshold, std::size_t position,
                         PanelHits& found) {
  const PanelTag d;
  const hn::RebindToUnsigned<PanelTag> du;
  const auto limit = hn::Set(d, threshold);
  HWY_UNROLL(16)
  for (std::size_t v = 0; v < Vectors; ++v) {
    const auto passes = hn::Not(hn::Le(sums[v], limit));
    if (HWY_LIKELY(hn::AllFalse(d, passes))) continue;
    const auto first = static_cast<std::uint32_t>(position + v * hn::Lanes(d));
    hn::CompressStore(hn::Iota(du, first), hn::RebindMask(du, passes), du, found.positions + found.count);
    found.count += hn::CompressStore(sums[v], passes, d, found.scores + found.count);
  }
}

// kTileVectors of a panel, and several queries, which lie interleaved.
template <std::size_t Queries>
HWY_INLINE void ScanTile(const float* HWY_RESTRICT items, std::size_t position, std::size_t width,
                         const float* HWY_RESTRICT queries, const float* HWY_RESTRICT thresholds,
                         PanelHits* HWY_RESTRICT hits) {
  const PanelTag d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<PanelTag> sums[Queries][kTileVectors];
  HWY_UNROLL(16)
  for (std::size_t q = 0; q < Queries; ++q) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kTileVectors; ++v) sums[q][v] = hn::Zero(d);
  }
  for (std::size_t w = 0; w < width; ++w) {
    hn::Vec<PanelTag> numbers[kTileVectors];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kTileVectors; ++v) numbers[v] = hn::Load(d, items + w * kPanelItems + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t q = 0; q < Queries; ++q) {
      const auto query = hn::Set(d, queries[w * Queries + q]);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[q][v] = hn::MulAdd(query, numbers[v], sums[q][v]);
    }
  }
  HWY_UNROLL(16)
  for (std::size_t q = 0; q < Queries; ++q) KeepHits(sums[q], thresholds[q], position, hits[q]);
}

// One query and panels [begin, begin + Streams · each), from Streams places at once.
template <std::size_t Streams>
void ScanStreams(const float* HWY_RESTRICT panels, std::size_t begin, std::size_t each, std::size_t width,
                 const float* HWY_RESTRICT query, float threshold, PanelHits& hits) {
  const PanelTag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t distance = each * kPanelItems * width;
  PanelHits found[Streams];
  for (std::size_t s = 0; s < Streams; ++s) {
    const std::size_t room = hits.count + s * (each + 1) * kPanelItems;
    found[s] = {hits.positions + room, hits.scores + room, 0};
  }
  for (std::size_t p = 0; p < each; ++p) {
    const float* HWY_RESTRICT panel = panels + (begin + p) * kPanelItems * width;
    hn::Vec<PanelTag> sums[Streams][kVectors];
    HWY_UNROLL(16)
    for (std::size_t s = 0; s < Streams; ++s) {
      HWY_UNROLL(16)
      for (std::size_t v = 0; v < kVectors; ++v) sums[s][v] = hn::Zero(d);
    }
    for (std::size_t w = 0; w < width; ++w) {
      if (kStreams == 1) {
        __builtin_prefetch(panel + w * kPanelItems + kPrefetchFloats);
        __builtin_prefetch(panel + w * kPanelItems + kPrefetchFloats + kPanelItems / 2);
      }
      const auto factor = hn::Set(d, query[w]);
      HWY_UNROLL(16)
      for (std::size_t s = 0; s < Streams; ++s) {
        HWY_UNROLL(16)
        for (std::size_t v = 0; v < kVectors; ++v) {
          const auto items = hn::Load(d, panel + s * distance + w * kPanelItems + v * lanes);
          sums[s][v] = hn::MulAdd(factor, items, sums[s][v]);
        }
      }
    }
    HWY_UNROLL(16)
    for (std::size_t s = 0; s < Streams; ++s) {
      KeepHits(sums[s], threshold, (begin + s * each + p) * kPanelItems, found[s]);
    }
  }
  for (const PanelHits& stream : found) {
    std::copy_n(stream.positions, stream.count, hits.positions + hits.count);
    std::copy_n(stream.scores, stream.count, hits.scores + hits.count);
    hits.count += stream.count;
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

// Scans for groups of so many queries, from query `begin` on, and returns the query after the last group. A panel stays
// in the first-level cache while all groups read it.
template <std::size_t Queries>
std::size_t ScanGroups(const float* HWY_RESTRICT panels, std::size_t panel_count, MatrixView<const float> queries,
                       std::size_t begin, const float* HWY_RESTRICT thresholds, float* HWY_RESTRICT scratch,
                       PanelHits* HWY_RESTRICT hits) {
  if (begin + Queries > queries.rows) return begin;
  const std::size_t width = queries.cols;
  const std::size_t end = begin + (queries.rows - begin) / Queries * Queries;
  // Queries beside one another, so that ScanTile() finds them at fixed distances.
  for (std::size_t q = begin; q < end; ++q) {
    const std::size_t group = (q - begin) / Queries;
    float* out = scratch + group * Queries * width + (q - begin) % Queries;
    for (std::size_t w = 0; w < width; ++w) out[w * Queries] = queries(q, w);
  }
  for (std::size_t p = 0; p < panel_count; ++p) {
    for (std::size_t first = 0; first < kPanelItems; first += kTileVectors * hn::Lanes(PanelTag())) {
      const float* items = panels + p * kPanelItems * width + first;
      for (std::size_t q = begin; q < end; q += Queries) {
        ScanTile<Queries>(items, p * kPanelItems + first, width, scratch + (q - begin) * width, thresholds + q,
                          hits + q);
      }
    }
  }
  return end;
}

void ScanAll(const float* HWY_RESTRICT panels, std::size_t panel_count, MatrixView<const float> queries,
             const float* HWY_RESTRICT thresholds, float* HWY_RESTRICT scratch, PanelHits* HWY_RESTRICT hits) {
  std::size_t q = ScanGroups<kManyQueries>(panels, panel_count, queries, 0, thresholds, scratch, hits);
  q = ScanGroups<kFewQueries>(panels, panel_count, queries, q, thresholds, scratch, hits);
  for (; q < queries.rows; ++q) {
    const float* query = queries.row(q).data();
    const std::size_t each = panel_count / kStreams;
    ScanStreams<kStreams>(panels, 0, each, queries.cols, query, thresholds[q], hits[q]);
    ScanStreams<1>(panels, kStreams * each, panel_count - kStreams * each, queries.cols, query, thresholds[q], hits[q]);
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
