#include "gusto/data/split/split_ways.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/random.h"
#include "gusto/base/text.h"

namespace gusto::detail {
namespace {

// Shares are typed in decimals, which have no exact form: 0.29 of 100 is 29, not 28.
constexpr double kRounding = 1e-9;
// Of a held-out user's events, what is to be found.
constexpr double kFound = 0.2;

std::vector<std::uint64_t> id_keys(const Vocabulary& ids) {
  std::vector<std::uint64_t> keys(ids.size());
  for (std::size_t row = 0; row < keys.size(); ++row) keys[row] = xxh3(std::as_bytes(std::span(ids[row])));
  return keys;
}

// Gives every event a random number that depends on the seed and the ids of user and item, and on nothing else.
class EventDraws {
 public:
  EventDraws(const Dataset& data, std::uint64_t seed, std::string_view purpose)
      : seed_(seed),
        purpose_(purpose),
        items_(data.items()),
        user_keys_(id_keys(data.catalog().users)),
        item_keys_(id_keys(data.catalog().items)) {}

  std::uint64_t operator()(std::size_t user, std::size_t position) const {
    return Random(seed_, purpose_, mix(user_keys_[user]) + item_keys_[items_[position].index]).next();
  }

 private:
  std::uint64_t seed_;
  std::string_view purpose_;
  std::span<const ItemRow> items_;
  std::vector<std::uint64_t> user_keys_;
  std::vector<std::uint64_t> item_keys_;
};

using Drawn = std::pair<std::uint64_t, std::size_t>;

// Calls body(user, positions of the user's eligible events in stored order) for every user.
void for_each_user(const SplitInput& in, const std::function<void(std::size_t, std::vector<std::size_t>&)>& body) {
  const std::span<const std::uint64_t> offsets = in.data.offsets();
  std::vector<std::size_t> positions;
  for (std::size_t user = 0; user < in.data.user_count(); ++user) {
    positions.clear();
    for (std::size_t i = offsets[user]; i < offsets[user + 1]; ++i) {
      if (in.eligible[i]) positions.push_back(i);
    }
    body(user, positions);
  }
}

void require_times(const SplitInput& in) {
  if (in.data.has_times()) return;
  throw Error(ErrorCode::invalid_input,
              fmt::format("The split {} needs times, and the data set has none.", in.spec.text()),
              "Use the split holdout:0.2 or random:0.1, or name the column of times with the option `columns`, such as "
              "time=date.");
}

Division all_training(const SplitInput& in) {
  return {in.spec.text(), std::vector<Part>(in.data.event_count(), Part::train)};
}

// floor(share · count), but at least 1 and such that one is left.
std::size_t part_of(double share, std::size_t count) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(share * static_cast<double>(count) + kRounding), 1,
                                 count - 1);
}

std::vector<Drawn> draw_events(const SplitInput& in, const EventDraws& draw) {
  std::vector<Drawn> order;
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    for (const std::size_t position : positions) order.emplace_back(draw(user, position), position);
  });
  return order;
}

std::vector<std::int64_t> sorted_times(const SplitInput& in) {
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < in.data.event_count(); ++i) {
    if (in.eligible[i]) times.push_back(in.data.times()[i]);
  }
  std::sort(times.begin(), times.end());
  return times;
}

// The last time of the part of that share, from the first event on.
std::int64_t cut_after(std::span<const std::int64_t> times, double share) {
  const double count = std::ceil(share * static_cast<double>(times.size()) - kRounding);
  return times[std::clamp<std::size_t>(static_cast<std::size_t>(count), 1, times.size()) - 1];
}

void put_after(const SplitInput& in, std::int64_t cut, std::int64_t end, Part part, std::vector<Part>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (in.data.times()[i] > cut && in.data.times()[i] <= end) parts[i] = part;
  }
}

// How many of `all` a number means: a share below 1, else itself. `are` says what they are, `usual` is a share's split.
std::size_t count_of(const SplitInput& in, double number, std::size_t all, std::string_view are,
                     std::string_view usual) {
  const auto count = static_cast<std::size_t>(std::llround(number < 1 ? number * static_cast<double>(all) : number));
  if (count <= all) return count;
  throw Error(ErrorCode::invalid_option,
              fmt::format("The split {} holds out more than the {} {}.", in.spec.text(), format_count(all), are),
              fmt::format("Choose a share, such as {}.", usual));
}

}  // namespace

