#include "gusto/data/io/event_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "gusto/base/permute.h"

namespace gusto {
namespace {

constexpr std::size_t kUsersAtOnce = 128;
constexpr std::size_t kFan = 64;

template <class T>
SharedArray<T> to_shared(GrowingArray<T>& values) {
  const std::size_t count = values.size();
  std::shared_ptr<const T[]> owner = values.release();
  const T* const begin = owner.get();
  return {std::shared_ptr<const void>(std::move(owner), begin), {begin, count}};
}

}  // namespace

/// Puts the events of one user after the other in order, with scratch memory that they share.
class EventStore::UserEvents {
 public:
  UserEvents(EventStore& store, std::size_t item_count) : store_(store), met_((item_count + 63) / 64) {}

  /// Returns how many of a user's events, those at [begin, end), are left; they lie at the front.
  std::size_t settle(std::uint32_t user, std::size_t begin, std::size_t end, Settled& out) {
    items_ = store_.items_.values().subspan(begin, end - begin);
    values_ = store_.values_.values().subspan(begin, end - begin);
    times_ = store_.times_.values();
    if (!times_.empty()) times_ = times_.subspan(begin, end - begin);
    if (store_.half_life_) weigh_by_age();
    if (repeats()) settle_duplicates(user, begin, out);
    if (!std::is_sorted(times_.begin(), times_.end())) order_by_time();
    return items_.size();
  }

 private:
  void weigh_by_age() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double age = static_cast<double>(store_.latest_ - times_[i]);
      values_[i] = static_cast<float>(static_cast<double>(values_[i]) * std::exp2(-age / *store_.half_life_));
    }
  }

  bool repeats() {
    bool found = false;
    for (const ItemRow item : items_) {
      std::uint64_t& word = met_[item.index / 64];
      const std::uint64_t bit = std::uint64_t{1} << (item.index % 64);
      found |= (word & bit) != 0;
      word |= bit;
    }
    for (const ItemRow item : items_) met_[item.index / 64] = 0;
    return found;
  }

  // Events of one item come together, in the order of the file; one of each is kept, where the last of them was, or the first
  // if that is what counts.
  void settle_duplicates(std::uint32_t user, std::size_t begin, Settled& out) {
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

  void join(std::span<const std::size_t> events, std::uint32_t user, std::size_t begin, Settled& out) {
    if (store_.duplicates_ == DuplicatePolicy::refuse) {
      const std::span<const std::uint64_t> lines = std::as_const(store_.lines_).values();
      const Repeated repeated{user, items_[events[0]].index, lines[begin + events[0]], lines[begin + events[1]]};
      out.note(repeated);
    }
    const std::size_t keep = store_.duplicates_ == DuplicatePolicy::keep_first ? events.front() : events.back();
    double sum = 0;
    std::int64_t latest = kNoTime;
    for (const std::size_t event : events) {
      left_out_[event] = event != keep;
      sum += static_cast<double>(values_[event]);
      if (!times_.empty()) latest = std::max(latest, times_[event]);
    }
    const bool mean = store_.duplicates_ == DuplicatePolicy::mean;
    if (!mean && store_.duplicates_ != DuplicatePolicy::sum) return;
    const double joined = mean ? sum / static_cast<double>(events.size()) : sum;
    constexpr double kGreatest = std::numeric_limits<float>::max();
    values_[keep] = static_cast<float>(std::clamp(joined, -kGreatest, kGreatest));
    if (!times_.empty()) times_[keep] = latest;
  }

  void order_by_time() {
    order_.resize(items_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return times_[a] < times_[b]; });
    // order_[i] comes to i; permute() wants to know where each goes.
    goals_.resize(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) goals_[order_[i]] = i;
    permute(std::span(goals_), items_, values_, times_);
  }

  EventStore& store_;
  std::vector<std::uint64_t> met_;  // a bit an item; all 0 between users
  std::vector<std::size_t> order_, goals_;
  std::vector<bool> left_out_;
  std::span<ItemRow> items_;
  std::span<float> values_;
  std::span<std::int64_t> times_;
};

void EventStore::add(const EventBlock& block, std::span<const std::uint32_t> user_rows,
                     std::span<const std::uint32_t> item_rows, std::uint64_t first_line, bool timed) {
  const std::size_t count = block.events.size();
  const std::span<std::uint32_t> users = users_.extend(count);
  const std::span<ItemRow> items = items_.extend(count);
  const std::span<float> values = values_.extend(count);
  for (std::size_t i = 0; i < count; ++i) {
    users[i] = user_rows[block.events[i].user];
    items[i] = ItemRow(item_rows[block.events[i].item]);
    values[i] = block.events[i].value;
    user_count_ = std::max(user_count_, users[i] + 1);
  }
  size_ += count;
  timed_ = timed;
  if (timed) {
    const std::span<std::int64_t> times = times_.extend(count);
    for (std::size_t i = 0; i < count; ++i) {
      times[i] = block.events[i].time;
      latest_ = std::max(latest_, times[i]);
    }
  }
  if (duplicates_ == DuplicatePolicy::refuse) {
    const std::span<std::uint64_t> lines = lines_.extend(count);
    for (std::size_t i = 0; i < count; ++i) lines[i] = first_line + block.events[i].line;
  }
  if (limit_ && memory() > *limit_) spill();
}

