#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/cli/run.h"
#include "gusto/data/open/data_recipe.h"
#include "gusto/data/opened_dataset.h"

namespace gusto::cli {

enum class DataArgument { optional, required, events };
/// DATA, or EVENTS, how it is read, and files of features.
void add_data_flags(CLI::App* command, DataRecipe& data, DataArgument argument);
/// How events are read.
void add_format_flags(CLI::App* command, ReadingSpec& reading);

/// Where the command finds data: a path as given if it exists, else a set to be fetched (see fetched_data), else a data
/// set in the folder GUSTO_DATA if there is one (NAME, NAME.zip or NAME.gdata), else as given. Lives no longer than the
/// run.
DataFinder finder(Run& run);

/// Names of the data sets in GUSTO_DATA, in order: folders whose layout is recognized, archives, data files.
std::vector<std::string> list_data();

/// Says on standard error that lines were left out, if any were.
void tell_bad_lines(const SourceReport& report);

}  // namespace gusto::cli
