/// gusto convert: any data set into a data file, which opens at once.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/data_report.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/file/data_file_writer.h"
#include "gusto/eval/report.h"
#include "gusto/eval/stopwatch.h"

namespace gusto::cli {
namespace {

struct ConvertFlags {
  DataRecipe data;
  FilterOptions filter;
  std::string out;
  RunFlags run;
};

/// Whether a damaged file was a data file once, by what its beginning says.
bool begins_as_data_file(const std::string& path) {
  constexpr std::size_t kHead = 4096;
  std::string head(kHead, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.find("\"gusto-data\"") != std::string::npos;
}

/// A slip of the arguments must not cost somebody their ratings.
void require_replaceable(const std::string& path) {
  require_writable(path);
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return;
  try {
    if (is_data_file(path)) return;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt_file) throw;
    if (begins_as_data_file(path)) return;  // was cut short
  }
  throw Error(ErrorCode::invalid_option, fmt::format("{} exists and is no data file, so it is not overwritten.", path),
              fmt::format("Choose another name, such as ratings{}, or remove it first.", kDataFileSuffix));
}

void run_convert(Session& session, const ConvertFlags& flags) {
  require_replaceable(flags.out);
  Run run(session, flags.run);
  const Stopwatch reading;
  // Where all events that do not fit into memory belong in the end.
  const std::string spill_to = flags.filter.any() ? std::string() : flags.out;
  OpenedDataset opened = open_data(flags.data, finder(run), run.context(), spill_to);
  run.clear();
  const FilteredDataset filtered = filter_dataset(opened.data, flags.filter);
  const std::string left_out = describe_event_filter(flags.filter, filtered.steps, session.out);
  opened.data = filtered.data;
  const Dataset& data = *opened.data;
  if (data.event_count() == 0) {
    throw Error(ErrorCode::empty_dataset, "No events are left, so nothing is written.",
                report_filters(flags.filter, filtered.steps));
  }
  if (!opened.spilled) data.offsets();  // the events of a data file are read, and checked, when first used
  const double read_seconds = reading.seconds();

  const Stopwatch writing;
  if (!opened.spilled) {
    const WriteGuard guard;
    write_data_file(data, opened.report, flags.out);
  }
  const double write_seconds = writing.seconds();
  fmt::print("{}{}\nWrote {} ({}): {} events of {} users and {} items.\n", describe_source(opened.report, session.out),
             left_out.empty() ? std::string() : "\n" + left_out, flags.out,
             format_bytes(std::filesystem::file_size(flags.out)), format_count(data.event_count()),
             format_count(data.user_count()), format_count(data.item_count()));
  fmt::print("Reading took {}, writing {}.\n", format_seconds(read_seconds), format_seconds(write_seconds));
}

}  // namespace

void add_convert(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "convert",
       .summary = "Write a data set as a data file, which opens at once.",
       .about =
           "Reads DATA once, with all checks, and writes ids, features and events as they lie in memory, with a "
           "checksum for each part. Such a file can be named wherever DATA is taken, and opens in milliseconds, "
           "whatever its size. It is a valid safetensors file, and is written whole or not at all. A file that is no "
           "data file is not overwritten.",
       .examples = {"gusto convert ml-25m ml-25m.gdata", "gusto compare ml-25m.gdata",
                    "gusto convert log.txt log.gdata --columns user,item,-,time"}},
      [flags, &session] { run_convert(session, *flags); });
  add_data_flags(command, flags->data, DataArgument::required);
  add_event_filter_flags(command, flags->filter);
  command->add_option("OUT", flags->out, "The file to write, such as ratings.gdata.")->required();
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
