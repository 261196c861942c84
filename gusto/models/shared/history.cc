#include "gusto/models/shared/history.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {

ResolvedHistory resolve_history(const Vocabulary& items, std::span<const NamedEvent> events) {
  ResolvedHistory result;
  std::unordered_set<std::uint32_t> met;
  // Backward, so that the first event met of an item is the one that counts.
  for (std::size_t i = events.size(); i-- > 0;) {
    const NamedEvent& event = events[i];
    if (!std::isfinite(event.value)) {
      throw Error(
          ErrorCode::not_finite,
          fmt::format("The history's value {} for item {} is not a finite number.", event.value, quote(event.item)),
          "Give every item of the history a number, such as its rating.");
    }
    const auto row = items.find(event.item);
    if (!row) {
      result.unknown.push_back(event.item);
    } else if (!met.insert(*row).second) {
      ++result.repeated;
    } else {
      result.events.push_back({ItemRow(*row), event.value, event.time});
    }
  }
  std::reverse(result.events.begin(), result.events.end());
  std::reverse(result.unknown.begin(), result.unknown.end());
  std::stable_sort(result.events.begin(), result.events.end(),
                   [](const HistoryEvent& a, const HistoryEvent& b) { return a.time < b.time; });
  return result;
}

}  // namespace gusto
