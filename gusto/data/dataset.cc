#include "gusto/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

[[noreturn]] void refuse_rows(const Catalog& catalog, UserRow user, ItemRow item) {
  throw Error(ErrorCode::invalid_input,
              fmt::format("An event names user row {} and item row {}, but there are {} users and {} items.",
                          user.index, item.index, catalog.users.size(), catalog.items.size()));
}

// A user's events while they are put in order.
struct Placed {
  std::int64_t time;
  std::size_t position;  // in the order given, which settles equal times
  friend bool operator<(const Placed& a, const Placed& b) {
    return a.time != b.time ? a.time < b.time : a.position < b.position;
  }
};

EventColumns in_stored_order(const Catalog& catalog, std::span<const Event> events) {
  const std::size_t users = catalog.users.size();
  std::vector<std::uint64_t> offsets(users + 1, 0);
  for (const Event& event : events) {
    if (event.user.index >= users) refuse_rows(catalog, event.user, event.item);
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

void check_lengths(const Catalog& catalog, const EventColumns& columns) {
  const std::size_t events = columns.items.size();
  if (columns.offsets.size() != catalog.users.size() + 1) {
    throw Error(ErrorCode::invalid_input, fmt::format("There are {} offsets for the events of {} users.",
                                                      columns.offsets.size(), catalog.users.size()));
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

void check_events(const Catalog& catalog, const EventColumns& columns) {
  const std::size_t items = catalog.items.size();
  std::vector<std::uint32_t> last_user(items, 0);  // user + 1 that an item was last met with
  for (std::size_t u = 0; u + 1 < columns.offsets.size(); ++u) {
    for (std::size_t i = columns.offsets[u]; i < columns.offsets[u + 1]; ++i) {
      const ItemRow item = columns.items[i];
      if (item.index >= items) refuse_rows(catalog, UserRow(u), item);
      if (!std::isfinite(columns.values[i])) {
        throw Error(ErrorCode::not_finite,
                    fmt::format("The event of user {} and item {} has the value {}.", quote(catalog.users[u]),
                                quote(catalog.items[item.index]), columns.values[i]),
                    "Give every event a finite value.");
      }
      if (last_user[item.index] == u + 1) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("User {} and item {} have more than one event.", quote(catalog.users[u]),
                                quote(catalog.items[item.index])),
                    "Keep one event for each pair of user and item.");
      }
      last_user[item.index] = static_cast<std::uint32_t>(u + 1);
    }
    if (columns.times.empty()) continue;
    const auto times = columns.times.span().subspan(columns.offsets[u], columns.offsets[u + 1] - columns.offsets[u]);
    if (!std::is_sorted(times.begin(), times.end())) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("The events of user {} are not in order of time.", quote(catalog.users[u])));
    }
  }
}

EventColumns checked(const Catalog& catalog, const EventColumns& columns) {
  check_columns(catalog, columns);
  return columns;
}

Scale scale_of(std::span<const float> values) {
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

}  // namespace

std::string Catalog::title(ItemRow item) const {
  if (const FeatureField* titles = item_features.find("title")) {
    std::string title = titles->display(item.index);
    if (!title.empty()) return title;
  }
  return std::string(items[item.index]);
}

void check_columns(const Catalog& catalog, const EventColumns& columns) {
  check_lengths(catalog, columns);
  check_events(catalog, columns);
}

Dataset::Dataset(std::shared_ptr<const Catalog> catalog, std::span<const Event> events)
    : Dataset(catalog, in_stored_order(*catalog, events)) {}

Dataset::Dataset(std::shared_ptr<const Catalog> catalog, EventColumns columns)
    : Dataset(catalog, {columns.items.size(), !columns.times.empty()}, checked(*catalog, columns)) {}

Dataset::Dataset(std::shared_ptr<const Catalog> catalog, EventInfo event_info, Deferred<EventColumns> columns)
    : catalog_(std::move(catalog)),
      event_info_(event_info),
      columns_(std::move(columns)),
      scale_(Deferred<Scale>::later([c = columns_] { return scale_of(c.get().values.span()); })),
      by_item_(
          Deferred<ByItem>::later([items = item_count(), c = columns_] { return group_by_item(items, c.get()); })) {}

History Dataset::history(UserRow user) const {
  const EventColumns& all = columns_.get();
  const std::size_t begin = all.offsets[user.index];
  const std::size_t count = all.offsets[user.index + 1] - begin;
  History result{all.items.span().subspan(begin, count), all.values.span().subspan(begin, count), {}};
  if (has_times()) result.times = all.times.span().subspan(begin, count);
  return result;
}

ItemEvents Dataset::item_events(ItemRow item) const {
  const ByItem& view = by_item_.get();
  const std::size_t begin = view.offsets[item.index];
  const std::size_t count = view.offsets[item.index + 1] - begin;
  return {std::span(view.users).subspan(begin, count), std::span(view.values).subspan(begin, count)};
}

std::vector<Event> Dataset::events() const {
  const EventColumns& all = columns_.get();
  std::vector<Event> result;
  result.reserve(event_count());
  for (std::size_t u = 0; u < user_count(); ++u) {
    for (std::size_t i = all.offsets[u]; i < all.offsets[u + 1]; ++i) {
      result.push_back({UserRow(u), all.items[i], all.values[i], has_times() ? all.times[i] : kNoTime});
    }
  }
  return result;
}

std::uint64_t Dataset::memory() const {
  const std::size_t event = sizeof(ItemRow) + sizeof(float) + (has_times() ? sizeof(std::int64_t) : 0);
  return (user_count() + 1) * sizeof(std::uint64_t) + event_count() * event;
}

// Users are met in ascending order, so that each item's events come out ascending.
Dataset::ByItem Dataset::group_by_item(std::size_t items, const EventColumns& columns) {
  ByItem view;
  view.offsets.assign(items + 1, 0);
  view.users.resize(columns.items.size());
  view.values.resize(columns.items.size());
  for (ItemRow item : columns.items) ++view.offsets[item.index + 1];
  for (std::size_t i = 0; i < items; ++i) view.offsets[i + 1] += view.offsets[i];
  std::vector<std::uint64_t> next(view.offsets.begin(), view.offsets.end() - 1);
  for (std::size_t u = 0; u + 1 < columns.offsets.size(); ++u) {
    for (std::size_t e = columns.offsets[u]; e < columns.offsets[u + 1]; ++e) {
      const std::uint64_t slot = next[columns.items[e].index]++;
      view.users[slot] = UserRow(u);
      view.values[slot] = columns.values[e];
    }
  }
  return view;
}

}  // namespace gusto
