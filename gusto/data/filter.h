#pragma once

/// Which events of a data set count.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"

namespace gusto {

/// Filters act in this order, each on what the one before has left:
///   since            events before that time are left out
///   positives        events of a lower value are left out
///   min_user_events, min_item_events
///                    users with fewer events, and items with fewer, are left out with all their events, again and
///                    again until neither is left: what remains is the largest part in which both hold (the k-core)
struct FilterOptions {
  std::optional<std::int64_t> since{};  ///< seconds since 1970, UTC
  std::optional<double> positives{};    ///< least value, as values are stored: 4.1 is reached by 4.1
  /// Left out: 5 with positives, since so few positives say little of a user, and else 1.
  std::optional<std::uint64_t> min_user_events{};
  std::optional<std::uint64_t> min_item_events{};  ///< left out: 1

  std::uint64_t least_user_events() const { return min_user_events.value_or(positives ? 5 : 1); }
  std::uint64_t least_item_events() const { return min_item_events.value_or(1); }
  /// Whether anything may be left out.
  bool any() const { return since || positives || least_user_events() > 1 || least_item_events() > 1; }
  bool operator==(const FilterOptions&) const = default;
};

/// Seconds since 1970 of a time as typed: ISO 8601 (see parse_iso_time), or seconds or milliseconds since 1970, of
/// March 1973 or later: smaller numbers are years. Error(invalid_option) if it is none.
std::int64_t parse_since(std::string_view text);

/// What one filter left out.
struct FilterStep {
  enum class Kind { since, positives, core } kind = Kind::core;
  std::uint64_t events = 0;
  std::uint64_t users = 0;  ///< who have no event any more
  std::uint64_t items = 0;  ///< that nobody has any more
};
/// "since", "positives" and "core".
std::string_view to_string(FilterStep::Kind kind);

struct FilteredEvents {
  std::vector<bool> kept;         ///< an entry for every stored event
  std::vector<FilterStep> steps;  ///< of the filters that are set, in the order in which they act
  /// Items that rankings may contain, ascending: those with an event that is not before `since`, whatever its value;
  /// where min_user_events or min_item_events is given, only those of them with an event that is kept.
  std::vector<ItemRow> candidates;
};

/// Cost     O(events + users + items) time, however many rounds the k-core would take; a bit an event, and 16 bytes
///          more with min_item_events
/// Errors   invalid_input, for `since` without times
FilteredEvents filter_events(const Dataset& data, const FilterOptions& options);

/// The kept events as a data set with the same catalog: the same one if all are kept.
/// Shape    kept has an entry for every stored event
/// Cost     16 bytes for each kept event, and no more on the way
std::shared_ptr<const Dataset> kept_events(const std::shared_ptr<const Dataset>& data, const std::vector<bool>& kept);

/// What filters leave of a data set, and what they left out.
struct FilteredDataset {
  std::shared_ptr<const Dataset> data;
  std::vector<FilterStep> steps;
};
/// Both of the above at once.
FilteredDataset filter_dataset(const std::shared_ptr<const Dataset>& data, const FilterOptions& options);

/// What is given in `first` wins over what is given in `second`.
FilterOptions completed(FilterOptions first, const FilterOptions& second);

}  // namespace gusto
