#include "gusto/models/shared/choices.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "gusto/base/random.h"
#include "gusto/base/steps.h"
#include "gusto/models/shared/neighbors.h"

namespace gusto {
namespace {

constexpr std::size_t kChoiceParts = 256;
constexpr float kEvery = std::numeric_limits<float>::lowest();

/// Of each item's events, in the order of item_events(): its place in the user's history.
class PlacesByItem {
 public:
  explicit PlacesByItem(const Dataset& data) : offsets_(data.item_count() + 1), places_(data.event_count()) {
    for (std::size_t i = 0; i < data.item_count(); ++i) {
      offsets_[i + 1] = offsets_[i] + data.item_events(ItemRow(i)).size();
    }
    std::vector<std::uint64_t> next(offsets_.begin(), offsets_.end() - 1);
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      const std::span<const ItemRow> items = data.history(UserRow(u)).items;
      for (std::size_t p = 0; p < items.size(); ++p) {
        places_[next[items[p].index]++] = static_cast<std::uint32_t>(p);
      }
    }
  }
  const std::uint32_t* of(std::size_t item) const { return places_.data() + offsets_[item]; }

 private:
  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint32_t> places_;
};

/// The items of each user's history in ascending order, so that those up to one of them are a prefix.
class AscendingHistories {
 public:
  AscendingHistories(const Dataset& data, const Strength& strength) : data_(data), items_(data.event_count()) {
    if (strength.used()) strengths_.resize(data.event_count());
    ends_.reserve(data.event_count());
    std::vector<std::uint64_t> next(data.offsets().begin(), data.offsets().end() - 1);
    for (std::size_t i = 0; i < data.item_count(); ++i) {
      first_.push_back(ends_.size());
      const ItemEvents events = data.item_events(ItemRow(i));
      for (std::size_t e = 0; e < events.size(); ++e) {
        const std::uint64_t own = next[events.users[e].index]++;
        items_[own] = static_cast<std::uint32_t>(i);
        if (strength.used()) strengths_[own] = strength.of(events.values[e]);
        ends_.push_back(static_cast<std::uint32_t>(own + 1 - data.offsets()[events.users[e].index]));
      }
    }
  }

  /// For each event of an item, in the order of item_events(): how many items of the user's are not beyond it.
  std::span<const std::uint32_t> lengths(std::size_t item) const {
    return {ends_.data() + first_[item], data_.item_events(ItemRow(item)).size()};
  }
  const std::uint32_t* items(UserRow user) const { return items_.data() + data_.offsets()[user.index]; }
  /// Or nullptr, where all are 1.
  const float* strengths(UserRow user) const {
    return strengths_.empty() ? nullptr : strengths_.data() + data_.offsets()[user.index];
  }

 private:
  const Dataset& data_;
  std::vector<std::uint32_t> items_;
  std::vector<float> strengths_;
  std::vector<std::uint64_t> first_;
  std::vector<std::uint32_t> ends_;
};

/// Above the diagonal what is below it. By squares, so that the columns read stay in the cache.
void mirror_lower(Context& context, MatrixView<float> a) {
  constexpr std::size_t kSquare = 64;
  parallel_blocks(context, a.rows, kSquare, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t left = begin; left < a.cols; left += kSquare) {
      const std::size_t right = std::min(left + kSquare, a.cols);
      for (std::size_t r = begin; r < end; ++r) {
        for (std::size_t c = std::max(left, r + 1); c < right; ++c) a(r, c) = a(c, r);
      }
    }
  });
}

}  // namespace

Strength strength_of(const Dataset& data, Task task) {
  return task == Task::top_n ? data.catalog().strength : Strength{};
}

std::vector<float> event_strengths(const Dataset& data, const Strength& strength, double power) {
  std::vector<float> strengths;
  if (!strength.used()) return strengths;
  strengths.reserve(data.event_count());
  for (const float value : data.values()) {
    const float one = strength.of(value);
    strengths.push_back(power == 1 ? one : static_cast<float>(std::pow(static_cast<double>(one), power)));
  }
  return strengths;
}

std::size_t times_met(float strength, std::size_t key) {
  constexpr double kMost = 16;
  if (strength == 1) return 1;
  const double drawn = static_cast<double>(strength) + Random(0, "newcomer strengths", key).uniform();
  return static_cast<std::size_t>(std::clamp(drawn, 1.0, kMost));
}

double total_strength(std::span<const float> values, const Strength& strength) {
  if (!strength.used()) return static_cast<double>(values.size());
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [&](double sum, float value) { return sum + static_cast<double>(strength.of(value)); });
}

float least_choice(const Dataset& data, Task task, double like_threshold) {
  if (task == Task::top_n) return data.catalog().strength.used() ? std::numeric_limits<float>::min() : kEvery;
  const auto least = static_cast<float>(like_threshold);
  const bool any = std::any_of(data.values().begin(), data.values().end(), [=](float value) { return value >= least; });
  return any ? least : kEvery;
}

std::optional<Dataset> chosen_part(const Dataset& all, float least) {
  const std::span<const float> values = all.values();
  if (least == kEvery || std::all_of(values.begin(), values.end(), [=](float v) { return v >= least; })) {
    return std::nullopt;
  }
  std::vector<Event> events = all.events();
  std::erase_if(events, [least](const Event& event) { return event.value < least; });
  return std::optional<Dataset>(std::in_place, all.shared_catalog(), events);
}

