#include "gusto/cli/data_flags.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/embedded.h"

namespace gusto::cli {
namespace {

constexpr const char* kWhere =
    "A folder of MovieLens (ml-100k, ml-1m, ml-latest …), a delimited file of events, or the name of a folder in "
    "GUSTO_DATA.";

OpenOptions options_from(const DataFlags& flags) {
  OpenOptions options;
  if (!flags.columns.empty()) {
    options.columns.emplace();
    for (const std::string_view name : split(flags.columns, ",")) options.columns->emplace_back(trim(name));
  }
  if (!flags.delimiter.empty()) options.delimiter = flags.delimiter;
  if (flags.duplicates == "first") options.duplicates = DuplicatePolicy::keep_first;
  if (flags.duplicates == "refuse") options.duplicates = DuplicatePolicy::refuse;
  return options;
}

}  // namespace

void add_data_flags(CLI::App* command, DataFlags& flags, DataArgument argument) {
  std::string what = kWhere;
  if (argument == DataArgument::optional) what += " Default: the embedded set, movielens-small.";
  CLI::Option* data = command->add_option("DATA", flags.data, what);
  if (argument == DataArgument::required) data->required();
  add_format_flags(command, flags);
  add_event_filter_flags(command, flags.filter);
}

void add_format_flags(CLI::App* command, DataFlags& flags) {
  command
      ->add_option("--columns", flags.columns,
                   "What each field of a line holds: user, item, rating, time, or - for a field to skip. Default: "
                   "recognised.")
      ->type_name("A,B,…")
      ->group("Data");
  command
      ->add_option("--delimiter", flags.delimiter,
                   "What separates fields: any text, or tab or space by name. Default: recognised.")
      ->type_name("TEXT")
      ->group("Data");
  command
      ->add_option("--duplicates", flags.duplicates,
                   "What counts when a user rates an item twice: last, first, or refuse to read. Default: last.")
      ->type_name("WHICH")
      ->check(CLI::IsMember({"last", "first", "refuse"}).description(""))
      ->group("Data");
}

std::filesystem::path find_data(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  const char* folder = std::getenv("GUSTO_DATA");
  if (folder != nullptr && *folder != '\0') {
    std::filesystem::path inside = std::filesystem::path(folder) / name;
    if (std::filesystem::exists(inside, ignored)) return inside;
  }
  return name;
}

std::vector<std::string> list_data() {
  std::vector<std::string> names;
  const char* folder = std::getenv("GUSTO_DATA");
  std::error_code error;
  if (folder == nullptr || !std::filesystem::is_directory(folder, error)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    for (const char* events : {"u.data", "ratings.dat", "ratings.csv"}) {
      if (!std::filesystem::exists(entry.path() / events, error)) continue;
      names.push_back(entry.path().filename().string());
      break;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

OpenedData open_whole_data(const DataFlags& flags, Run& run) {
  OpenedDataset opened;
  std::filesystem::path path = flags.data.empty() ? std::filesystem::path() : find_data(flags.data);
  std::error_code ignored;
  if (path.empty() || (flags.data == kEmbeddedName && !std::filesystem::exists(path, ignored))) {
    path.clear();
    opened = open_embedded(run.context());
  } else {
    opened = open_dataset(path, options_from(flags), run.context());
  }
  run.clear();
  return {std::move(opened.data), std::move(opened.report), std::move(path), {}};
}

OpenedData open_data(const DataFlags& flags, Session& session, Run& run) {
  FilterOptions filter;
  apply_event_filter(flags.filter, filter);
  OpenedData opened = open_whole_data(flags, run);
  const FilteredEvents filtered = filter_events(*opened.dataset, filter);
  opened.dataset = kept_events(opened.dataset, filtered);
  opened.left_out = describe_event_filter(filter, filtered.steps, session.out);
  return opened;
}

}  // namespace gusto::cli
