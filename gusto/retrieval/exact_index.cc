#include "gusto/retrieval/exact_index.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "gusto/retrieval/panel_kernels.h"
#include "gusto/retrieval/selector.h"

namespace gusto {
namespace {

// A stretch of items is scanned by all queries of a block before the next one: this many floats stay in the
// second-level cache. Thresholds rise between stretches.
constexpr std::size_t kStretchFloats = std::size_t{1} << 16;
constexpr std::size_t kStretchPanels = 32;
constexpr std::size_t kFirstStretch = 4 * kPanelItems;

std::size_t stretch_items(std::size_t width) {
  const std::size_t panels = kStretchFloats / (kPanelItems * std::max<std::size_t>(width, 1));
  return kPanelItems * std::clamp<std::size_t>(panels, 4, kStretchPanels);
}

class ExactScan final : public VectorScan {
 public:
  ExactScan(const PanelSource& source, std::span<const PreparedFilter> filters, std::size_t k)
      : filters_(filters),
        k_(k),
        stretch_(stretch_items(source.width())),
        selectors_(filters.size() * kScanQueries, Selector(k)),
        cursors_(kScanQueries),
        scratch_(kPanelQueries * source.width()),
        room_(panel_hits_room(stretch_ / kPanelItems)),
        positions_(kPanelQueries * room_),
        scores_(kPanelQueries * room_) {
    Pass all{source, {}, {}, {}};
    for (std::size_t f = 0; f < filters.size(); ++f) {
      if (!filters[f].picks()) {
        all.filters.push_back(f);
        continue;
      }
      Pass pass{source, {f}, filters[f].picked(), source.gather(filters[f].picked())};
      pass.source = PanelSource(pass.panels.data(), pass.ids.size(), source.width());
      passes_.push_back(std::move(pass));
    }
    if (!all.filters.empty()) passes_.push_back(std::move(all));
  }

  void run(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
           std::span<std::vector<ScoredItem>> lists) override {
    for (Selector& selector : selectors_) selector.begin();
    for (const Pass& pass : passes_) {
      for (std::size_t q = 0; q < queries.rows; ++q) {
        cursors_[q] = seen.empty() ? SeenCursor() : SeenCursor(seen[q]);
      }
      if (k_ > 0) scan(pass, queries);
    }
    for (std::size_t f = 0; f < filters_.size(); ++f) {
      for (std::size_t q = 0; q < queries.rows; ++q) lists[f * queries.rows + q] = selector(f, q).take();
    }
  }

 private:
  /// One way through items: all of them, for the filters that need it, or those that one filter picks.
  struct Pass {
    PanelSource source;
    std::vector<std::size_t> filters;
    std::span<const std::uint32_t> ids;  // rows of the source's items; empty if they are their positions
    AlignedVector<float> panels;         // what the source of picked items reads
  };

  Selector& selector(std::size_t filter, std::size_t query) { return selectors_[filter * kScanQueries + query]; }

  void scan(const Pass& pass, MatrixView<const float> queries) {
    std::array<float, kPanelQueries> thresholds{};
    std::array<PanelHits, kPanelQueries> hits{};
    const std::size_t stretch = longest_stretch(pass, queries.rows);
    std::size_t end = 0;
    for (std::size_t begin = 0; begin < pass.source.items(); begin = end) {
      // Short stretches at first, while much gets in because thresholds are low.
      end = std::min(pass.source.items(), begin + std::clamp(begin, kFirstStretch, stretch));
      const std::size_t panel_count = (end - begin + kPanelItems - 1) / kPanelItems;
      const float* panels = pass.source.panels(begin, end, packed_);
      for (std::size_t first = 0; first < queries.rows; first += kPanelQueries) {
        const std::size_t count = std::min(kPanelQueries, queries.rows - first);
        for (std::size_t q = 0; q < count; ++q) {
          thresholds[q] = lowest_threshold(pass, first + q);
          hits[q] = {positions_.data() + q * room_, scores_.data() + q * room_, 0};
        }
        scan_panels(panels, panel_count, queries.slice(first, first + count), {thresholds.data(), count},
                    scratch_.data(), {hits.data(), count});
        for (std::size_t q = 0; q < count; ++q) take(pass, first + q, hits[q], begin, end);
      }
    }
  }

  // Nobody reads a single query's panels again, and it has the room of all queries for its hits: the longer its
  // stretches, the further apart its streams. Panels that are made on the way should stay in the cache.
  std::size_t longest_stretch(const Pass& pass, std::size_t queries) const {
    return queries == 1 && pass.source.has_panels() ? (kPanelQueries - 1) * stretch_ : stretch_;
  }