std::uint64_t EventStore::memory() const {
  return users_.values().size_bytes() + items_.values().size_bytes() + values_.values().size_bytes() +
         times_.values().size_bytes() + lines_.values().size_bytes();
}

template <class Body>
void EventStore::for_columns(const Body& body) {
  body(users_), body(items_), body(values_), body(times_), body(lines_);
}

void EventStore::spill() {
  const std::vector<std::uint64_t> offsets = group_by_user(user_count_);
  EventRun run(folder_);
  for (std::uint32_t user = 0; user < user_count_; ++user) {
    for (std::uint64_t i = offsets[user]; i < offsets[user + 1]; ++i) {
      run.append({.user = user,
                  .item = items_.values()[i],
                  .value = values_.values()[i],
                  .time = timed_ ? times_.values()[i] : kNoTime,
                  .line = lines_.size() > 0 ? lines_.values()[i] : 0});
    }
  }
  for_columns([](auto& column) { column.clear(); });
  add_run(std::move(run));
}

// Runs of one level come together as soon as there are kFan of them, so that few files are open at once, and an event is
// written a few times at most.
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
  items_.extend(1)[0] = event.item;
  values_.extend(1)[0] = event.value;
  if (timed_) times_.extend(1)[0] = event.time;
  if (duplicates_ == DuplicatePolicy::refuse) lines_.extend(1)[0] = event.line;
}

// Events of a user keep the order in which they came. The users' numbers become positions, so that no memory is needed.
std::vector<std::uint64_t> EventStore::group_by_user(std::size_t user_count) {
  std::vector<std::uint64_t> offsets(user_count + 1, 0);
  const std::span<std::uint32_t> users = users_.values();
  for (const std::uint32_t user : users) ++offsets[user + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  if (std::is_sorted(users.begin(), users.end())) return offsets;
  std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
  const auto move = [&](auto to) { permute(to, items_.values(), values_.values(), times_.values(), lines_.values()); };
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

EventStore::Settled EventStore::settle(std::size_t user_count, std::span<const ItemRow> new_item_rows,
                                       Context& context) {
  std::vector<std::uint64_t> offsets = group_by_user(user_count);
  users_.truncate(0);
  std::vector<std::uint64_t> kept(user_count);
  std::vector<Settled> outcomes((user_count + kUsersAtOnce - 1) / kUsersAtOnce);
  std::vector<std::optional<UserEvents>> workers(context.threads());
  parallel_blocks(context, user_count, kUsersAtOnce, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!workers[worker]) workers[worker].emplace(*this, new_item_rows.size());
    Settled& outcome = outcomes[begin / kUsersAtOnce];
    for (std::size_t user = begin; user < end; ++user) {
      kept[user] = workers[worker]->settle(static_cast<std::uint32_t>(user), offsets[user], offsets[user + 1], outcome);
      const auto items = items_.values().subspan(offsets[user], kept[user]);
      for (ItemRow& item : items) item = new_item_rows[item.index];
    }
  });
  lines_.truncate(0);

  Settled result;
  for (const Settled& outcome : outcomes) {
    result.duplicates += outcome.duplicates;
    if (outcome.repeated) result.note(*outcome.repeated);
  }
  if (result.duplicates > 0) close_gaps(offsets, kept);
  items_.truncate(items_.size());
  values_.truncate(values_.size());
  times_.truncate(times_.size());
  result.columns = {std::move(offsets), to_shared(items_), to_shared(values_), to_shared(times_)};
  return result;
}

EventStore::Settled EventStore::settle_spilled(std::size_t user_count, std::span<const ItemRow> new_item_rows,
                                               Context& context,
                                               const std::function<void(const EventColumns& columns)>& sink) {
  spill();
  for_columns([](auto& column) { column.truncate(0); });
  Settled result;
  for (std::uint32_t first = 0; first < user_count;) {
    EventStore piece(duplicates_, half_life_);
    piece.latest_ = latest_;
    piece.timed_ = timed_;
    std::uint32_t user = first;
    for (; user < user_count && piece.memory() < *limit_; ++user) {
      take_events(runs_, user, [&](const EventRun::Event& event) { piece.add(event, user - first); });
    }
    Settled settled = piece.settle(user - first, new_item_rows, context);
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

void EventStore::close_gaps(std::vector<std::uint64_t>& offsets, const std::vector<std::uint64_t>& kept) {
  std::uint64_t end = 0;
  const auto move = [&](auto values, std::uint64_t from, std::uint64_t count) {
    if (values.empty() || from == end) return;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
    std::copy(begin, begin + static_cast<std::ptrdiff_t>(count), values.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (std::size_t user = 0; user < kept.size(); ++user) {
    move(items_.values(), offsets[user], kept[user]);
    move(values_.values(), offsets[user], kept[user]);
    move(times_.values(), offsets[user], kept[user]);
    offsets[user] = end;
    end += kept[user];
  }
  offsets.back() = end;
  items_.truncate(end);
  values_.truncate(end);
  if (times_.size() > 0) times_.truncate(end);
}

}  // namespace gusto
