#pragma once

/// Exact search by inner product among vectors alone.
///
/// Scores are computed in panels of items (gusto/retrieval/panel_kernels.h) and compared with the k-th best so far
/// while they are in registers, so that neither a row of scores nor a tile of them is ever written: for one query the
/// cost is that of reading the vectors once. Filters are asked about the few items only whose score would get them in.

#include <memory>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/retrieval/search_filter.h"
#include "gusto/retrieval/top_lists.h"
#include "gusto/retrieval/vector_scan.h"

namespace gusto {

/// Where panels come from: vectors that lie in panels already, or rows that are put into panels as they are read, which
/// costs a single query about as much again as its search, and a block of queries next to nothing.
class PanelSource {
 public:
  explicit PanelSource(MatrixView<const float> rows) : rows_(rows) {}
  PanelSource(const float* panels, std::size_t items, std::size_t width)
      : rows_(nullptr, items, width), panels_(panels) {}

  std::size_t items() const { return rows_.rows; }
  std::size_t width() const { return rows_.cols; }
  bool has_panels() const { return panels_ != nullptr; }
  /// The panels of items [begin, end), begin being a multiple of kPanelItems; in `room` if they aren't there yet.
  const float* panels(std::size_t begin, std::size_t end, AlignedVector<float>& room) const;
  /// Panels of some items only.
  AlignedVector<float> gather(std::span<const std::uint32_t> rows) const;

 private:
  MatrixView<const float> rows_;  // without data if there are panels
  const float* panels_ = nullptr;
};

class Selector;

/// Offers a selector the exact scores of some rows [ascending] for one query [1 × width]; the same bits as in a search
/// of all. Error(not_finite), if a score is.
void score_rows(const PanelSource& source, std::span<const std::uint32_t> rows, MatrixView<const float> query,
                Selector& selector);

/// The filters must outlive what is returned.
std::unique_ptr<VectorScan> exact_scan(const PanelSource& source, std::span<const PreparedFilter> filters,
                                       std::size_t k);

/// Item vectors, in panels.
///
/// Memory   items · width · 4 bytes
/// Threads  const members may be called concurrently
class ExactIndex {
 public:
  /// Copies items [n × width].
  explicit ExactIndex(MatrixView<const float> items);

  std::size_t size() const { return items_; }
  std::size_t width() const { return width_; }
  std::uint64_t bytes() const { return panels_.size() * sizeof(float); }
  PanelSource source() const { return {panels_.data(), items_, width_}; }

  /// The k items of the highest inner product with each of queries [n × width], best first, ties to the lower row.
  /// seen     for each query the rows that the filter's exclude_seen leaves out, ascending; empty: none for anybody
  /// Cost     2·n·items·width operations; the items are read once for 96 queries
  /// Errors   not_finite, if a score that would be listed is not, or is NaN; invalid_input, for a filter's row outside
  ///          the items; canceled
  TopLists top_k(MatrixView<const float> queries, std::size_t k, const SearchFilter& filter,
                 std::span<const std::vector<std::uint32_t>> seen, Context& context) const;

 private:
  std::size_t items_;
  std::size_t width_;
  AlignedVector<float> panels_;
};

}  // namespace gusto
