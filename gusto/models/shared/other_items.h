#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/random.h"

namespace gusto {

/// Draws items that somebody does not have, each with the same chance.
///
/// Cost     constructor: O(own + items / 8) bytes and steps, O(items) where nearly all items are owned; draw(): at most
///          8 tries on average
/// Threads  const members may be called concurrently, each with a random source of its own
class OtherItems {
 public:
  /// `own` are rows of items, in any order, perhaps some of them twice.
  OtherItems(std::span<const std::uint32_t> own, std::size_t item_count);

  /// How many items there are to draw from.
  std::size_t count() const { return free_; }
  /// One of them; there must be one.
  std::uint32_t draw(Random& random) const;

 private:
  std::vector<bool> owned_;
  std::size_t free_;
  std::vector<std::uint32_t> listed_;  // the items to draw from, where few are left
};

}  // namespace gusto
