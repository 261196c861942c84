#include "gusto/data/assembly/event_settler.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

namespace gusto {
namespace {

constexpr std::size_t kUsersAtOnce = 128;
constexpr double kGreatestFloat = std::numeric_limits<float>::max();

template <class T>
SharedArray<T> to_shared(GrowingArray<T>& values) {
  const std::size_t count = values.size();
  std::shared_ptr<const T[]> owner = values.release();
  const T* const begin = owner.get();
  return {std::shared_ptr<const void>(std::move(owner), begin), {begin, count}};
}

// Which of a user's items have been met; a bit an item, all 0 between users.
class MetItems {
 public:
  explicit MetItems(std::size_t item_count) : met_((item_count + 63) / 64) {}

  bool repeat(std::span<const ItemRow> items) {
    bool found = false;
    for (const ItemRow item : items) {
      std::uint64_t& word = met_[item.index / 64];
      const std::uint64_t bit = std::uint64_t{1} << (item.index % 64);
      found |= (word & bit) != 0;
      word |= bit;
    }
    for (const ItemRow item : items) met_[item.index / 64] = 0;
    return found;
  }

 private:
  std::vector<std::uint64_t> met_;
};

// An event while a user's are put in order; its place among them settles equal times.
struct TimedPosition {
  std::int64_t time;
  std::size_t position;
  friend bool operator<(const TimedPosition& a, const TimedPosition& b) {
    return a.time != b.time ? a.time < b.time : a.position < b.position;
  }
};

/// Puts the events of one user after the other in order, with scratch memory that they share.
class UserEvents {
 public:
  UserEvents(GroupedEvents& events, const EventRules& rules, std::size_t item_count)
      : events_(events), rules_(rules), met_(item_count) {}

  /// Returns how many of a user's events, those at [begin, end), are left; they lie at the front.
  std::size_t settle(std::uint32_t user, std::size_t begin, std::size_t end, SettledEvents& out) {
    items_ = events_.items.values().subspan(begin, end - begin);
    values_ = events_.values.values().subspan(begin, end - begin);
    times_ = events_.times.values();
    if (!times_.empty()) times_ = times_.subspan(begin, end - begin);
    if (rules_.half_life) weigh_by_age();
    if (met_.repeat(items_)) settle_duplicates(user, begin, out);
    rules_.transform.apply(values_);
    if (!std::is_sorted(times_.begin(), times_.end())) order_by_time();
    return items_.size();
  }

 private:
  void weigh_by_age() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double age = static_cast<double>(events_.latest - times_[i]);
      values_[i] = static_cast<float>(static_cast<double>(values_[i]) * std::exp2(-age / *rules_.half_life));
    }
  }

  // Events of one item come together, in the order of the file, and one of each is kept.
  void settle_duplicates(std::uint32_t user, std::size_t begin, SettledEvents& out) {
    order_.resize(items_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return items_[a] < items_[b]; });
    left_out_.assign(items_.size(), false);
    for (auto first = order_.begin(); first != order_.end();) {
      const auto last = std::find_if(first, order_.end(), [&](std::size_t e) { return items_[e] != items_[*first]; });
      if (last - first > 1) join({first, last}, user, begin, out);
      first = last;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (left_out_[i]) continue;
      items_[kept] = items_[i];
      values_[kept] = values_[i];
      if (!times_.empty()) times_[kept] = times_[i];
      ++kept;
    }
    out.duplicates += items_.size() - kept;
    items_ = items_.first(kept);
    values_ = values_.first(kept);
    if (!times_.empty()) times_ = times_.first(kept);
  }

  void join(std::span<const std::size_t> events, std::uint32_t user, std::size_t begin, SettledEvents& out) {
    if (rules_.duplicates == DuplicatePolicy::refuse) {
      const std::span<const std::uint64_t> lines = std::as_const(events_.lines).values();
      const RepeatedEvent repeated{user, items_[events[0]].index, lines[begin + events[0]], lines[begin + events[1]]};
      out.note(repeated);
    }
    const std::size_t keep = one_to_keep(events);
    double sum = 0;
    float greatest = values_[keep];
    std::int64_t latest = kNoTime;
    for (const std::size_t event : events) {
      left_out_[event] = event != keep;
      sum += static_cast<double>(values_[event]);
      greatest = std::max(greatest, values_[event]);
      if (!times_.empty()) latest = std::max(latest, times_[event]);
    }
    const auto joined = [](double value) {
      return static_cast<float>(std::clamp(value, -kGreatestFloat, kGreatestFloat));
    };
    switch (rules_.duplicates) {
      case DuplicatePolicy::mean: values_[keep] = joined(sum / static_cast<double>(events.size())); break;
      case DuplicatePolicy::sum: values_[keep] = joined(sum); break;
      case DuplicatePolicy::max: values_[keep] = greatest; break;
      default: return;
    }
    if (!times_.empty()) times_[keep] = latest;
  }

  // The earliest or the latest, if the first or the last one counts; of equal times, the first or the last in the file.
  std::size_t one_to_keep(std::span<const std::size_t> events) const {
    const bool first = rules_.duplicates == DuplicatePolicy::keep_first;
    if (times_.empty() || (!first && rules_.duplicates != DuplicatePolicy::keep_last)) {
      return first ? events.front() : events.back();
    }
    std::size_t keep = events.front();
    for (const std::size_t event : events.subspan(1)) {
      if (first ? times_[event] < times_[keep] : times_[event] >= times_[keep]) keep = event;
    }
    return keep;
  }

  void order_by_time() {
    placed_.resize(times_.size());
    for (std::size_t i = 0; i < placed_.size(); ++i) placed_[i] = {times_[i], i};
    std::sort(placed_.begin(), placed_.end());
    rearrange(items_, item_scratch_);
    rearrange(values_, value_scratch_);
    for (std::size_t i = 0; i < placed_.size(); ++i) times_[i] = placed_[i].time;
  }

  template <class T>
  void rearrange(std::span<T> values, std::vector<T>& scratch) {
    scratch.assign(values.begin(), values.end());
    for (std::size_t i = 0; i < placed_.size(); ++i) values[i] = scratch[placed_[i].position];
  }

  GroupedEvents& events_;
  const EventRules& rules_;
  MetItems met_;
  std::vector<std::size_t> order_;
  std::vector<TimedPosition> placed_;
  std::vector<ItemRow> item_scratch_;
  std::vector<float> value_scratch_;
  std::vector<bool> left_out_;
  std::span<ItemRow> items_;
  std::span<float> values_;
  std::span<std::int64_t> times_;
};

