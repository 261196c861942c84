#include "gusto/models/shared/choices.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "gusto/base/parallel.h"
#include "gusto/models/shared/neighbors.h"

namespace gusto {
namespace {

constexpr std::size_t kChoiceParts = 256;
constexpr float kEvery = std::numeric_limits<float>::lowest();

}  // namespace

float least_choice(const Dataset& data, Task task, double like_threshold) {
  if (task == Task::top_n) return kEvery;
  const auto least = static_cast<float>(like_threshold);
  const bool any = std::any_of(data.values().begin(), data.values().end(), [=](float value) { return value >= least; });
  return any ? least : kEvery;
}

std::optional<Dataset> chosen_part(const Dataset& all, float least) {
  if (least == kEvery) return std::nullopt;
  std::vector<Event> events = all.events();
  std::erase_if(events, [least](const Event& event) { return event.value < least; });
  return std::optional<Dataset>(std::in_place, all.shared_catalog(), events);
}

std::uint64_t choices_memory(const Dataset& data, Task task) {
  const std::uint64_t by_item = data.event_count() * 8;
  return task == Task::top_n ? by_item : by_item + data.event_count() * (32 + sizeof(Event));
}

float count_scale(std::size_t count, double power) {
  return count == 0 ? 0.0F : static_cast<float>(std::pow(static_cast<double>(count), -power));
}

std::vector<float> user_scales(const Dataset& data, double power) {
  std::vector<float> scales(data.user_count());
  for (std::size_t u = 0; u < scales.size(); ++u) scales[u] = count_scale(data.history(UserRow(u)).size(), power);
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

std::vector<float> item_scales(const Dataset& data, double power) {
  std::vector<float> scales(data.item_count());
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = count_scale(data.item_events(ItemRow(i)).size(), power);
  return scales;
}

std::vector<std::uint64_t> co_occurrence_work(const Dataset& data) {
  std::vector<std::uint64_t> counts(data.item_count());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const UserRow user : data.item_events(ItemRow(i)).users) counts[i] += data.history(user).size();
  }
  return counts;
}

ProximityWeight proximity_weight(const Dataset& data, int window, double weight) {
  if (window == 0 || !data.has_times()) return {};
  return {static_cast<std::size_t>(window), static_cast<float>(weight)};
}

void co_occurrences(Context& context, const Dataset& data, std::span<const float> user_weights,
                    const ProximityWeight& proximity, MatrixView<float> out) {
  const std::size_t items = data.item_count();
  // By distance; that of an event to itself is 0.
  std::vector<float> near(proximity.window);
  for (std::size_t d = 0; d < near.size(); ++d) {
    near[d] = proximity.weight * (1 - static_cast<float>(d) / static_cast<float>(near.size()));
  }
  std::vector<std::uint64_t> work = co_occurrence_work(data);
  for (std::uint64_t& of_item : work) of_item += items / 16;  // to clear the row
  const std::vector<std::size_t> bounds = cut_evenly(work, kChoiceParts);
  context.pool().run(bounds.size() - 1, [&](std::size_t part, unsigned) {
    context.check_canceled();
    for (std::size_t i = bounds[part]; i < bounds[part + 1]; ++i) {
      const std::span<float> row = out.row(i);
      std::fill(row.begin(), row.end(), 0.0F);
      // Users ascend in every row, so that G_ij and G_ji are the same sum in the same order.
      for (const UserRow user : data.item_events(ItemRow(i)).users) {
        const float weight = user_weights[user.index];
        const std::span<const ItemRow> chosen = data.history(user).items;
        for (const ItemRow other : chosen) row[other.index] += weight;
        if (near.empty()) continue;
        const auto own = static_cast<std::size_t>(std::find(chosen.begin(), chosen.end(), ItemRow(i)) - chosen.begin());
        const std::size_t begin = own - std::min(own, near.size() - 1);
        const std::size_t end = std::min(own + near.size(), chosen.size());
        for (std::size_t p = begin; p < end; ++p) {
          row[chosen[p].index] += weight * near[p < own ? own - p : p - own];
        }
      }
    }
  });
}

}  // namespace gusto
