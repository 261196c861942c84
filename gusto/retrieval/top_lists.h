#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/rows.h"

namespace gusto {

struct ScoredItem {
  ItemRow item;
  float score;
};

/// For each query its items, best first; short where fewer were left.
struct TopLists {
  std::vector<std::uint64_t> offsets{0};  ///< queries + 1
  std::vector<ScoredItem> entries;

  std::size_t size() const { return offsets.size() - 1; }
  std::span<const ScoredItem> operator[](std::size_t query) const {
    return std::span(entries).subspan(offsets[query], offsets[query + 1] - offsets[query]);
  }
  void add(std::span<const ScoredItem> list) {
    entries.insert(entries.end(), list.begin(), list.end());
    offsets.push_back(entries.size());
  }
};

}  // namespace gusto
