#pragma once

#include <string>

#include "gusto/cli/terminal.h"
#include "gusto/data/dataset.h"
#include "gusto/data/opened_dataset.h"

namespace gusto::cli {

/// gusto/data/data_report.h on a terminal: where a data set came from, and what it is like.
std::string describe_source(const SourceReport& report, const Terminal& terminal);
std::string describe_data(const Dataset& data, const Terminal& terminal);

}  // namespace gusto::cli
