#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gusto {

/// Sparse rows of numbers, one after another: row r has weights[e] in column ids[e], e in [offsets[r], offsets[r + 1]).
struct SparseRows {
  std::vector<std::uint64_t> offsets{0};  ///< rows + 1
  std::vector<std::uint32_t> ids;
  std::vector<float> weights;

  std::size_t rows() const { return offsets.size() - 1; }
  std::span<const std::uint32_t> ids_of(std::size_t row) const {
    return std::span(ids).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
  std::span<const float> weights_of(std::size_t row) const {
    return std::span(weights).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }

  void reserve(std::size_t rows, std::size_t entries) {
    offsets.reserve(rows + 1);
    ids.reserve(entries);
    weights.reserve(entries);
  }
  void add(std::uint32_t id, float weight) {
    ids.push_back(id);
    weights.push_back(weight);
  }
  void end_row() { offsets.push_back(ids.size()); }

  /// For every column, the rows that have it, in their order, with the weight it has there.
  /// Cost     O(rows + columns + entries); 8 bytes an entry, and 16 a column
  SparseRows transposed(std::size_t columns) const;
};

}  // namespace gusto
