#pragma once

#include <string>

#include "gusto/cli/terminal.h"
#include "gusto/data/dataset.h"
#include "gusto/data/source_report.h"

namespace gusto::cli {

/// How a data set was recognised, and what was skipped or repaired while reading.
std::string describe_source(const SourceReport& report, const Terminal& terminal);

/// Counts, sparsity, histogram of values, long tail, time range, features.
std::string describe_data(const Dataset& data, const Terminal& terminal);

}  // namespace gusto::cli
