#include "gusto/cli/data_flags.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/temporary_folder.h"
#include "gusto/base/text.h"
#include "gusto/cli/feature_flags.h"
#include "gusto/cli/fetched_data.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/movielens/embedded.h"

namespace gusto::cli {
namespace {

constexpr const char* kWhere =
    "A folder of MovieLens (ml-100k, ml-1m, ml-latest …) or its archive, a file of events (delimited, JSON lines, "
    "lists; plain, .gz or .zst), several files as a quoted pattern, a data file that `gusto convert` wrote, fetch:NAME "
    "for a set to be downloaded (`gusto fetch` lists them), or the name of a folder, a .zip or a .gdata in GUSTO_DATA.";

// What a data set in GUSTO_DATA may end with beside the name by which it is called.
constexpr std::array<std::string_view, 3> kDataSuffixes{"", ".zip", kDataFileSuffix};

/// False if there is no place for one: events that do not fit into memory are refused then.
bool make_folder(std::optional<TemporaryFolder>& folder) {
  try {
    folder.emplace();
  } catch (const Error&) {
    return false;
  }
  return true;
}

OpenOptions options_from(const DataFlags& flags, Run& run) {
  OpenOptions options = parse_reading(flags.reading);
  apply_features(flags.features, run, options);
  return options;
}

}  // namespace

void add_data_flags(CLI::App* command, DataFlags& flags, DataArgument argument) {
  std::string what = kWhere;
  if (argument == DataArgument::optional) what += " Default: the embedded set, movielens-small.";
  CLI::Option* data = command->add_option("DATA", flags.data, what);
  if (argument == DataArgument::required) data->required();
  add_format_flags(command, flags);
  add_feature_flags(command, flags.features);
  add_event_filter_flags(command, flags.filter);
}

void add_format_flags(CLI::App* command, DataFlags& flags) {
  command
      ->add_option("--columns", flags.reading.columns,
                   "What each field of a line holds: user, item, rating, time, kind, or - for a field to skip; items "
                   "last: all further fields are items. Or what a header or JSON calls them: user=reviewer,item=sku. "
                   "Default: recognised.")
      ->type_name("A,B,…")
      ->group("Data");
  command
      ->add_option("--delimiter", flags.reading.delimiter,
                   "What separates fields: any text, or tab or space by name. Default: recognised.")
      ->type_name("TEXT")
      ->group("Data");
  command
      ->add_option(
          "--header", flags.reading.header,
          "Whether the first line names the columns: yes or no. Default: recognised by known names, or by numbers "
          "below it.")
      ->type_name("WHICH")
      ->group("Data");
  command
      ->add_option("--duplicates", flags.reading.duplicates,
                   "What counts when a user has several events with an item: the last, the first, or one with the mean "
                   "or the sum of their values; or error to refuse the file. Default: last.")
      ->type_name("WHICH")
      ->group("Data");
  command
      ->add_option("--time-unit", flags.reading.time_unit,
                   "How times are written: seconds or milliseconds since 1970, or iso (2019-10-01 08:30:15). Default: "
                   "recognised by the first one.")
      ->type_name("UNIT")
      ->group("Data");
  command
      ->add_option("--weights", flags.reading.weights,
                   "What events of each kind weigh, such as view=1,cart=3,buy=8, where a column tells kinds apart; 0 "
                   "leaves a kind out.")
      ->type_name("KIND=N,…")
      ->group("Data");
  command
      ->add_option(
          "--half-life", flags.reading.half_life,
          "The time in which an event loses half of its value, counted back from the latest event: 12h, 30d, 8w "
          "or 1y.")
      ->type_name("TIME")
      ->group("Data");
  command
      ->add_flag("--skip-bad-lines", flags.reading.skip_bad_lines,
                 "Leave out lines of events that cannot be read; gusto inspect says how many and why.")
      ->group("Data");
}

std::filesystem::path find_data(const std::string& name, Run& run) {
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  if (name.starts_with(kFetchPrefix)) return fetched_data(name.substr(kFetchPrefix.size()), run);
  const char* folder = std::getenv("GUSTO_DATA");
  if (folder != nullptr && *folder != '\0') {
    for (const std::string_view suffix : kDataSuffixes) {
      const std::filesystem::path inside = (std::filesystem::path(folder) / name) += suffix;
      if (std::filesystem::exists(inside, ignored)) return inside;
    }
  }
  return name;
}

std::vector<std::string> list_data() {
  std::vector<std::string> names;
  const char* folder = std::getenv("GUSTO_DATA");
  std::error_code error;
  if (folder == nullptr || !std::filesystem::is_directory(folder, error)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::filesystem::path suffix = entry.path().extension();
    if (!suffix.empty() && entry.is_regular_file(error) &&
        std::find(kDataSuffixes.begin(), kDataSuffixes.end(), suffix.string()) != kDataSuffixes.end()) {
      names.push_back(entry.path().stem().string());
      continue;
    }
    for (const char* events : {"u.data", "ratings.dat", "ratings.csv"}) {
      if (!std::filesystem::exists(entry.path() / events, error)) continue;
      names.push_back(entry.path().filename().string());
      break;
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

OpenedData open_whole_data(const DataFlags& flags, Run& run, BadLines bad_lines) {
  OpenedDataset opened;
  OpenOptions options = options_from(flags, run);
  options.spill_to = flags.spill_to;
  std::optional<TemporaryFolder> temporary;  // goes at the end; the data set keeps the bytes of a file in it
  if (flags.spill_to.empty() && make_folder(temporary)) options.spill_to = temporary->path() / "spilled.gdata";
  std::filesystem::path path = flags.data.empty() ? std::filesystem::path() : find_data(flags.data, run);
  std::error_code ignored;
  if (path.empty() || (flags.data == kEmbeddedName && !std::filesystem::exists(path, ignored))) {
    path.clear();
    opened = open_embedded(run.context(), options);
  } else {
    opened = open_dataset(path, options, run.context());
  }
  run.clear();
  if (opened.report.bad_lines > 0 && !opened.report.data_file && bad_lines == BadLines::tell) {
    fmt::print(stderr, "Lines that cannot be read and were left out: {}; `gusto inspect` shows examples.\n",
               format_count(opened.report.bad_lines));
  }
  const bool lists = opened.report.layout == "lists";
  DataSource source{std::move(path), std::move(options), lists, opened.report.value_changes};
  return {std::move(opened.data),
          std::move(opened.report),
          std::move(source),
          {},
          opened.spilled && !flags.spill_to.empty()};
}

OpenedData open_data(const DataFlags& flags, Session& session, Run& run, BadLines bad_lines) {
  FilterOptions filter;
  apply_event_filter(flags.filter, filter);
  OpenedData opened = open_whole_data(flags, run, bad_lines);
  if (!filter.any()) return opened;
  const FilteredEvents filtered = filter_events(*opened.dataset, filter);
  opened.dataset = kept_events(opened.dataset, filtered.kept);
  opened.left_out = describe_event_filter(filter, filtered.steps, session.out);
  return opened;
}

}  // namespace gusto::cli
