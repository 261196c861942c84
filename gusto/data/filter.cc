#include "gusto/data/filter.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/times.h"

namespace gusto {
namespace {

using FilterKind = FilterStep::Kind;

// Plain numbers below it, of March 1973, are years, or dates without hyphens.
constexpr std::int64_t kFirstPlainTime = 100'000'000;

// How many kept events each user and each item has.
struct Counts {
  std::vector<std::uint32_t> users;
  std::vector<std::uint32_t> items;
};

class EventFilter {
 public:
  explicit EventFilter(const Dataset& data) : data_(data) {
    result_.kept.assign(data.event_count(), true);
    counts_ = count();
  }

  void since(std::int64_t first) {
    if (!data_.has_times()) {
      throw Error(ErrorCode::invalid_input, "Events are kept since a time, and the data set has none.",
                  "Leave that filter out, or name the column of times.");
    }
    keep_where(FilterKind::since, [&](std::size_t i) { return data_.times()[i] >= first; });
  }

  void positives(double least) {
    const auto stored = static_cast<float>(least);
    keep_where(FilterKind::positives, [&](std::size_t i) { return data_.values()[i] >= stored; });
  }

  // Takes away one user or item that has too few events after the other; each takes its events away from the other
  // side, where that may leave too few in turn. Whatever the order, the same part is left.
  void core(std::uint64_t least_user_events, std::uint64_t least_item_events) {
    if (least_item_events > 1) list_by_item();
    std::vector<std::uint32_t> users, items;  // to be taken away
    const auto few = [](std::uint32_t count, std::uint64_t least) { return count > 0 && count < least; };
    for (std::size_t u = 0; u < counts_.users.size(); ++u) {
      if (few(counts_.users[u], least_user_events)) users.push_back(static_cast<std::uint32_t>(u));
    }
    for (std::size_t i = 0; i < counts_.items.size(); ++i) {
      if (few(counts_.items[i], least_item_events)) items.push_back(static_cast<std::uint32_t>(i));
    }
    const Counts before = counts_;
    const auto drop = [&](std::size_t position, std::uint32_t user, std::uint32_t item) {
      if (!result_.kept[position]) return;
      result_.kept[position] = false;
      // Listed when the count falls below what is asked for, and not again.
      if (counts_.users[user]-- == least_user_events) users.push_back(user);
      if (counts_.items[item]-- == least_item_events && least_item_events > 1) items.push_back(item);
    };
    while (!users.empty() || !items.empty()) {
      if (!users.empty()) {
        const std::uint32_t user = users.back();
        users.pop_back();
        for (std::size_t p = data_.offsets()[user]; p < data_.offsets()[user + 1]; ++p) {
          drop(p, user, data_.items()[p].index);
        }
      } else {
        const std::uint32_t item = items.back();
        items.pop_back();
        for (std::size_t e = item_offsets_[item]; e < item_offsets_[item + 1]; ++e) {
          drop(by_item_[e].position, by_item_[e].user, item);
        }
      }
    }
    add_step(FilterKind::core, before);
  }

  std::vector<ItemRow> items_left() const {
    std::vector<ItemRow> items;
    for (std::size_t i = 0; i < counts_.items.size(); ++i) {
      if (counts_.items[i] > 0) items.emplace_back(i);
    }
    return items;
  }

  FilteredEvents take() { return std::move(result_); }

 private:
  struct Entry {
    std::uint64_t position;
    std::uint32_t user;
  };

  template <class Keep>
  void keep_where(FilterKind kind, Keep keep) {
    const Counts before = std::move(counts_);
    for (std::size_t i = 0; i < result_.kept.size(); ++i) {
      if (result_.kept[i] && !keep(i)) result_.kept[i] = false;
    }
    counts_ = count();
    add_step(kind, before);
  }

  Counts count() const {
    Counts counts{std::vector<std::uint32_t>(data_.user_count()), std::vector<std::uint32_t>(data_.item_count())};
    for (std::size_t u = 0; u < data_.user_count(); ++u) {
      for (std::size_t p = data_.offsets()[u]; p < data_.offsets()[u + 1]; ++p) {
        if (!result_.kept[p]) continue;
        ++counts.users[u];
        ++counts.items[data_.items()[p].index];
      }
    }
    return counts;
  }

