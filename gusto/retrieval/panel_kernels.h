#pragma once

/// The inner loops of exact search: scores of items that lie in panels, compared with a threshold while they are still
/// in registers.
///
/// A panel holds kPanelItems items side by side: number w of its item i is panel[w · kPanelItems + i], so that one
/// vector register holds as many items' sums and no sum across a register is ever needed. Items that a last panel lacks
/// are zeros.
///
/// A score is Σ_w query[w]·item[w], added up in order of w with fused multiply-adds (where the processor has them). It
/// has the same bits wherever the item lies, however many queries are asked at once: equal items tie.
///
/// The plain reference versions are in exact_index_test.cc. All run on the calling thread and may be called
/// concurrently.

#include <cstddef>
#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"

namespace gusto {

inline constexpr std::size_t kPanelItems = 32;
/// So many queries are scored at once at most.
inline constexpr std::size_t kPanelQueries = 12;

/// Floats that the panels of so many items take.
constexpr std::size_t panel_floats(std::size_t items, std::size_t width) {
  return (items + kPanelItems - 1) / kPanelItems * kPanelItems * width;
}

/// Writes items [n × width] to panels, panel_floats(n, width) long.
void pack_panels(MatrixView<const float> items, float* panels);

/// A single query's scan reads panels in so many places at once at most: the further apart, the faster.
inline constexpr std::size_t kMostPanelStreams = 3;

/// Where a scan leaves one query's candidates: positions within the scanned items, ascending, and their scores.
/// Both have room for panel_hits_room() of the panels, since whole vectors are stored.
struct PanelHits {
  std::uint32_t* positions;
  float* scores;
  std::size_t count;
};

/// Numbers that PanelHits need room for.
constexpr std::size_t panel_hits_room(std::size_t panel_count) {
  return (panel_count + kMostPanelStreams + 1) * kPanelItems;
}

/// Finds the items whose score is not at most a query's threshold. A threshold of NaN lets all scores pass, and a score
/// that is NaN always passes, so that the caller sees it.
///
/// Shapes   panels: panel_count of them; queries [n × width], n ≤ kPanelQueries; thresholds and hits n;
///          scratch kPanelQueries · width floats; hits without any
/// Cost     2·n·items·width operations; for one query, reading the panels once
void scan_panels(const float* panels, std::size_t panel_count, MatrixView<const float> queries,
                 std::span<const float> thresholds, float* scratch, std::span<PanelHits> hits);

}  // namespace gusto
