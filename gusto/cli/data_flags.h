#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/run.h"
#include "gusto/data/dataset.h"
#include "gusto/data/io/reading_spec.h"
#include "gusto/data/open/open.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/eval/compare.h"

namespace gusto::cli {

/// What every command that reads events is told about them.
struct DataFlags {
  std::string data;  ///< empty: the embedded set
  ReadingSpec reading;
  FeatureSources features;
  EventFilterFlags filter;
  std::filesystem::path spill_to;  ///< no flag: a data file for events beyond memory; empty: a temporary one
};

/// The name by which the embedded set can be called.
inline constexpr const char* kEmbeddedName = "movielens-small";

enum class DataArgument { optional, required };
void add_data_flags(CLI::App* command, DataFlags& flags, DataArgument argument);
/// The same without DATA itself, files of features and filters.
void add_format_flags(CLI::App* command, DataFlags& flags);

struct OpenedData {
  std::shared_ptr<const Dataset> dataset;
  SourceReport report;
  DataSource source;     ///< where the events lie; no path for the embedded set
  std::string left_out;  ///< what the filters left out, in a paragraph; empty without any
  bool spilled = false;  ///< whether the events lie in DataFlags::spill_to
};

/// A path as given if it exists, else that of a set to be fetched (see fetched_data), else that of a data set in the folder
/// GUSTO_DATA if there is one (NAME, NAME.zip or NAME.gdata), else as given.
std::filesystem::path find_data(const std::string& name, Run& run);

/// Names of the data sets in GUSTO_DATA, in order: folders whose layout is recognised, archives, data files.
std::vector<std::string> list_data();

/// Whether to say on standard error that lines were left out, or the caller does.
enum class BadLines { tell, told };
/// The events that the filters keep.
OpenedData open_data(const DataFlags& flags, Session& session, Run& run, BadLines bad_lines = BadLines::tell);
/// All events, for those who hand the filters on to a split.
OpenedData open_whole_data(const DataFlags& flags, Run& run, BadLines bad_lines = BadLines::tell);

}  // namespace gusto::cli