Division divide_random(const SplitInput& in) {
  std::vector<Drawn> order = draw_events(in, EventDraws(in.data, in.seed, "split random"));
  const auto count = static_cast<std::ptrdiff_t>(std::llround(in.spec.share * static_cast<double>(order.size())));
  std::nth_element(order.begin(), order.begin() + count, order.end());
  Division result = all_training(in);
  for (auto drawn = order.begin(); drawn != order.begin() + count; ++drawn) result.parts[drawn->second] = Part::test;
  return result;
}

Division divide_holdout(const SplitInput& in) {
  const EventDraws draw(in.data, in.seed, "split holdout");
  Division result = all_training(in);
  std::vector<Drawn> order;
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (positions.size() < 2) return;
    order.clear();
    for (const std::size_t position : positions) order.emplace_back(draw(user, position), position);
    std::sort(order.begin(), order.end());
    const std::size_t tested = part_of(in.spec.share, order.size());
    for (std::size_t i = 0; i < tested; ++i) result.parts[order[i].second] = Part::test;
    if (in.spec.withheld == 0 || order.size() - tested < 2) return;
    const std::size_t withheld = std::min(part_of(in.spec.withheld, order.size()), order.size() - tested - 1);
    for (std::size_t i = tested; i < tested + withheld; ++i) result.parts[order[i].second] = Part::withheld;
  });
  return result;
}

Division divide_last(const SplitInput& in) {
  if (!in.in_order) require_times(in);
  Division result = all_training(in);
  const bool last = in.spec.kind == SplitSpec::Kind::last;
  const std::uint64_t tested = last ? in.spec.count : 1;
  const auto withheld = last ? static_cast<std::uint64_t>(in.spec.withheld) : 0;
  for_each_user(in, [&](std::size_t, const std::vector<std::size_t>& positions) {
    if (positions.size() <= withheld || positions.size() - withheld <= tested) return;
    const std::size_t first = positions.size() - tested;
    for (std::size_t i = first - withheld; i < first; ++i) result.parts[positions[i]] = Part::withheld;
    for (std::size_t i = first; i < positions.size(); ++i) result.parts[positions[i]] = Part::test;
  });
  return result;
}

Division divide_time(const SplitInput& in) {
  require_times(in);
  Division result = all_training(in);
  const std::vector<std::int64_t> times = sorted_times(in);
  if (!times.empty()) {
    const std::int64_t cut = in.spec.begin ? *in.spec.begin - 1 : cut_after(times, in.spec.share);
    put_after(in, cut, times.back(), Part::test, result.parts);
  }
  return result;
}

Division divide_prequential(const SplitInput& in) {
  Division result = divide_time(in);
  result.each_event = true;
  return result;
}

std::vector<Division> divide_rolling(const SplitInput& in) {
  require_times(in);
  const std::vector<std::int64_t> times = sorted_times(in);
  std::vector<Division> result;
  const auto windows = static_cast<double>(in.spec.count + 1);
  for (std::uint64_t window = 1; window <= in.spec.count; ++window) {
    Division& division = result.emplace_back(all_training(in));
    division.name = fmt::format("window {}", window + 1);
    if (times.empty()) continue;
    const std::int64_t cut = cut_after(times, static_cast<double>(window) / windows);
    const std::int64_t end = cut_after(times, static_cast<double>(window + 1) / windows);
    put_after(in, cut, end, Part::test, division.parts);
    put_after(in, end, times.back(), Part::none, division.parts);
  }
  return result;
}

std::vector<Division> divide_kfold(const SplitInput& in) {
  std::vector<Drawn> order = draw_events(in, EventDraws(in.data, in.seed, "split kfold"));
  std::sort(order.begin(), order.end());
  std::vector<Division> result;
  for (std::uint64_t fold = 0; fold < in.spec.count; ++fold) {
    Division& division = result.emplace_back(all_training(in));
    division.name = fmt::format("fold {}", fold + 1);
    const std::size_t begin = order.size() * fold / in.spec.count;
    const std::size_t end = order.size() * (fold + 1) / in.spec.count;
    for (std::size_t i = begin; i < end; ++i) division.parts[order[i].second] = Part::test;
  }
  return result;
}