std::uint64_t choices_memory(const Dataset& data, Task task) {
  const std::uint64_t by_item = data.event_count() * 8;
  const bool all = task == Task::top_n && !data.catalog().strength.used();
  return all ? by_item : by_item + data.event_count() * (32 + sizeof(Event));
}

float count_scale(double count, double power) { return count > 0 ? static_cast<float>(std::pow(count, -power)) : 0.0F; }

std::vector<float> user_scales(const Dataset& data, double power, const Strength& strength) {
  std::vector<float> scales(data.user_count());
  for (std::size_t u = 0; u < scales.size(); ++u) {
    scales[u] = count_scale(total_strength(data.history(UserRow(u)).values, strength), power);
  }
  return scales;
}

std::vector<float> user_weights(const Dataset& data, double power) {
  std::vector<float> weights = user_scales(data, power);
  const auto active = std::count_if(weights.begin(), weights.end(), [](float weight) { return weight > 0; });
  const double mean_length =
      static_cast<double>(data.event_count()) / static_cast<double>(std::max<std::ptrdiff_t>(active, 1));
  const auto scale = static_cast<float>(std::pow(mean_length, power));
  for (float& weight : weights) weight *= scale;
  return weights;
}

std::vector<float> item_scales(const Dataset& data, double power, const Strength& strength) {
  std::vector<float> scales(data.item_count());
  for (std::size_t i = 0; i < scales.size(); ++i) {
    scales[i] = count_scale(total_strength(data.item_events(ItemRow(i)).values, strength), power);
  }
  return scales;
}

std::vector<std::uint64_t> co_occurrence_work(const Dataset& data) {
  std::vector<std::uint64_t> counts(data.item_count());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const UserRow user : data.item_events(ItemRow(i)).users) counts[i] += data.history(user).size();
  }
  return counts;
}

std::vector<std::uint64_t> most_partners(const Dataset& data) {
  std::vector<std::uint64_t> most(data.item_count());
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const std::span<const ItemRow> items = data.history(UserRow(u)).items;
    for (const ItemRow item : items) most[item.index] += items.size() - 1;
  }
  for (std::uint64_t& count : most) count = std::min<std::uint64_t>(count, most.size());
  return most;
}

double co_occurrence_operations(const Dataset& data) {
  constexpr double kScattered = 90;  // operations of a product in the time of one addition somewhere
  double pairs = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const auto count = static_cast<double>(data.history(UserRow(u)).size());
    pairs += count * count;
  }
  return kScattered * pairs;
}

ProximityWeight proximity_weight(const Dataset& data, int window, double weight) {
  if (window == 0 || !data.has_times()) return {};
  return {static_cast<std::size_t>(window), static_cast<float>(weight)};
}

void co_occurrences(Context& context, const Dataset& data, std::span<const float> user_weights,
                    const ProximityWeight& proximity, const Strength& strength, MatrixView<float> out) {
  const std::size_t items = data.item_count();
  // By distance; that of an event to itself is 0.
  std::vector<float> near(proximity.window);
  for (std::size_t d = 0; d < near.size(); ++d) {
    near[d] = proximity.weight * (1 - static_cast<float>(d) / static_cast<float>(near.size()));
  }
  const AscendingHistories ascending(data, strength);
  std::vector<float> strengths;  // by place, as nearness is
  std::optional<PlacesByItem> places;
  if (!near.empty()) {
    strengths = event_strengths(data, strength);
    places.emplace(data);
  }
  std::vector<std::uint64_t> work(items);
  for (std::size_t i = 0; i < items; ++i) {
    const std::span<const std::uint32_t> lengths = ascending.lengths(i);
    work[i] = std::accumulate(lengths.begin(), lengths.end(), i / 16);  // to clear the row
  }
  const std::vector<std::size_t> bounds = cut_evenly(work, kChoiceParts);
  Steps steps(context, "co-occurrences", bounds.size() - 1);
  steps.parallel_blocks(bounds.size() - 1, 1, [&](std::size_t part, std::size_t, unsigned) {
    for (std::size_t i = bounds[part]; i < bounds[part + 1]; ++i) {
      // What comes after the diagonal is not made here, and may hold anything.
      float* const row = out.row(i).data();
      std::fill_n(row, i + 1, 0.0F);
      const std::span<const UserRow> users = data.item_events(ItemRow(i)).users;
      const std::span<const std::uint32_t> lengths = ascending.lengths(i);
      for (std::size_t e = 0; e < users.size(); ++e) {
        const UserRow user = users[e];
        const float weight = user_weights[user.index];
        const std::size_t length = lengths[e];
        const std::uint32_t* const others = ascending.items(user);
        if (const float* const counts = ascending.strengths(user)) {
          for (std::size_t p = 0; p < length; ++p) row[others[p]] += weight * (counts[length - 1] * counts[p]);
        } else {
          for (std::size_t p = 0; p < length; ++p) row[others[p]] += weight;
        }
        if (near.empty()) continue;
        const std::span<const ItemRow> chosen = data.history(user).items;
        const float* const counts = strengths.empty() ? nullptr : strengths.data() + data.offsets()[user.index];
        const std::size_t own = places->of(i)[e];
        const std::size_t begin = own - std::min(own, near.size() - 1);
        const std::size_t end = std::min(own + near.size(), chosen.size());
        for (std::size_t p = begin; p < end; ++p) {
          const float both = counts == nullptr ? 1.0F : counts[own] * counts[p];
          row[chosen[p].index] += weight * both * near[p < own ? own - p : p - own];
        }
      }
    }
  });
  mirror_lower(context, out);
}

}  // namespace gusto
