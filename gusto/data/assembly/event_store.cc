#include "gusto/data/assembly/event_store.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "gusto/base/permute.h"

namespace gusto {
namespace {

constexpr std::size_t kFan = 64;

}  // namespace

void EventStore::add(std::span<const NumberedEvent> events, std::span<const std::uint32_t> user_rows,
                     std::span<const std::uint32_t> item_rows, std::uint64_t first_line, bool timed) {
  const std::size_t count = events.size();
  const std::span<std::uint32_t> users = users_.extend(count);
  const std::span<ItemRow> items = events_.items.extend(count);
  const std::span<float> values = events_.values.extend(count);
  for (std::size_t i = 0; i < count; ++i) {
    users[i] = user_rows[events[i].user];
    items[i] = ItemRow(item_rows[events[i].item]);
    values[i] = events[i].value;
    user_count_ = std::max(user_count_, users[i] + 1);
  }
  size_ += count;
  timed_ = timed;
  if (timed) {
    const std::span<std::int64_t> times = events_.times.extend(count);
    for (std::size_t i = 0; i < count; ++i) {
      times[i] = events[i].time;
      events_.latest = std::max(events_.latest, times[i]);
      events_.earliest = std::min(events_.earliest, times[i]);
    }
  }
  if (rules_.duplicates == DuplicatePolicy::refuse) {
    const std::span<std::uint64_t> lines = events_.lines.extend(count);
    for (std::size_t i = 0; i < count; ++i) lines[i] = first_line + events[i].line;
  }
  if (limit_ && memory() > *limit_) spill();
}

std::uint64_t EventStore::memory() const {
  return users_.values().size_bytes() + events_.items.values().size_bytes() + events_.values.values().size_bytes() +
         events_.times.values().size_bytes() + events_.lines.values().size_bytes();
}

template <class Body>
void EventStore::for_columns(const Body& body) {
  body(users_), body(events_.items), body(events_.values), body(events_.times), body(events_.lines);
}

void EventStore::spill() {
  const std::vector<std::uint64_t> offsets = group_by_user(user_count_);
  EventRun run(folder_);
  for (std::uint32_t user = 0; user < user_count_; ++user) {
    for (std::uint64_t i = offsets[user]; i < offsets[user + 1]; ++i) {
      run.append({.user = user,
                  .item = events_.items.values()[i],
                  .value = events_.values.values()[i],
                  .time = timed_ ? events_.times.values()[i] : kNoTime,
                  .line = events_.lines.size() > 0 ? events_.lines.values()[i] : 0});
    }
  }
  for_columns([](auto& column) { column.clear(); });
  add_run(std::move(run));
}

// Runs of one level come together as soon as there are kFan of them, so that few files are open at once, and an event
// is written a few times at most.
void EventStore::add_run(EventRun run) {
  runs_.push_back({std::move(run), 0});
  while (runs_.size() >= kFan && runs_[runs_.size() - kFan].level == runs_.back().level) {
    const std::span<Run> last = std::span(runs_).last(kFan);
    EventRun joined(folder_);
    for (std::uint32_t user = 0; user < user_count_; ++user) {
      take_events(last, user, [&](const EventRun::Event& event) { joined.append(event); });
    }
    const int level = last.front().level + 1;
    runs_.erase(runs_.end() - static_cast<std::ptrdiff_t>(kFan), runs_.end());
    runs_.push_back({std::move(joined), level});
  }
}

template <class Body>
void EventStore::take_events(std::span<Run> runs, std::uint32_t user, const Body& body) {
  for (Run& run : runs) {
    for (const EventRun::Event* event = run.events.peek(); event != nullptr && event->user == user;
         event = run.events.peek()) {
      body(*event);
      run.events.pop();
    }
  }
}

void EventStore::add(const EventRun::Event& event, std::uint32_t user) {
  users_.extend(1)[0] = user;
  events_.items.extend(1)[0] = event.item;
  events_.values.extend(1)[0] = event.value;
  if (timed_) events_.times.extend(1)[0] = event.time;
  if (rules_.duplicates == DuplicatePolicy::refuse) events_.lines.extend(1)[0] = event.line;
}

// Events of a user keep the order in which they came. The users' numbers become positions, so that no memory is needed.
std::vector<std::uint64_t> EventStore::group_by_user(std::size_t user_count) {
  std::vector<std::uint64_t> offsets(user_count + 1, 0);
  const std::span<std::uint32_t> users = users_.values();
  for (const std::uint32_t user : users) ++offsets[user + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  if (std::is_sorted(users.begin(), users.end())) return offsets;
  std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
  const auto move = [&](auto to) {
    permute(to, events_.items.values(), events_.values.values(), events_.times.values(), events_.lines.values());
  };
  if (users.size() <= std::numeric_limits<std::uint32_t>::max()) {
    for (std::uint32_t& user : users) user = static_cast<std::uint32_t>(next[user]++);
    move(users);
  } else {
    std::vector<std::uint64_t> to(users.size());
    for (std::size_t i = 0; i < users.size(); ++i) to[i] = next[users[i]]++;
    move(std::span(to));
  }
  return offsets;
}

SettledEvents EventStore::settle(std::size_t user_count, std::span<const ItemRow> new_item_rows, Context& context) {
  events_.offsets = group_by_user(user_count);
  users_.truncate(0);
  return settle_events(std::exchange(events_, {}), rules_, new_item_rows, context);
}

SettledEvents EventStore::settle_spilled(std::size_t user_count, std::span<const ItemRow> new_item_rows,
                                         Context& context,
                                         const std::function<void(const EventColumns& columns)>& sink) {
  spill();
  for_columns([](auto& column) { column.truncate(0); });
  SettledEvents result;
  for (std::uint32_t first = 0; first < user_count;) {
    EventStore piece(rules_);
    piece.events_.latest = events_.latest;
    piece.timed_ = timed_;
    std::uint32_t user = first;
    for (; user < user_count && piece.memory() < *limit_; ++user) {
      take_events(runs_, user, [&](const EventRun::Event& event) { piece.add(event, user - first); });
    }
    SettledEvents settled = piece.settle(user - first, new_item_rows, context);
    result.duplicates += settled.duplicates;
    if (settled.repeated) {
      settled.repeated->user += first;
      result.note(*settled.repeated);
    }
    if (!result.repeated) sink(settled.columns);
    context.progress("settling", user, user_count);
    first = user;
  }
  return result;
}

}  // namespace gusto
