#pragma once

#include <span>
#include <string>

#include "gusto/cli/command.h"
#include "gusto/cli/terminal.h"
#include "gusto/data/filter.h"

namespace gusto::cli {

/// Which events count. Parsing throws Error(invalid_option) if --since is no time.
void add_event_filter_flags(CLI::App* command, FilterOptions& filter);

/// A paragraph that says what each filter left out; empty without filters.
std::string describe_event_filter(const FilterOptions& filter, std::span<const FilterStep> steps,
                                  const Terminal& terminal);

}  // namespace gusto::cli