Division divide_users(const SplitInput& in) {
  const std::vector<std::uint64_t> keys = id_keys(in.data.catalog().users);
  std::vector<Drawn> order;
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (positions.size() > 1) order.emplace_back(Random(in.seed, "split users", keys[user]).next(), user);
  });
  std::sort(order.begin(), order.end());
  const auto count = [&](double number) {
    return count_of(in, number, order.size(), "users who have two events", "users:0.1");
  };
  const std::size_t tested = count(in.spec.share);
  const std::size_t withheld = count(in.spec.withheld);
  std::vector<Part> users(in.data.user_count(), Part::train);
  for (std::size_t i = 0; i < order.size() && i < tested + withheld; ++i) {
    users[order[i].second] = i < tested ? Part::test : Part::none;
  }

  std::vector<bool> trained(in.data.item_count());
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (users[user] != Part::train) return;
    for (const std::size_t position : positions) trained[in.data.items()[position].index] = true;
  });

  const EventDraws draw(in.data, in.seed, "split users' events");
  Division result = all_training(in);
  std::vector<Drawn> own;
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (users[user] == Part::train) return;
    own.clear();
    for (const std::size_t position : positions) {
      result.parts[position] = Part::none;
      if (users[user] == Part::none) continue;
      if (trained[in.data.items()[position].index]) own.emplace_back(draw(user, position), position);
      else ++result.untrained_items;
    }
    if (own.size() < 2) return;
    std::sort(own.begin(), own.end());
    const std::size_t found = part_of(kFound, own.size());
    for (std::size_t i = 0; i < own.size(); ++i) result.parts[own[i].second] = i < found ? Part::test : Part::history;
  });
  return result;
}

Division divide_cold_items(const SplitInput& in) {
  std::vector<bool> there(in.data.item_count());
  for (std::size_t i = 0; i < in.data.event_count(); ++i) {
    if (in.eligible[i]) there[in.data.items()[i].index] = true;
  }
  const std::vector<std::uint64_t> keys = id_keys(in.data.catalog().items);
  std::vector<Drawn> order;
  for (std::size_t item = 0; item < there.size(); ++item) {
    if (there[item]) order.emplace_back(Random(in.seed, "split cold items", keys[item]).next(), item);
  }
  std::sort(order.begin(), order.end());
  order.resize(count_of(in, in.spec.share, order.size(), "items that have events", "cold-items:0.1"));

  std::vector<bool> cold(there.size());
  for (const Drawn& drawn : order) cold[drawn.second] = true;
  Division result = all_training(in);
  for (std::size_t i = 0; i < result.parts.size(); ++i) {
    if (cold[in.data.items()[i].index]) result.parts[i] = Part::test;
  }
  if (!in.spec.alone) return result;
  for (const ItemRow item : in.candidates) {
    if (cold[item.index]) result.candidates.push_back(item);
  }
  return result;
}

Division divide_negatives(const SplitInput& in) {
  Division result = divide_last(in);
  const std::vector<std::uint64_t> users = id_keys(in.data.catalog().users);
  const std::vector<std::uint64_t> items = id_keys(in.data.catalog().items);
  // In an order of their ids', so that draws do not depend on rows.
  std::vector<ItemRow> drawable(in.candidates.begin(), in.candidates.end());
  std::sort(drawable.begin(), drawable.end(), [&](ItemRow a, ItemRow b) {
    return items[a.index] != items[b.index] ? items[a.index] < items[b.index]
                                            : in.data.catalog().items[a.index] < in.data.catalog().items[b.index];
  });
  std::vector<bool> taken(in.data.item_count());
  std::vector<ItemRow> own;
  for_each_user(in, [&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (positions.size() < 2) return;
    const ItemRow test = in.data.items()[positions.back()];
    for (const std::size_t position : positions) taken[in.data.items()[position].index] = true;
    // Drawing again is quick while most items are free; else the free ones are listed.
    Random random(in.seed, "split negatives", users[user]);
    own.clear();
    if (drawable.size() >= 2 * (positions.size() + in.spec.count)) {
      while (own.size() < in.spec.count) {
        const ItemRow item = drawable[random.below(drawable.size())];
        if (taken[item.index]) continue;
        taken[item.index] = true;
        own.push_back(item);
      }
    } else {
      for (const ItemRow item : drawable) {
        if (!taken[item.index]) own.push_back(item);
      }
      random.shuffle(std::span(own));
      own.resize(std::min<std::size_t>(own.size(), in.spec.count));
    }
    for (const std::size_t position : positions) taken[in.data.items()[position].index] = false;
    for (const ItemRow item : own) taken[item.index] = false;
    if (own.empty()) {  // nothing to be ranked among
      result.parts[positions.back()] = Part::train;
      return;
    }
    own.push_back(test);
    std::sort(own.begin(), own.end());
    result.given.users.emplace_back(user);
    result.given.items.insert(result.given.items.end(), own.begin(), own.end());
    result.given.offsets.push_back(result.given.items.size());
  });
  return result;
}

}  // namespace gusto::detail
