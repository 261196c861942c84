#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/growing_array.h"
#include "gusto/data/dataset.h"
#include "gusto/data/open_options.h"
#include "gusto/data/value_profile.h"

namespace gusto {

/// What becomes of events before they are stored.
struct EventRules {
  DuplicatePolicy duplicates = DuplicatePolicy::keep_last;
  std::optional<double> half_life{};  ///< in seconds, see OpenOptions
  ValueTransform transform{};
};

/// Events grouped by user, a user's in the order in which they came.
struct GroupedEvents {
  std::vector<std::uint64_t> offsets;  ///< user u's events are [offsets[u], offsets[u + 1])
  GrowingArray<ItemRow> items;         ///< as items were first met
  GrowingArray<float> values;
  GrowingArray<std::int64_t> times;   ///< empty: the events have none
  GrowingArray<std::uint64_t> lines;  ///< where each was found; only while duplicates are refused
  std::int64_t latest = kNoTime;      ///< the greatest time
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
};

/// A pair of user and item that has two events, where that is refused.
struct RepeatedEvent {
  std::uint32_t user;
  std::uint32_t item;  ///< as it was first met
  std::uint64_t first_line, second_line;
};

/// Events in stored order.
struct SettledEvents {
  EventColumns columns;
  std::uint64_t duplicates = 0;           ///< events left out or joined with others
  std::optional<RepeatedEvent> repeated;  ///< the one whose second event comes first

  void note(const RepeatedEvent& found) {
    if (!repeated || found.second_line < repeated->second_line) repeated = found;
  }
};

/// Weighs events by age, settles duplicates, transforms values, orders each user's events by time, and gives items
/// their new rows.
/// Cost     O(n) for users whose times ascend; in place, but for a user's own events
SettledEvents settle_events(GroupedEvents events, const EventRules& rules, std::span<const ItemRow> new_item_rows,
                            Context& context);

/// Whether settle_events would only give items new rows: no user has an item twice, and each user's times ascend.
bool is_settled(std::span<const std::uint64_t> offsets, std::span<const ItemRow> items,
                std::span<const std::int64_t> times, std::size_t item_count);

}  // namespace gusto
