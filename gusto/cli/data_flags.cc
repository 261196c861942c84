#include "gusto/cli/data_flags.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/feature_flags.h"
#include "gusto/cli/fetched_data.h"
#include "gusto/cli/flag_names.h"
#include "gusto/data/file/data_file.h"

namespace gusto::cli {
namespace {

constexpr const char* kWhere =
    "A folder of MovieLens (ml-100k, ml-1m, ml-latest …) or its archive, a file of events (delimited, JSON lines, "
    "lists, matrices; plain, .gz, .zst, .xz or .bz2), - for standard input, several files (DATA DATA …, or a quoted "
    "pattern), a "
    "data file that "
    "`gusto convert` wrote, fetch:NAME for a set to be downloaded (`gusto fetch` lists them), or the name of a folder, "
    "a .zip or a .gdata in GUSTO_DATA.";

// What a data set in GUSTO_DATA may end with beside the name by which it is called.
constexpr std::array<std::string_view, 3> kDataSuffixes{"", ".zip", kDataFileSuffix};

// What has that name in GUSTO_DATA.
std::optional<std::filesystem::path> in_data_folder(const std::string& name) {
  const char* folder = std::getenv("GUSTO_DATA");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  std::error_code ignored;
  for (const std::string_view suffix : kDataSuffixes) {
    std::filesystem::path inside = (std::filesystem::path(folder) / name) += suffix;
    if (std::filesystem::exists(inside, ignored)) return inside;
  }
  return std::nullopt;
}

std::filesystem::path find_data(const std::string& name, Run& run) {
  if (name == "-") return "/dev/stdin";
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  if (name.starts_with(kFetchPrefix)) {
    const std::string set = name.substr(kFetchPrefix.size());
    const auto own = is_downloaded(set) ? std::nullopt : in_data_folder(set);
    return own ? *own : fetched_data(set, run);
  }
  if (const auto own = in_data_folder(name)) return *own;
  // What is neither a path nor a pattern may be a name that was mistyped.
  if (name.find_first_of("/.*?[{") == std::string::npos) {
    const std::vector<std::string> sets = list_data();
    const std::vector<std::string_view> names(sets.begin(), sets.end());
    if (const auto nearest = nearest_name(name, names)) {
      throw Error(ErrorCode::not_found, fmt::format("There is no file {}, and no data set of that name.", name),
                  fmt::format("Did you mean {}?", *nearest));
    }
  }
  return name;
}

}  // namespace

void add_data_flags(CLI::App* command, DataRecipe& data, DataArgument argument) {
  std::string what = kWhere;
  if (argument == DataArgument::optional) what += " Default: the embedded set, movielens-small.";
  if (argument == DataArgument::required) {
    command->add_option("DATA", data.name, what)->required();
  } else {
    const auto take = [&data](const std::vector<std::string>& names) {
      data.name = names.size() == 1 ? names.front() : fmt::format("{{{}}}", join(names, ","));
    };
    const bool events = argument == DataArgument::events;
    command->add_option_function<std::vector<std::string>>(events ? "EVENTS" : "DATA", take, what)->required(events);
  }
  add_format_flags(command, data.reading);
  add_feature_flags(command, data.features);
}

void add_format_flags(CLI::App* command, ReadingSpec& reading) {
  command
      ->add_option(
          "--columns", reading.columns,
          "What each field of a line holds: user, item, rating, time, kind, or - for a field to skip; items "
          "last: all further fields are items; matrix last: their values of an item each, as in user,matrix or "
          "user,matrix(99), where 99 is none. Or what a header or JSON calls some of them, such as "
          "user=reviewer,item=sku; the others are recognized then. Default: recognized.")
      ->type_name("A,B,…")
      ->group("Data");
  command
      ->add_option(
          "--delimiter", reading.delimiter,
          "What separates fields: any text, or tab by name, or space for one or more blanks. Default: recognized.")
      ->type_name("TEXT")
      ->group("Data");
  command
      ->add_option("--quote", reading.quote,
                   "Whether fields may stand in quotation marks, as in CSV: csv or none. Default: csv.")
      ->type_name("WHICH")
      ->group("Data");
  command->add_option("--decimal", reading.decimal, "The decimal point of values: . or a comma. Default: .")
      ->type_name("CHAR")
      ->group("Data");
  command
      ->add_option(
          "--header", reading.header,
          "Whether the first line names the columns: yes or no. Default: recognized by known names, or by numbers "
          "below it.")
      ->type_name("WHICH")
      ->group("Data");
  command
      ->add_option(
          "--duplicates", reading.duplicates,
          "What counts when a user has several events with an item: the last or the first (in time, or else in "
          "the file), or one with the mean, the sum or the greatest (max) of their values; or error to "
          "refuse the file. Default: last, or sum with --weights.")
      ->type_name("WHICH")
      ->group("Data");
  command
      ->add_option("--time-unit", reading.time_unit,
                   "How times are written: seconds, milliseconds, microseconds or nanoseconds since 1970, iso "
                   "(2019-10-01 08:30:15), yyyymmdd, dmy (14.07.2017) or mdy (7/14/2017). Default: recognized by the "
                   "first ones.")
      ->type_name("UNIT")
      ->group("Data");
  command
      ->add_option("--weights", reading.weights,
                   "What events of each kind weigh, such as view=1,cart=3,buy=8, where a column tells kinds apart; 0 "
                   "leaves a kind out.")
      ->type_name("KIND=N,…")
      ->group("Data");
  command
      ->add_option(
          "--half-life", reading.half_life,
          "The time in which an event loses half of its value, counted back from the latest event: 12h, 30d, 8w "
          "or 1y.")
      ->type_name("TIME")
      ->group("Data");
  command
      ->add_option("--transform", reading.transform,
                   "What becomes of values at last: log1p, log10, clip(N), binary, or rank among the user's own.")
      ->type_name("HOW")
      ->group("Data");
  command
      ->add_option(
          "--values", reading.values,
          "Whether values say how strongly items were chosen, where models rank: strength, ignore, or auto, by "
          "which weights, ages, transforms, sums and counts do, and ratings don't. Default: auto.")
      ->type_name("WHICH")
      ->group("Data");
  command
      ->add_flag("--skip-bad-lines", reading.skip_bad_lines,
                 "Leave out lines of events that cannot be read; gusto inspect says how many and why.")
      ->group("Data");
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

DataFinder finder(Run& run) {
  return [&run](const std::string& name) { return find_data(name, run); };
}

void tell_bad_lines(const SourceReport& report) {
  for (const std::string& sentence : report.assumed) fmt::print(stderr, "Note: {}\n", with_flags(sentence));
  if (report.bad_lines == 0 || report.data_file) return;
  fmt::print(stderr, "Lines that cannot be read and were left out: {}; `gusto inspect` shows examples.\n",
             format_count(report.bad_lines));
}

}  // namespace gusto::cli
