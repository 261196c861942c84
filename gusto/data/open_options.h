#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/data/times.h"

namespace gusto {

/// What becomes of events whose user and item have come before.
enum class DuplicatePolicy {
  keep_last,   ///< the last one counts: by time, and in the file where times are equal or none
  keep_first,  ///< the first one counts, in the same way
  mean,        ///< one event counts, with the mean of their values and the latest of their times
  sum,         ///< the same with the sum of their values
  max,         ///< the same with the greatest of their values
  refuse,      ///< the second one is an error
};

/// Whether values say how strongly items were chosen. By itself: they do if weights, a half-life, a transform or sums
/// made them, or if they look like counts (whole, at least 0, unbounded, with a long tail); ratings on a scale do not.
enum class ValueUse { automatic, strength, ignore };

/// By what events get other values than they are given with, see SourceReport.
std::vector<std::string> value_changes(DuplicatePolicy duplicates, bool weights, bool half_life,
                                       std::string_view transform);

/// Files of features that are read beside the events, keyed by id; see side_features.h.
struct SideFiles {
  std::vector<std::filesystem::path> users;
  std::vector<std::filesystem::path> items;
  std::string types;  ///< see parse_feature_types; empty: all is recognized
};

/// What a layout holds beside what is always read; see extras.h.
enum class Extra { tags, links, genome };
std::string_view to_string(Extra extra);
/// Error(invalid_option), if there is none of that name.
Extra parse_extra(std::string_view name);

/// What the owner knows of the events; what is not given is recognized. A folder's layout fixes columns and delimiter.
struct OpenOptions {
  /// What each field of a line holds: "user", "item", "rating", "time", "kind", or "-" for none of these; further
  /// fields are not read. "items" last: all further fields are items. Or what a header or JSON calls some of them:
  /// "user=reviewer", "item=sku"; the others are recognized then.
  std::optional<std::vector<std::string>> columns;
  /// What separates fields: any text; "tab" by name, and "space" for one or more blanks. Recognized among all these.
  std::optional<std::string> delimiter;
  bool quotes = true;          ///< whether a quotation mark at a field's beginning quotes it, as in CSV
  bool decimal_comma = false;  ///< whether values have a comma for the decimal point
  /// Whether the first line holds the columns' names. Recognized if it holds known ones, or stands above numbers.
  std::optional<bool> header;
  std::optional<TimeUnit> time_unit;  ///< how times are written
  DuplicatePolicy duplicates = DuplicatePolicy::keep_last;
  /// What an event of each kind weighs, from the column of kinds: its value, or what its value is multiplied by if
  /// there is a column of values too. Events of weight 0 are left out; a kind that is not listed is an error.
  std::vector<std::pair<std::string, float>> weights;
  /// Seconds in which the value of an event falls to a half, counted back from the latest event. Duplicates come after.
  std::optional<double> half_life;
  /// What becomes of values at last, see parse_value_transform; and whether they say how strongly items were chosen.
  std::string transform;
  ValueUse values = ValueUse::automatic;
  bool skip_bad_lines = false;  ///< lines that cannot be read are left out, counted, and reported with examples
  /// A data file that is written and read in place for events beyond half of the memory limit; the caller removes it.
  std::filesystem::path spill_to;
  SideFiles side_files;
  std::vector<Extra> extras;

  /// Those of them by which events get other values than the files give them, see SourceReport.
  std::vector<std::string> value_changes() const;
};

}  // namespace gusto
