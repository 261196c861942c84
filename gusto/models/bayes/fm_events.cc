#include "gusto/models/bayes/fm_events.h"

#include <cmath>

namespace gusto {

float fm_target(float value, Task task, double like_threshold) {
  if (task == Task::ratings) return value;
  if (task == Task::top_n) return 1;
  return value >= static_cast<float>(like_threshold) ? 1.0F : 0.0F;
}

std::vector<std::uint32_t> draw_negatives(std::span<const std::uint32_t> items, std::size_t item_count, double each,
                                          Random random) {
  std::vector<std::uint32_t> drawn;
  std::vector<bool> taken(item_count);
  std::size_t free = item_count;
  for (const std::uint32_t item : items) {
    if (!taken[item]) --free;
    taken[item] = true;
  }
  if (free == 0) return drawn;
  const auto count = static_cast<std::size_t>(std::lround(each * static_cast<double>(items.size())));
  while (drawn.size() < count) {
    const std::uint64_t item = random.below(item_count);
    if (!taken[item]) drawn.push_back(static_cast<std::uint32_t>(item));
  }
  return drawn;
}

FmEvents fm_events(const Dataset& data, Task task, double negatives, double like_threshold, std::uint64_t seed) {
  FmEvents events;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    const std::size_t first = events.items.size();
    const auto time = [&](std::size_t e) { return history.times.empty() ? kNoTime : history.times[e]; };
    for (std::size_t e = 0; e < history.size(); ++e) {
      events.add(u, history.items[e].index, time(e), fm_target(history.values[e], task, like_threshold));
    }
    if (task != Task::top_n) continue;
    const std::vector<std::uint32_t> own(events.items.begin() + static_cast<std::ptrdiff_t>(first), events.items.end());
    const std::vector<std::uint32_t> drawn =
        draw_negatives(own, data.item_count(), negatives, Random(seed, "bayes-fm negatives", u));
    for (std::size_t n = 0; n < drawn.size(); ++n) events.add(u, drawn[n], time(n % own.size()), 0.0F);
  }
  return events;
}

}  // namespace gusto
