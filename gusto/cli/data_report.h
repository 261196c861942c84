#pragma once

#include <string>

#include "gusto/cli/terminal.h"
#include "gusto/data/dataset.h"
#include "gusto/data/open/data_recipe.h"
#include "gusto/data/opened_dataset.h"

namespace gusto::cli {

/// The command that reads a file of events as it was read, without recognition, on lines that a shell joins. Empty
/// where nothing was recognized.
std::string describe_command(const SourceReport& report, const DataRecipe& data, const Terminal& terminal);
/// gusto/data/data_report.h on a terminal: where a data set came from, and what it is like.
std::string describe_source(const SourceReport& report, const Terminal& terminal);
std::string describe_data(const Dataset& data, const Terminal& terminal);

}  // namespace gusto::cli
