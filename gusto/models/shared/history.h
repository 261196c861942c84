#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/data/query.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

/// One event of a history as its owner writes it: with the item's id.
struct NamedEvent {
  std::string_view item;
  float value = 1;
  std::int64_t time = kNoTime;
};

/// A history that models take, and what could not be part of it.
struct ResolvedHistory {
  std::vector<HistoryEvent> events;       ///< in order of time, equal times in the order given; each item once
  std::vector<std::string_view> unknown;  ///< ids that are not in the catalog, skipped; views of those given
  std::size_t repeated = 0;               ///< events left out because the same item came again later in the list
};

/// Turns ids into item rows. Unknown items are skipped and listed, since a new user's history may well hold items that
/// came after training; of an item that repeats the last event given counts, as in data files.
///
/// Errors   not_finite, naming the item, if a value is NaN or infinite
/// Cost     O(n log n)
ResolvedHistory resolve_history(const Vocabulary& items, std::span<const NamedEvent> events);

}  // namespace gusto