  // NaN as long as one filter's list takes anything.
  float lowest_threshold(const Pass& pass, std::size_t query) {
    float lowest = std::numeric_limits<float>::infinity();
    for (const std::size_t f : pass.filters) {
      selector(f, query).tighten();
      const float threshold = selector(f, query).threshold_or_nan();
      if (!(threshold >= lowest)) lowest = threshold;
      if (std::isnan(lowest)) break;
    }
    return lowest;
  }

  void take(const Pass& pass, std::size_t query, const PanelHits& hits, std::size_t begin, std::size_t end) {
    for (std::size_t h = 0; h < hits.count; ++h) {
      const std::size_t position = begin + hits.positions[h];
      if (position >= end) break;  // what a last panel lacks
      const std::uint32_t row = pass.ids.empty() ? static_cast<std::uint32_t>(position) : pass.ids[position];
      require_finite_score(hits.scores[h], row);
      const bool is_seen = cursors_[query].contains(row);
      for (const std::size_t f : pass.filters) {
        if ((is_seen && filters_[f].exclude_seen()) || filters_[f].banned(row)) continue;
        selector(f, query).push(hits.scores[h], row);
      }
    }
  }

  std::span<const PreparedFilter> filters_;
  std::size_t k_;
  std::size_t stretch_;
  std::vector<Pass> passes_;
  std::vector<Selector> selectors_;  // [filters × kScanQueries]
  std::vector<SeenCursor> cursors_;
  AlignedVector<float> packed_;
  AlignedVector<float> scratch_;
  std::size_t room_;  // of one query's hits
  std::vector<std::uint32_t> positions_;
  std::vector<float> scores_;
};

}  // namespace

const float* PanelSource::panels(std::size_t begin, std::size_t end, AlignedVector<float>& room) const {
  if (panels_ != nullptr) return panels_ + begin * width();
  room.resize(panel_floats(end - begin, width()));
  pack_panels(rows_.slice(begin, end), room.data());
  return room.data();
}

AlignedVector<float> PanelSource::gather(std::span<const std::uint32_t> rows) const {
  Matrix<float> vectors(rows.size(), width());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (panels_ == nullptr) {
      std::copy_n(rows_.row(rows[r]).data(), width(), vectors.row(r).data());
      continue;
    }
    const float* first = panels_ + rows[r] / kPanelItems * kPanelItems * width() + rows[r] % kPanelItems;
    for (std::size_t w = 0; w < width(); ++w) vectors(r, w) = first[w * kPanelItems];
  }
  AlignedVector<float> panels(panel_floats(rows.size(), width()));
  pack_panels(std::as_const(vectors).view(), panels.data());
  return panels;
}

void score_rows(const PanelSource& source, std::span<const std::uint32_t> rows, MatrixView<const float> query,
                Selector& selector) {
  const AlignedVector<float> panels = source.gather(rows);
  const std::size_t panel_count = panel_floats(rows.size(), 1) / kPanelItems;
  const std::size_t room = panel_hits_room(panel_count);
  std::vector<std::uint32_t> positions(room);
  std::vector<float> scores(room), scratch(kPanelQueries * source.width());
  const float none = std::numeric_limits<float>::quiet_NaN();
  PanelHits hits{positions.data(), scores.data(), 0};
  scan_panels(panels.data(), panel_count, query, {&none, 1}, scratch.data(), {&hits, 1});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    require_finite_score(scores[r], rows[r]);
    selector.push(scores[r], rows[r]);
  }
}

std::unique_ptr<VectorScan> exact_scan(const PanelSource& source, std::span<const PreparedFilter> filters,
                                       std::size_t k) {
  return std::make_unique<ExactScan>(source, filters, k);
}

ExactIndex::ExactIndex(MatrixView<const float> items)
    : items_(items.rows), width_(items.cols), panels_(panel_floats(items.rows, items.cols)) {
  pack_panels(items, panels_.data());
}

TopLists ExactIndex::top_k(MatrixView<const float> queries, std::size_t k, const SearchFilter& filter,
                           std::span<const std::vector<std::uint32_t>> seen, Context& context) const {
  const PreparedFilter prepared(filter, items_);
  return search_vectors(
      queries, seen,
      [&] {
        return exact_scan(source(), {&prepared, 1}, std::min(k, items_));
      },
      context);
}

}  // namespace gusto
