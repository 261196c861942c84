#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace gusto {

/// Moves the value at position i of every column to position to[i], in place, cycle by cycle. `to` holds every position
/// once, and each its own afterward. Columns that are empty are left alone.
/// Cost     one swap a value; at random places, so that large columns wait for memory
template <class Position, class... Columns>
void permute(std::span<Position> to, std::span<Columns>... columns) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    while (to[i] != i) {
      const auto goal = static_cast<std::size_t>(to[i]);
      ((columns.empty() ? void() : std::swap(columns[i], columns[goal])), ...);
      std::swap(to[i], to[goal]);
    }
  }
}

}  // namespace gusto
