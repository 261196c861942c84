#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/rows.h"

namespace gusto {

/// Which items may appear.
struct SearchFilter {
  bool exclude_seen = true;            ///< the items of the query's history (a training user's: those trained on)
  std::span<const ItemRow> allowed{};  ///< if not empty, nothing else
  std::span<const ItemRow> denied{};   ///< never these
};

/// A filter made ready for scanning: few allowed items are listed, to be looked up one by one; else what may not appear
/// is marked by one bit an item. Searches look at it only for items whose score would get them in.
class PreparedFilter {
 public:
  /// `unranked`: what no list may hold, as Model::unranked_items() has it.
  /// Errors   invalid_input, for a row outside the catalog
  PreparedFilter(const SearchFilter& filter, std::size_t item_count, std::span<const std::uint64_t> unranked = {});

  bool exclude_seen() const { return exclude_seen_; }
  /// Whether only picked() may appear; then banned() has no meaning.
  bool picks() const { return picks_; }
  std::span<const std::uint32_t> picked() const { return picked_; }  ///< ascending
  bool banned(std::uint32_t row) const { return !banned_.empty() && ((banned_[row / 64] >> (row % 64)) & 1U) != 0; }

 private:
  bool exclude_seen_;
  bool picks_;
  std::vector<std::uint32_t> picked_;
  std::vector<std::uint64_t> banned_;  // empty if nothing is
};

}  // namespace gusto
