#include "gusto/data/io/open.h"

#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/io/layouts.h"

namespace gusto {
namespace {

OpenedDataset read_events_only(const SourceText& source, const OpenOptions& options, Context& context) {
  const EventFormat format = recognise_events(source, options);
  DatasetBuilder builder(options.duplicates);
  builder.report().layout = "delimited";
  builder.report().reason = "It is a single file. " + format.reason;
  builder.read_events(source, format, context);
  return builder.finish();
}

OpenedDataset open_folder(const std::filesystem::path& folder, const OpenOptions& options, Context& context) {
  if (options.columns || options.delimiter) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("{} is a folder, whose layout fixes columns and delimiter.", folder.string()),
                "Name the file of events itself, or leave both options out.");
  }
  if (may_exist(folder / "u.data")) return read_ml_100k(folder, options, context);
  if (may_exist(folder / "ratings.dat")) return read_ml_1m(folder, options, context);
  if (may_exist(folder / "ratings.csv")) return read_ml_latest(folder, options, context);
  throw Error(ErrorCode::not_found,
              fmt::format("The folder {} holds none of u.data, ratings.dat and ratings.csv.", folder.string()),
              "Name a file with an event on each line, or a folder as GroupLens publishes them.");
}

}  // namespace

OpenedDataset open_dataset(const std::filesystem::path& path, const OpenOptions& options, Context& context) {
  std::error_code ignored;  // what can't be examined is opened, which says why
  if (std::filesystem::is_directory(path, ignored)) return open_folder(path, options, context);
  return read_events_only(load_source(path, Encoding::utf8), options, context);
}

OpenedDataset read_delimited(std::string name, std::string_view text, const OpenOptions& options, Context& context) {
  return read_events_only(check_source(std::move(name), text, nullptr, Encoding::utf8), options, context);
}

}  // namespace gusto