  void list_by_item() {
    item_offsets_.assign(data_.item_count() + 1, 0);
    for (std::size_t i = 0; i < counts_.items.size(); ++i) item_offsets_[i + 1] = item_offsets_[i] + counts_.items[i];
    by_item_.resize(item_offsets_.back());
    std::vector<std::uint64_t> next(item_offsets_.begin(), item_offsets_.end() - 1);
    for (std::size_t u = 0; u < data_.user_count(); ++u) {
      for (std::size_t p = data_.offsets()[u]; p < data_.offsets()[u + 1]; ++p) {
        if (result_.kept[p]) by_item_[next[data_.items()[p].index]++] = {p, static_cast<std::uint32_t>(u)};
      }
    }
  }

  void add_step(FilterKind kind, const Counts& before) {
    FilterStep step{kind, 0, 0, 0};
    for (std::size_t u = 0; u < before.users.size(); ++u) {
      step.events += before.users[u] - counts_.users[u];
      if (before.users[u] > 0 && counts_.users[u] == 0) ++step.users;
    }
    for (std::size_t i = 0; i < before.items.size(); ++i) {
      if (before.items[i] > 0 && counts_.items[i] == 0) ++step.items;
    }
    result_.steps.push_back(step);
  }

  const Dataset& data_;
  FilteredEvents result_;
  Counts counts_;
  std::vector<std::uint64_t> item_offsets_;
  std::vector<Entry> by_item_;
};

}  // namespace

std::string_view to_string(FilterStep::Kind kind) {
  switch (kind) {
    case FilterKind::since: return "since";
    case FilterKind::positives: return "positives";
    case FilterKind::core: break;
  }
  return "core";
}

std::int64_t parse_since(std::string_view text) {
  const TimeUnit unit = recognize_time_unit(text);
  if (const auto time = parse_time(text, unit)) {
    if (unit == TimeUnit::iso || *time >= kFirstPlainTime) return *time;
    throw Error(ErrorCode::invalid_option,
                fmt::format("{} seconds since 1970 are {}, and hardly meant.", text, format_time(*time)),
                fmt::format("Write a date such as {}-01-01.", text.size() == 4 && text > "1900" ? text : "2003"));
  }
  throw Error(ErrorCode::invalid_option, fmt::format("{} is no time to keep events since.", quote(text)),
              "Write a date such as 2003-02-28 or 2003-02-28T17:49:50Z, or seconds since 1970.");
}

FilteredEvents filter_events(const Dataset& data, const FilterOptions& options) {
  EventFilter filter(data);
  if (options.since) filter.since(*options.since);
  std::vector<ItemRow> candidates = filter.items_left();
  if (options.positives) filter.positives(*options.positives);
  if (options.least_user_events() > 1 || options.least_item_events() > 1) {
    filter.core(options.least_user_events(), options.least_item_events());
  }
  if (options.min_user_events || options.min_item_events) candidates = filter.items_left();
  FilteredEvents result = filter.take();
  result.candidates = std::move(candidates);
  return result;
}

std::shared_ptr<const Dataset> kept_events(const std::shared_ptr<const Dataset>& data, const std::vector<bool>& kept) {
  const auto count = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), true));
  if (count == data->event_count()) return data;
  std::vector<std::uint64_t> offsets{0};
  std::vector<ItemRow> items;
  std::vector<float> values;
  std::vector<std::int64_t> times;
  offsets.reserve(data->user_count() + 1);
  items.reserve(count);
  values.reserve(count);
  if (data->has_times()) times.reserve(count);
  for (std::size_t user = 0; user < data->user_count(); ++user) {
    for (std::size_t i = data->offsets()[user]; i < data->offsets()[user + 1]; ++i) {
      if (!kept[i]) continue;
      items.push_back(data->items()[i]);
      values.push_back(data->values()[i]);
      if (data->has_times()) times.push_back(data->times()[i]);
    }
    offsets.push_back(items.size());
  }
  // Events of which none has a time are a data set without.
  if (std::all_of(times.begin(), times.end(), [](std::int64_t time) { return time == kNoTime; })) times.clear();
  return std::make_shared<const Dataset>(
      data->shared_catalog(), EventColumns{std::move(offsets), std::move(items), std::move(values), std::move(times)});
}

FilteredDataset filter_dataset(const std::shared_ptr<const Dataset>& data, const FilterOptions& options) {
  if (!options.any()) return {data, {}};
  FilteredEvents filtered = filter_events(*data, options);
  return {kept_events(data, filtered.kept), std::move(filtered.steps)};
}

FilterOptions completed(FilterOptions first, const FilterOptions& second) {
  if (!first.since) first.since = second.since;
  if (!first.positives) first.positives = second.positives;
  if (!first.min_user_events) first.min_user_events = second.min_user_events;
  if (!first.min_item_events) first.min_item_events = second.min_item_events;
  return first;
}

}  // namespace gusto
