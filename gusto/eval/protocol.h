#pragma once

/// Published ways to measure top-n models, by name: which events count, how they are divided, and what is measured.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/filter.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"

namespace gusto {

struct Protocol {
  std::string_view name;    ///< "mult-vae"
  std::string_view about;   ///< what it does, in a sentence
  std::string_view source;  ///< who published it
  FilterOptions filter;
  std::string_view split;  ///< what is meant where none is given
  /// Which other splits keep the protocol, by their beginnings: "users:" allows other numbers of users.
  std::span<const std::string_view> other_splits;
  std::span<const std::size_t> k;
  std::span<const std::string_view> metrics;
};

/// All that there are; docs/reference/metrics.md tells of each, and of what differs from the published code.
std::span<const Protocol> protocol_table();

/// Error(not_found) that names the nearest.
const Protocol& find_protocol(std::string_view name);

/// What it filters by where events are divided by that split: a published test file is used whole, with the data that
/// it was published with, so nothing then.
FilterOptions filter_of(const Protocol& protocol, const SplitSpec& split);

/// Sets the filters, the split, the task, list lengths and metrics.
void apply_protocol(const Protocol& protocol, SplitOptions& split, EvaluateOptions& evaluate);

/// Error(invalid_option), if what was set after apply_protocol contradicts it: other filters, another task, a split
/// that is not one of its, other list lengths, or metrics that are not its own. Fewer metrics are no contradiction.
void check_protocol(const Protocol& protocol, const SplitOptions& split, const EvaluateOptions& evaluate);

/// Error(invalid_option), if events were read in a way that changes their values, see SourceReport.
void check_protocol(const Protocol& protocol, std::span<const std::string> value_changes);

}  // namespace gusto
