#include "gusto/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

void check_rows_and_values(const Catalogue& catalogue, std::span<const Event> events) {
  const std::size_t users = catalogue.users.size();
  const std::size_t items = catalogue.items.size();
  for (const Event& event : events) {
    if (event.user.index >= users || event.item.index >= items) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("An event names user row {} and item row {}, but there are {} users and {} items.",
                              event.user.index, event.item.index, users, items));
    }
    if (!std::isfinite(event.value)) {
      throw Error(
          ErrorCode::not_finite,
          fmt::format("The event of user {} and item {} has the value {}.", quote(catalogue.users[event.user.index]),
                      quote(catalogue.items[event.item.index]), event.value),
          "Give every event a finite value.");
    }
  }
}

// A user's events while they are put in order.
struct Placed {
  std::int64_t time;
  std::size_t position;  // in the order given, which settles equal times
  friend bool operator<(const Placed& a, const Placed& b) {
    return a.time != b.time ? a.time < b.time : a.position < b.position;
  }
};

}  // namespace

std::string Catalogue::title(ItemRow item) const {
  if (const FeatureField* titles = item_features.find("title")) {
    std::string title = titles->display(item.index);
    if (!title.empty()) return title;
  }
  return std::string(items[item.index]);
}

Dataset::Dataset(std::shared_ptr<const Catalogue> catalogue, std::span<const Event> events)
    : catalogue_(std::move(catalogue)), by_item_(std::make_unique<ByItem>()) {
  check_rows_and_values(*catalogue_, events);

  offsets_.assign(user_count() + 1, 0);
  for (const Event& event : events) ++offsets_[event.user.index + 1];
  for (std::size_t u = 0; u < user_count(); ++u) offsets_[u + 1] += offsets_[u];

  std::vector<Placed> placed(events.size());
  std::vector<std::uint64_t> next(offsets_.begin(), offsets_.end() - 1);
  for (std::size_t i = 0; i < events.size(); ++i) placed[next[events[i].user.index]++] = {events[i].time, i};

  const bool timed = std::any_of(events.begin(), events.end(), [](const Event& e) { return e.time != kNoTime; });
  items_.resize(events.size());
  values_.resize(events.size());
  if (timed) times_.resize(events.size());
  std::vector<std::uint32_t> last_user(item_count(), 0);  // user + 1 that an item was last met with
  for (std::size_t u = 0; u < user_count(); ++u) {
    const auto first = placed.begin() + static_cast<std::ptrdiff_t>(offsets_[u]);
    const auto last = placed.begin() + static_cast<std::ptrdiff_t>(offsets_[u + 1]);
    if (!std::is_sorted(first, last)) std::sort(first, last);
    for (std::size_t i = offsets_[u]; i < offsets_[u + 1]; ++i) {
      const Event& event = events[placed[i].position];
      if (last_user[event.item.index] == u + 1) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("User {} and item {} have more than one event.", quote(catalogue_->users[u]),
                                quote(catalogue_->items[event.item.index])),
                    "Keep one event for each pair of user and item.");
      }
      last_user[event.item.index] = static_cast<std::uint32_t>(u + 1);
      items_[i] = event.item;
      values_[i] = event.value;
      if (timed) times_[i] = event.time;
    }
  }

  if (!values_.empty()) {
    const auto [low, high] = std::minmax_element(values_.begin(), values_.end());
    scale_ = {*low, *high};
  }
}

History Dataset::history(UserRow user) const {
  const std::size_t begin = offsets_[user.index];
  const std::size_t count = offsets_[user.index + 1] - begin;
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
    for (std::size_t i = offsets_[u]; i < offsets_[u + 1]; ++i) {
      result.push_back({UserRow(u), items_[i], values_[i], has_times() ? times_[i] : kNoTime});
    }
  }
  return result;
}

std::uint64_t Dataset::memory() const {
  return offsets_.size() * sizeof(offsets_[0]) + items_.size() * sizeof(items_[0]) +
         values_.size() * sizeof(values_[0]) + times_.size() * sizeof(times_[0]);
}

// Users are met in ascending order, so that every audience comes out ascending.
const Dataset::ByItem& Dataset::by_item() const {
  ByItem& view = *by_item_;
  std::call_once(view.built, [&] {
    view.offsets.assign(item_count() + 1, 0);
    view.users.resize(event_count());
    view.values.resize(event_count());
    for (ItemRow item : items_) ++view.offsets[item.index + 1];
    for (std::size_t i = 0; i < item_count(); ++i) view.offsets[i + 1] += view.offsets[i];
    std::vector<std::uint64_t> next(view.offsets.begin(), view.offsets.end() - 1);
    for (std::size_t u = 0; u < user_count(); ++u) {
      for (std::size_t e = offsets_[u]; e < offsets_[u + 1]; ++e) {
        const std::uint64_t slot = next[items_[e].index]++;
        view.users[slot] = UserRow(u);
        view.values[slot] = values_[e];
      }
    }
  });
  return view;
}

}  // namespace gusto
