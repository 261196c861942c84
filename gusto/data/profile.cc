#include "gusto/data/profile.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace gusto {
namespace {

// Counts above zero, ascending.
std::vector<std::uint64_t> nonzero_sorted(std::vector<std::uint64_t> counts) {
  counts.erase(std::remove(counts.begin(), counts.end(), std::uint64_t{0}), counts.end());
  std::sort(counts.begin(), counts.end());
  return counts;
}

EventCounts summarize(const std::vector<std::uint64_t>& sorted) {
  EventCounts result;
  if (sorted.empty()) return result;
  const std::size_t n = sorted.size();
  const auto quarter = [&](std::size_t quarters) { return sorted[(quarters * n + 3) / 4 - 1]; };
  result.rows = n;
  result.least = sorted.front();
  result.lower_quartile = quarter(1);
  result.median = quarter(2);
  result.upper_quartile = quarter(3);
  result.greatest = sorted.back();
  const auto total = std::accumulate(sorted.begin(), sorted.end(), std::uint64_t{0});
  result.mean = static_cast<double>(total) / static_cast<double>(n);
  return result;
}

LongTail measure_tail(const std::vector<std::uint64_t>& sorted) {
  LongTail tail;
  const auto total = static_cast<double>(std::accumulate(sorted.begin(), sorted.end(), std::uint64_t{0}));
  if (total == 0) return tail;
  const std::size_t n = sorted.size();
  for (std::size_t s = 0; s < kTailShares.size(); ++s) {
    const auto items = static_cast<std::ptrdiff_t>(std::ceil(kTailShares[s] * static_cast<double>(n) - 1e-9));
    const auto held = std::accumulate(sorted.end() - items, sorted.end(), std::uint64_t{0});
    tail.top_shares[s] = static_cast<double>(held) / total;
  }
  double held = 0;
  while (2 * held < total) held += static_cast<double>(sorted[n - ++tail.half_items]);
  double weighted = 0;
  for (std::size_t j = 0; j < n; ++j) {
    weighted += (2 * static_cast<double>(j + 1) - static_cast<double>(n) - 1) * static_cast<double>(sorted[j]);
  }
  tail.gini = weighted / (static_cast<double>(n) * total);
  return tail;
}

std::vector<ValueCount> count_values(std::span<const float> values) {
  std::map<float, std::uint64_t> counts;
  for (const float value : values) {
    ++counts[value];
    if (counts.size() > kMaxDistinctValues) return {};
  }
  std::vector<ValueCount> result;
  for (const auto& [value, events] : counts) result.push_back({value, events});
  return result;
}

std::vector<FeatureCoverage> cover(const FeatureTable& table) {
  std::vector<FeatureCoverage> result;
  for (const FeatureField& field : table.fields()) {
    FeatureCoverage coverage{field.name, field.kind, field.rows(), 0, field.values.size()};
    for (std::size_t row = 0; row < field.rows(); ++row) {
      switch (field.kind) {
        case FeatureKind::number: coverage.filled += std::isnan(field.numbers[row]) ? 0 : 1; break;
        case FeatureKind::text: coverage.filled += field.texts[row].empty() ? 0 : 1; break;
        case FeatureKind::categorical:
        case FeatureKind::multi: coverage.filled += field.ids_of(row).empty() ? 0 : 1; break;
      }
    }
    result.push_back(std::move(coverage));
  }
  return result;
}

}  // namespace

Profile make_profile(const Dataset& data) {
  Profile profile;
  profile.events = data.event_count();
  profile.described_users = data.user_count();
  profile.described_items = data.item_count();

  std::vector<std::uint64_t> user_counts(data.user_count()), item_counts(data.item_count());
  for (std::size_t user = 0; user < user_counts.size(); ++user) {
    user_counts[user] = data.offsets()[user + 1] - data.offsets()[user];
  }
  for (const ItemRow item : data.items()) ++item_counts[item.index];
  profile.per_user = summarize(nonzero_sorted(std::move(user_counts)));
  item_counts = nonzero_sorted(std::move(item_counts));
  profile.per_item = summarize(item_counts);
  profile.tail = measure_tail(item_counts);

  if (profile.events > 0) {
    const auto events = static_cast<double>(profile.events);
    profile.density =
        events / (static_cast<double>(profile.per_user.rows) * static_cast<double>(profile.per_item.rows));
    profile.mean_value = std::accumulate(data.values().begin(), data.values().end(), 0.0) / events;
  }
  profile.scale = data.scale();
  profile.values = count_values(data.values());
  for (const std::int64_t time : data.times()) {
    if (time == kNoTime) continue;
    profile.first_time = std::min(profile.first_time.value_or(time), time);
    profile.last_time = std::max(profile.last_time.value_or(time), time);
  }
  profile.user_features = cover(data.catalog().user_features);
  profile.item_features = cover(data.catalog().item_features);
  return profile;
}

}  // namespace gusto
