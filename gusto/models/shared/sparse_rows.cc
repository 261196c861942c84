#include "gusto/models/shared/sparse_rows.h"

#include <numeric>

namespace gusto {

SparseRows SparseRows::transposed(std::size_t columns) const {
  SparseRows result;
  result.offsets.assign(columns + 1, 0);
  for (const std::uint32_t id : ids) ++result.offsets[id + 1];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  std::vector<std::uint64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  result.ids.resize(ids.size());
  result.weights.resize(weights.size());
  for (std::size_t row = 0; row < rows(); ++row) {
    for (std::uint64_t e = offsets[row]; e < offsets[row + 1]; ++e) {
      const std::uint64_t place = next[ids[e]]++;
      result.ids[place] = static_cast<std::uint32_t>(row);
      result.weights[place] = weights[e];
    }
  }
  return result;
}

}  // namespace gusto
