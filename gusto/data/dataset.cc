#include "gusto/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

[[noreturn]] void refuse_rows(const Catalogue& catalogue, UserRow user, ItemRow item) {
  throw Error(ErrorCode::invalid_input,
              fmt::format("An event names user row {} and item row {}, but there are {} users and {} items.",
                          user.index, item.index, catalogue.users.size(), catalogue.items.size()));
}

// A user's events while they are put in order.
struct Placed {
  std::int64_t time;
  std::size_t position;  // in the order given, which settles equal times
  friend bool operator<(const Placed& a, const Placed& b) {
    return a.time != b.time ? a.time < b.time : a.position < b.position;
  }
};

EventColumns in_stored_order(const Catalogue& catalogue, std::span<const Event> events) {
  const std::size_t users = catalogue.users.size();
  std::vector<std::uint64_t> offsets(users + 1, 0);
  for (const Event& event : events) {
    if (event.user.index >= users) refuse_rows(catalogue, event.user, event.item);
    ++offsets[event.user.index + 1];
  }
  for (std::size_t u = 0; u < users; ++u) offsets[u + 1] += offsets[u];

  std::vector<Placed> placed(events.size());
  std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
  for (std::size_t i = 0; i < events.size(); ++i) placed[next[events[i].user.index]++] = {events[i].time, i};
  for (std::size_t u = 0; u < users; ++u) {
    const auto first = placed.begin() + static_cast<std::ptrdiff_t>(offsets[u]);
    const auto last = placed.begin() + static_cast<std::ptrdiff_t>(offsets[u + 1]);
    if (!std::is_sorted(first, last)) std::sort(first, last);
  }

  const bool timed = std::any_of(events.begin(), events.end(), [](const Event& e) { return e.time != kNoTime; });
  std::vector<ItemRow> items(events.size());
  std::vector<float> values(events.size());
  std::vector<std::int64_t> times(timed ? events.size() : 0);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[placed[i].position];
    items[i] = event.item;
    values[i] = event.value;
    if (timed) times[i] = event.time;
  }
  return {std::move(offsets), std::move(items), std::move(values), std::move(times)};
}

void check_lengths(const Catalogue& catalogue, const EventColumns& columns) {
  const std::size_t events = columns.items.size();
  if (columns.offsets.size() != catalogue.users.size() + 1) {
    throw Error(ErrorCode::invalid_input, fmt::format("There are {} offsets for the events of {} users.",
                                                      columns.offsets.size(), catalogue.users.size()));
  }
  if (columns.values.size() != events || (!columns.times.empty() && columns.times.size() != events)) {
    throw Error(ErrorCode::invalid_input, "The columns of the events differ in length.");
  }
  if (columns.offsets.front() != 0 || columns.offsets.back() != events ||
      !std::is_sorted(columns.offsets.begin(), columns.offsets.end())) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("The offsets of the users' events do not ascend from 0 to {}.", events));
  }
}

void check_events(const Catalogue& catalogue, const EventColumns& columns) {
  const std::size_t items = catalogue.items.size();
  std::vector<std::uint32_t> last_user(items, 0);  // user + 1 that an item was last met with
  for (std::size_t u = 0; u + 1 < columns.offsets.size(); ++u) {
    for (std::size_t i = columns.offsets[u]; i < columns.offsets[u + 1]; ++i) {
      const ItemRow item = columns.items[i];
      if (item.index >= items) refuse_rows(catalogue, UserRow(u), item);
      if (!std::isfinite(columns.values[i])) {
        throw Error(ErrorCode::not_finite,
                    fmt::format("The event of user {} and item {} has the value {}.", quote(catalogue.users[u]),
                                quote(catalogue.items[item.index]), columns.values[i]),
                    "Give every event a finite value.");
      }
      if (last_user[item.index] == u + 1) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("User {} and item {} have more than one event.", quote(catalogue.users[u]),
                                quote(catalogue.items[item.index])),
                    "Keep one event for each pair of user and item.");
      }
      last_user[item.index] = static_cast<std::uint32_t>(u + 1);
    }
    if (columns.times.empty()) continue;
    const auto times = columns.times.span().subspan(columns.offsets[u], columns.offsets[u + 1] - columns.offsets[u]);
    if (!std::is_sorted(times.begin(), times.end())) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("The events of user {} are not in order of time.", quote(catalogue.users[u])));
    }
  }
}

}  // namespace

std::string Catalogue::title(ItemRow item) const {
  if (const FeatureField* titles = item_features.find("title")) {
    std::string title = titles->display(item.index);
    if (!title.empty()) return title;
  }
  return std::string(items[item.index]);
}

Dataset::Dataset(std::shared_ptr<const Catalogue> catalogue, std::span<const Event> events)
    : Dataset(catalogue, in_stored_order(*catalogue, events)) {}

Dataset::Dataset(std::shared_ptr<const Catalogue> catalogue, EventColumns columns)
    : catalogue_(std::move(catalogue)), columns_(std::move(columns)), by_item_(std::make_unique<ByItem>()) {
  check_lengths(*catalogue_, columns_);
  check_events(*catalogue_, columns_);
  if (!columns_.values.empty()) {
    const auto [low, high] = std::minmax_element(columns_.values.begin(), columns_.values.end());
    scale_ = {*low, *high};
  }
}

History Dataset::history(UserRow user) const {
  const std::size_t begin = columns_.offsets[user.index];
  const std::size_t count = columns_.offsets[user.index + 1] - begin;
  History result{items().subspan(begin, count), values().subspan(begin, count), {}};
  if (has_times()) result.times = times().subspan(begin, count);
  return result;
}

Audience Dataset::audience(ItemRow item) const {
  const ByItem& view = by_item();
  const std::size_t begin = view.offsets[item.index];
  const std::size_t count = view.offsets[item.index + 1] - begin;
  return {std::span(view.users).subspan(begin, count), std::span(view.values).subspan(begin, count)};
}

std::vector<Event> Dataset::events() const {
  std::vector<Event> result;
  result.reserve(event_count());
  for (std::size_t u = 0; u < user_count(); ++u) {
    for (std::size_t i = columns_.offsets[u]; i < columns_.offsets[u + 1]; ++i) {
      result.push_back({UserRow(u), columns_.items[i], columns_.values[i], has_times() ? columns_.times[i] : kNoTime});
    }
  }
  return result;
}

std::uint64_t Dataset::memory() const {
  return columns_.offsets.size_bytes() + columns_.items.size_bytes() + columns_.values.size_bytes() +
         columns_.times.size_bytes();
}

// Users are met in ascending order, so that every audience comes out ascending.
const Dataset::ByItem& Dataset::by_item() const {
  ByItem& view = *by_item_;
  std::call_once(view.built, [&] {
    view.offsets.assign(item_count() + 1, 0);
    view.users.resize(event_count());
    view.values.resize(event_count());
    for (ItemRow item : columns_.items) ++view.offsets[item.index + 1];
    for (std::size_t i = 0; i < item_count(); ++i) view.offsets[i + 1] += view.offsets[i];
    std::vector<std::uint64_t> next(view.offsets.begin(), view.offsets.end() - 1);
    for (std::size_t u = 0; u < user_count(); ++u) {
      for (std::size_t e = columns_.offsets[u]; e < columns_.offsets[u + 1]; ++e) {
        const std::uint64_t slot = next[columns_.items[e].index]++;
        view.users[slot] = UserRow(u);
        view.values[slot] = columns_.values[e];
      }
    }
  });
  return view;
}

}  // namespace gusto
