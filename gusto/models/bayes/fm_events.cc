#include "gusto/models/bayes/fm_events.h"

#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/systematic_draw.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/other_items.h"

namespace gusto {

float fm_target(float value, Task task, double like_threshold) {
  if (task == Task::ratings) return value;
  if (task == Task::top_n) return 1;
  return value >= static_cast<float>(like_threshold) ? 1.0F : 0.0F;
}

std::vector<std::uint32_t> draw_negatives(std::span<const std::uint32_t> own, std::size_t item_count, std::size_t count,
                                          Random random) {
  const OtherItems others(own, item_count);
  if (others.count() == 0) return {};
  std::vector<std::uint32_t> drawn(count);
  for (std::uint32_t& item : drawn) item = others.draw(random);
  return drawn;
}

std::uint64_t most_fm_events(const Dataset& data, Task task, double negatives) {
  auto most = static_cast<double>(data.event_count());
  // Each user's number is rounded.
  if (task == Task::top_n) most += most * negatives + 0.5 * static_cast<double>(data.user_count());
  if (most > static_cast<double>(kMostFmEvents)) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("bayes-fm would learn from {:.0f} events, drawn ones included; it takes at most {}.", most,
                            kMostFmEvents),
                "Lower negatives, or train on fewer events.");
  }
  return static_cast<std::uint64_t>(most);
}

FmEvents fm_events(const Dataset& data, Task task, double negatives, double like_threshold, std::uint64_t seed) {
  const std::uint64_t most = most_fm_events(data, task, negatives);
  FmEvents events;
  events.users.reserve(most);
  events.items.reserve(most);
  events.times.reserve(most);
  events.targets.reserve(most);
  const auto add = [&](std::size_t user, std::uint32_t item, std::int64_t time, float target) {
    events.users.push_back(static_cast<std::uint32_t>(user));
    events.items.push_back(item);
    events.times.push_back(time);
    events.targets.push_back(target);
  };
  const std::vector<float> strengths = event_strengths(data, strength_of(data, task));
  const std::vector<std::uint32_t> places = systematic_draw(strengths, Random(seed, "bayes-fm strengths").uniform());
  auto next = places.begin();
  std::vector<std::uint32_t> own;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    const std::size_t first = events.items.size();
    const auto time = [&](std::size_t e) { return history.times.empty() ? kNoTime : history.times[e]; };
    for (std::size_t e = 0; e < history.size(); ++e) {
      std::size_t times = strengths.empty() ? 1 : 0;
      for (; next != places.end() && *next == data.offsets()[u] + e; ++next) ++times;
      for (; times > 0; --times) {
        add(u, history.items[e].index, time(e), fm_target(history.values[e], task, like_threshold));
      }
    }
    if (task != Task::top_n) continue;
    own.clear();
    for (const ItemRow item : history.items) own.push_back(item.index);
    const auto count = std::lround(negatives * static_cast<double>(events.items.size() - first));
    const std::vector<std::uint32_t> drawn =
        draw_negatives(own, data.item_count(), static_cast<std::size_t>(count), Random(seed, "bayes-fm negatives", u));
    for (std::size_t n = 0; n < drawn.size(); ++n) add(u, drawn[n], time(n % history.size()), 0.0F);
  }
  return events;
}

}  // namespace gusto
