#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "gusto/cli/command.h"
#include "gusto/cli/terminal.h"
#include "gusto/data/filter.h"

namespace gusto::cli {

/// Which events count.
struct EventFilterFlags {
  std::string since;
  std::optional<double> positives;
  std::optional<std::uint64_t> min_user_events;
  std::optional<std::uint64_t> min_item_events;
};

void add_event_filter_flags(CLI::App* command, EventFilterFlags& flags);

/// Puts what was given over what is there, such as a recipe's. Error(invalid_option) if --since is no time.
void apply_event_filter(const EventFilterFlags& flags, FilterOptions& filter);

/// A paragraph that says what each filter left out; empty without filters.
std::string describe_event_filter(const FilterOptions& filter, std::span<const FilterStep> steps,
                                  const Terminal& terminal);

}  // namespace gusto::cli
