#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/rows.h"

namespace gusto {

/// Groups of the catalog that share no user: connected components of the graph whose edges are the training events,
/// from user to item. Users and items without training events are in no group.
///
/// A model that learns from positives alone is never told that one group's items are wrong for another's, so its
/// embeddings may lay both on top of each other; that is called folding, and is seen by items of foreign groups in
/// lists.
///
/// Cost     O(events · α), with α the inverse Ackermann function; 4 bytes a user and an item
/// Threads  const members may be called concurrently
class ConnectedGroups {
 public:
  explicit ConnectedGroups(const Dataset& train);

  /// How many there are.
  std::size_t count() const { return count_; }
  /// Numbers from 0, in order of each group's first user.
  std::optional<std::uint32_t> of(UserRow user) const { return group_of(user.index); }
  std::optional<std::uint32_t> of(ItemRow item) const { return group_of(users_ + item.index); }
  /// Whether the item is in a group other than the user's, so that nobody who has it shares an item with the user, nor
  /// with anyone who does, and so on.
  bool foreign(UserRow user, ItemRow item) const;

 private:
  std::optional<std::uint32_t> group_of(std::size_t node) const {
    if (groups_[node] == kNone) return std::nullopt;
    return groups_[node];
  }

  static constexpr std::uint32_t kNone = 0xffffffff;
  std::size_t users_;
  std::size_t count_ = 0;
  std::vector<std::uint32_t> groups_;  // of users, then of items
};

}  // namespace gusto
