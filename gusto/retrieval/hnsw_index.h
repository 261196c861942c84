#pragma once

/// Approximate search by inner product: a walk through a graph of the items (gusto/retrieval/hnsw_graph.h).

#include <memory>

#include "gusto/retrieval/exact_index.h"
#include "gusto/retrieval/hnsw_graph.h"

namespace gusto {

/// Searches by walks. A walk goes through items that the filter leaves out, but collects only others, `width` of them
/// and at least k, and gives up when it has looked at a quarter of all items; then, and where it finds fewer than k,
/// the exact search is run instead: k items are found wherever there are k, and none that is left out. Filters that
/// pick a few items are searched exactly at once. Scores have the bits of exact search.
///
/// Threads  const members may be called concurrently
class HnswIndex {
 public:
  /// items [n × width] must outlive the index; the graph is one of them.
  HnswIndex(MatrixView<const float> items, HnswGraph graph, std::size_t width);

  const HnswGraph& graph() const { return graph_; }
  /// How many items a walk collects, at least.
  std::size_t width() const { return width_; }
  void set_width(std::size_t width) { width_ = width; }

  /// For search_vectors(). The filter must outlive what is returned.
  std::unique_ptr<VectorScan> scan(const PreparedFilter& filter, std::size_t k) const;

 private:
  MatrixView<const float> items_;
  HnswGraph graph_;
  std::size_t width_;
};

}  // namespace gusto
