#pragma once

/// A navigable small world of item vectors: a graph in which a walk toward a query's best items is short.
///
/// Source  Malkov, Yashunin: Efficient and robust approximate nearest neighbor search using hierarchical navigable
///         small world graphs, TPAMI 2020; built by hnswlib, with the inner product as closeness. The walk is gusto's
///         own, among vectors that lie where the model has them, and reads links that were checked when they were
///         loaded.

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/tensor_file.h"

namespace gusto {

struct HnswOptions {
  std::size_t links = 16;         ///< that an item keeps on upper levels; twice as many on the lowest
  std::size_t build_width = 200;  ///< items that building looks at around a new one
};

/// Links between items on levels; an item is on all levels up to its own, and all are on level 0.
struct HnswGraph {
  struct Level {
    std::vector<std::uint32_t> rows;  ///< of the items that are on it, ascending; on level 0 empty: all are
    /// The neighbors of rows[r], or on level 0 of row r, are neighbors[offsets[r]] to neighbors[offsets[r + 1]].
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint32_t> neighbors;

    /// None for an item that is not on the level.
    std::span<const std::uint32_t> of(std::uint32_t row) const;
  };
  std::vector<Level> levels;
  std::uint32_t entry = 0;  ///< where walks begin, on the highest level

  std::uint64_t bytes() const;

  /// Tensors "index/entry", and for level L "index/rows_L", "index/offsets_L" and "index/neighbours_L".
  void save(TensorWriter& out) const;
  /// Error(corrupt_file) if rows or offsets do not ascend, or a row is that of no item
  static HnswGraph load(const TensorFile& in, std::size_t items);
};

/// Inserts the items one after another, in order of rows, their levels drawn by `seed`. Inserting several at
/// once would be faster, but the graph would depend on which came first: one thread, and the same graph every time.
/// Cost     about items · build_width · log(items) inner products, on one thread
/// Memory   about 12 · links bytes an item, and while it builds as much again and a copy of the vectors
/// Errors   not_finite, if a vector is; canceled; out_of_memory, if the context's limit is below that
HnswGraph build_hnsw(MatrixView<const float> items, const HnswOptions& options, std::uint64_t seed, Context& context);

}  // namespace gusto
