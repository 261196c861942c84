#include "gusto/models/factors/grouping.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"

namespace gusto {
namespace {

// Rows of a block, of both sides, fit into a second-level cache with room to spare; blocks hold enough events to be
// worth handing out; and there are enough blocks in a round for many threads where there are events enough.
constexpr std::size_t kBlockBytes = 256 << 10;
constexpr std::size_t kBlockEvents = 3000;
constexpr std::size_t kMostGroups = 256;
constexpr std::size_t kWantedGroups = 64;

}  // namespace

std::size_t group_count(std::size_t events, std::size_t users, std::size_t items, std::size_t width) {
  const std::size_t for_cache = (users + items) * width * sizeof(float) / kBlockBytes + 1;
  const auto by_events =
      static_cast<std::size_t>(std::sqrt(static_cast<double>(events) / static_cast<double>(kBlockEvents)));
  const std::size_t groups =
      std::min({std::max(for_cache, std::min(by_events, kWantedGroups)), users, items, by_events, kMostGroups});
  return std::bit_floor(std::max<std::size_t>(groups, 1));
}

Grouping::Grouping(std::span<const std::uint32_t> counts, std::size_t groups)
    : group_of(counts.size()), place_of(counts.size()), begin(groups + 1) {
  std::vector<std::uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return counts[a] > counts[b]; });
  using Load = std::pair<std::uint64_t, std::uint32_t>;  // events so far, group
  std::priority_queue<Load, std::vector<Load>, std::greater<>> lightest;
  for (std::uint32_t g = 0; g < groups; ++g) lightest.emplace(0, g);
  for (const std::uint32_t row : order) {
    auto [load, g] = lightest.top();
    lightest.pop();
    group_of[row] = g;
    ++begin[g + 1];
    lightest.emplace(load + counts[row] + 1, g);
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
  for (const std::uint32_t row : order) place_of[row] = next[group_of[row]]++;
}

std::vector<std::uint32_t> Grouping::row_of() const {
  std::vector<std::uint32_t> rows(place_of.size());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[place_of[row]] = row;
  return rows;
}

Matrix<float> start_vectors(const Grouping& grouping, std::size_t dim, double init, std::uint64_t seed,
                            std::string_view purpose) {
  Matrix<float> vectors(grouping.place_of.size(), padded_width(dim));
  const double scale = init / std::sqrt(static_cast<double>(dim));
  for (std::size_t row = 0; row < vectors.rows(); ++row) {
    Random random(seed, purpose, row);
    for (float& x : vectors.row(grouping.place_of[row]).first(dim)) x = static_cast<float>(scale * random.normal());
  }
  return vectors;
}

Matrix<float> by_row(const Grouping& grouping, const Matrix<float>& vectors, std::size_t columns) {
  Matrix<float> result(vectors.rows(), columns);
  for (std::size_t row = 0; row < result.rows(); ++row) {
    std::copy_n(vectors.row(grouping.place_of[row]).data(), std::min(columns, vectors.cols()), result.row(row).data());
  }
  return result;
}

std::vector<float> by_row(const Grouping& grouping, std::span<const float> values) {
  std::vector<float> result(values.size());
  for (std::size_t row = 0; row < result.size(); ++row) result[row] = values[grouping.place_of[row]];
  return result;
}

}  // namespace gusto