// Moves events to the front of their user's, and these together.
void close_gaps(GroupedEvents& events, const std::vector<std::uint64_t>& kept) {
  std::vector<std::uint64_t>& offsets = events.offsets;
  std::uint64_t end = 0;
  const auto move = [&](auto values, std::uint64_t from, std::uint64_t count) {
    if (values.empty() || from == end) return;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
    std::copy(begin, begin + static_cast<std::ptrdiff_t>(count), values.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (std::size_t user = 0; user < kept.size(); ++user) {
    move(events.items.values(), offsets[user], kept[user]);
    move(events.values.values(), offsets[user], kept[user]);
    move(events.times.values(), offsets[user], kept[user]);
    offsets[user] = end;
    end += kept[user];
  }
  offsets.back() = end;
  events.items.truncate(end);
  events.values.truncate(end);
  if (events.times.size() > 0) events.times.truncate(end);
}

}  // namespace

SettledEvents settle_events(GroupedEvents events, const EventRules& rules, std::span<const ItemRow> new_item_rows,
                            Context& context) {
  const std::size_t user_count = events.offsets.size() - 1;
  std::vector<std::uint64_t> kept(user_count);
  std::vector<SettledEvents> outcomes((user_count + kUsersAtOnce - 1) / kUsersAtOnce);
  std::vector<std::optional<UserEvents>> workers(context.threads());
  parallel_blocks(context, user_count, kUsersAtOnce, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!workers[worker]) workers[worker].emplace(events, rules, new_item_rows.size());
    SettledEvents& outcome = outcomes[begin / kUsersAtOnce];
    for (std::size_t user = begin; user < end; ++user) {
      const std::uint64_t first = events.offsets[user], last = events.offsets[user + 1];
      kept[user] = workers[worker]->settle(static_cast<std::uint32_t>(user), first, last, outcome);
      for (ItemRow& item : events.items.values().subspan(first, kept[user])) item = new_item_rows[item.index];
    }
  });
  events.lines.truncate(0);

  SettledEvents result;
  for (const SettledEvents& outcome : outcomes) {
    result.duplicates += outcome.duplicates;
    if (outcome.repeated) result.note(*outcome.repeated);
  }
  if (result.duplicates > 0) close_gaps(events, kept);
  events.items.truncate(events.items.size());
  events.values.truncate(events.values.size());
  events.times.truncate(events.times.size());
  result.columns = {std::move(events.offsets), to_shared(events.items), to_shared(events.values),
                    to_shared(events.times)};
  return result;
}

bool is_settled(std::span<const std::uint64_t> offsets, std::span<const ItemRow> items,
                std::span<const std::int64_t> times, std::size_t item_count) {
  MetItems met(item_count);
  for (std::size_t user = 0; user + 1 < offsets.size(); ++user) {
    const std::uint64_t begin = offsets[user], count = offsets[user + 1] - begin;
    if (met.repeat(items.subspan(begin, count))) return false;
    if (times.empty()) continue;
    const auto own = times.subspan(begin, count);
    if (!std::is_sorted(own.begin(), own.end())) return false;
  }
  return true;
}

}  // namespace gusto
