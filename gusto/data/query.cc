#include "gusto/data/query.h"

#include <cstddef>

namespace gusto {

std::vector<HistoryEvent> events_of(const History& history) {
  std::vector<HistoryEvent> events(history.size());
  for (std::size_t e = 0; e < events.size(); ++e) {
    events[e] = {history.items[e], history.values[e], history.times.empty() ? kNoTime : history.times[e]};
  }
  return events;
}

}  // namespace gusto
