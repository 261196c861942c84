#pragma once

// What tests of indexes and search share. For tests only.

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"
#include "gusto/retrieval/top_lists.h"

namespace gusto::test {

/// A list as pairs of item row and score, which can be compared and printed.
using Pairs = std::vector<std::pair<std::uint32_t, float>>;

inline Pairs pairs(std::span<const ScoredItem> list) {
  Pairs result;
  for (const ScoredItem& entry : list) result.emplace_back(entry.item.index, entry.score);
  return result;
}

/// Rows of normal numbers, drawn by the purpose and the seed.
inline Matrix<float> normal_vectors(std::size_t rows, std::size_t width, std::string_view purpose,
                                    std::uint64_t seed = 5) {
  Matrix<float> result(rows, width);
  for (std::size_t r = 0; r < rows; ++r) {
    Random random(seed, purpose, r);
    for (float& x : result.row(r)) x = static_cast<float>(random.normal());
  }
  return result;
}

}  // namespace gusto::test
