#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gusto/data/dataset.h"

namespace gusto {

/// How many events the users, or the items, that have any have: least, quartiles, greatest, and mean.
/// A quantile is the smallest count that at least that share of them does not exceed.
struct EventCounts {
  std::uint64_t rows = 0;  ///< with at least one event
  std::uint64_t least = 0;
  std::uint64_t lower_quartile = 0;
  std::uint64_t median = 0;
  std::uint64_t upper_quartile = 0;
  std::uint64_t greatest = 0;
  double mean = 0;
};

/// How many events have a value.
struct ValueCount {
  float value = 0;
  std::uint64_t events = 0;
};

/// How unevenly events fall on the items that have any.
struct LongTail {
  /// Shares of all events that the most popular 1 %, 10 % and 20 % of items hold; a part of an item counts as one.
  std::array<double, 3> top_shares{};
  std::uint64_t half_items = 0;  ///< the fewest items that hold half of all events
  double gini = 0;               ///< Σ_j (2j − n − 1) c_(j) / (n Σ c), counts c ascending, j = 1 … n; 0 is even
};
inline constexpr std::array<double, 3> kTailShares = {0.01, 0.10, 0.20};

/// A feature field and how many rows have a value.
struct FeatureCoverage {
  std::string name;
  FeatureKind kind = FeatureKind::categorical;
  std::uint64_t rows = 0;
  std::uint64_t filled = 0;
  std::uint64_t distinct = 0;  ///< values of a categorical or multi field
};

/// What `gusto inspect` shows of a data set.
struct Profile {
  std::uint64_t events = 0;
  std::uint64_t described_items = 0;  ///< items in the catalog, with or without events
  std::uint64_t described_users = 0;
  EventCounts per_user;
  EventCounts per_item;
  double density = 0;  ///< events ÷ (users with events · items with events); sparsity is 1 − density
  double mean_value = 0;
  Scale scale;
  /// Ascending by value; empty if there are more than kMaxDistinctValues different values.
  std::vector<ValueCount> values;
  LongTail tail;
  std::optional<std::int64_t> first_time, last_time;
  std::vector<FeatureCoverage> user_features;
  std::vector<FeatureCoverage> item_features;
};
inline constexpr std::size_t kMaxDistinctValues = 50;

/// Cost     O(events + items log items)
Profile make_profile(const Dataset& data);

}  // namespace gusto
