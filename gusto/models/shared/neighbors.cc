#include "gusto/models/shared/neighbors.h"

#include <functional>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"

namespace gusto {

void keep_nearest(std::vector<std::uint64_t>& keys, std::size_t k) {
  if (keys.size() > k) {
    std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(k), keys.end(), std::greater<>());
    keys.resize(k);
  }
  std::sort(keys.begin(), keys.end(), std::greater<>());
}

void NeighborLists::save(TensorWriter& out) const {
  out.add("neighbour_offsets", offsets);
  out.add("neighbours", ids);
  out.add("neighbour_weights", weights);
}

NeighborLists NeighborLists::load(const TensorFile& in, std::size_t rows) {
  NeighborLists result;
  result.offsets = in.vector<std::uint64_t>("neighbour_offsets", rows + 1);
  if (result.offsets.front() != 0 || !std::is_sorted(result.offsets.begin(), result.offsets.end())) {
    throw Error(ErrorCode::corrupt_file, "The tensor neighbour_offsets does not ascend from 0.");
  }
  result.ids = in.vector<std::uint32_t>("neighbours", result.offsets.back());
  result.weights = in.vector<float>("neighbour_weights", result.offsets.back());
  for (const std::uint32_t row : result.ids) {
    if (row >= rows) {
      throw Error(ErrorCode::corrupt_file, fmt::format("The tensor neighbours names row {} of {}.", row, rows));
    }
  }
  if (!std::all_of(result.weights.begin(), result.weights.end(), [](float w) { return std::isfinite(w); })) {
    throw Error(ErrorCode::corrupt_file, "The tensor neighbour_weights holds a number that is not finite.");
  }
  return result;
}

std::vector<std::size_t> cut_evenly(std::span<const std::uint64_t> work, std::size_t parts) {
  const std::uint64_t total = std::accumulate(work.begin(), work.end(), std::uint64_t{0});
  const std::uint64_t share = std::max<std::uint64_t>(1, (total + parts - 1) / parts);
  std::vector<std::size_t> bounds{0};
  std::uint64_t done = 0;
  for (std::size_t row = 0; row < work.size(); ++row) {
    done += work[row];
    if (done >= share * bounds.size() && row + 1 < work.size()) bounds.push_back(row + 1);
  }
  if (!work.empty()) bounds.push_back(work.size());
  return bounds;
}

}  // namespace gusto
