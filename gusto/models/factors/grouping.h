#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"

namespace gusto {

/// How many groups users and items are cut into, so that stochastic gradient descent runs over blocks of events that
/// share no row: a function of the data and the width of the vectors alone. A power of two, which deals evenly to most
/// numbers of threads.
std::size_t group_count(std::size_t events, std::size_t users, std::size_t items, std::size_t width);

/// Rows dealt into groups with about equally many events, the busiest first to the lightest group; and a numbering of
/// rows by place, group after group, so that a group's factors lie side by side.
struct Grouping {
  std::vector<std::uint32_t> group_of;  ///< by row
  std::vector<std::uint32_t> place_of;  ///< by row
  std::vector<std::uint32_t> begin;     ///< by group, and one past the last: the places of its rows

  /// `counts` are events by row. Cost O(rows log rows)
  Grouping(std::span<const std::uint32_t> counts, std::size_t groups);

  /// By place: the row.
  std::vector<std::uint32_t> row_of() const;
};

/// Vectors to start learning from, by place: `dim` numbers of N(0, init²/dim), then zeros up to the padded width
/// (solve_kernels.h). Draws are keyed by row, so that they do not depend on the groups.
Matrix<float> start_vectors(const Grouping& grouping, std::size_t dim, double init, std::uint64_t seed,
                            std::string_view purpose);

/// By row what `vectors` hold by place, with that many columns: cut off, or filled up with zeros.
Matrix<float> by_row(const Grouping& grouping, const Matrix<float>& vectors, std::size_t columns);
std::vector<float> by_row(const Grouping& grouping, std::span<const float> values);

}  // namespace gusto
