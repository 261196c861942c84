#include "gusto/data/open/open.h"

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <fnmatch.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/bytes/file_tree.h"
#include "gusto/data/bytes/json_array.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/movielens/extras.h"
#include "gusto/data/movielens/layouts.h"
#include "gusto/data/side/side_features.h"

namespace gusto {
namespace {

/// Opens a file; they may be more than can be open at once.
using OpenFile = std::function<std::unique_ptr<ByteStream>()>;

OpenedDataset read_events_only(std::span<const OpenFile> files, const OpenOptions& options, Context& context) {
  DatasetBuilder builder(options);
  std::vector<std::pair<std::string, std::string>> reading;  // of the first file, which may alone have a header
  for (const OpenFile& open : files) {
    builder.read_events(*json_lines(open()), std::nullopt, context);
    const bool known = !builder.report().columns.empty();  // not of a file without lines
    if (known && reading.empty()) reading = builder.format().reading();
  }
  builder.end_events(context);
  switch (builder.format().form) {
    case LineForm::fields: builder.report().layout = "delimited"; break;
    case LineForm::lists: builder.report().layout = "lists"; break;
    case LineForm::json: builder.report().layout = "JSON lines"; break;
    case LineForm::matrix: builder.report().layout = "matrix"; break;
  }
  builder.report().reading = std::move(reading);
  builder.report().reason =
      (files.size() == 1 ? "It is a single file. " : fmt::format("These are {} files. ", files.size())) +
      builder.format().reason;
  refuse_extras(builder.report().layout, options.extras);
  read_side_files(options.side_files, builder, context);
  return builder.finish();
}

OpenedDataset open_folder(const std::filesystem::path& path, const FileTree& folder, const OpenOptions& options,
                          Context& context) {
  if (const auto file = folder.only_file()) {
    const OpenFile open = [&] { return folder.open(*file); };
    return read_events_only({&open, 1}, options, context);
  }
  require_no_columns(path.string(), options);
  if (folder.has("u.data")) return read_ml_100k(folder, options, context);
  if (folder.has("ratings.dat")) return read_ml_1m(folder, options, context);
  if (folder.has("ratings.csv")) return read_ml_latest(folder, options, context);
  const bool archive = !std::filesystem::is_directory(path);
  throw Error(ErrorCode::not_found,
              fmt::format("The {} {} holds none of u.data, ratings.dat and ratings.csv.",
                          archive ? "archive" : "folder", path.string()),
              archive ? fmt::format("Name the file of events in it, as {}.", folder.path_of("events.csv"))
                      : "Name a file with an event on each line, or a folder as GroupLens publishes them.");
}

// The files that a pattern means, by name. What is there under that very name is no pattern.
std::vector<std::filesystem::path> matching_files(const std::filesystem::path& pattern) {
  std::error_code ignored;
  const bool is_pattern = pattern.filename().string().find_first_of("*?[") != std::string::npos;
  if (!is_pattern || std::filesystem::exists(pattern, ignored)) return {pattern};
  const std::filesystem::path folder = pattern.has_parent_path() ? pattern.parent_path() : ".";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (::fnmatch(pattern.filename().c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0) {
      files.push_back(pattern.parent_path() / entry.path().filename());
    }
  }
  if (files.empty()) {
    throw Error(ErrorCode::not_found, fmt::format("No file matches {}.", pattern.string()), "Check the path.");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The files of a list such as {a.csv,b.csv}, in its order. What is there under that very name is no list.
std::vector<std::filesystem::path> listed_files(const std::filesystem::path& path) {
  const std::string text = path.string();
  std::error_code ignored;
  if (!text.starts_with('{') || !text.ends_with('}') || std::filesystem::exists(path, ignored)) return {path};
  std::vector<std::filesystem::path> files;
  for (const std::string_view name : split(std::string_view(text).substr(1, text.size() - 2), ","))
    files.emplace_back(name);
  return files;
}

// What a data file holds has been read: there are no lines, and no events that come again.
void refuse_options(const std::filesystem::path& path, const OpenOptions& options) {
  const char* given = options.columns                                    ? "columns"
                      : options.delimiter                                ? "a delimiter"
                      : options.header                                   ? "a header"
                      : !options.quotes                                  ? "what becomes of quotation marks"
                      : options.decimal_comma                            ? "the decimal point"
                      : options.time_unit                                ? "the unit of times"
                      : options.duplicates != DuplicatePolicy::keep_last ? "what becomes of duplicates"
                      : !options.weights.empty()                         ? "weights"
                      : options.half_life                                ? "a half-life"
                      : !options.transform.empty()                       ? "a transform of values"
                      : options.values != ValueUse::automatic            ? "the use of values"
                      : options.skip_bad_lines                           ? "what becomes of bad lines"
                      : !options.side_files.users.empty() || !options.side_files.items.empty() ? "files of features"
                      : !options.side_files.types.empty() ? "types of their columns"
                      : !options.extras.empty()           ? "extras"
                                                          : nullptr;
  if (given == nullptr) return;
  throw Error(ErrorCode::invalid_option,
              fmt::format("{} is a data file, whose content has been read already: {} cannot be given any more.",
                          path.string(), given),
              "Leave the option out, or convert the original data again.");
}

OpenedDataset open_events(const std::filesystem::path& path, const OpenOptions& options, Context& context) {
  if (const auto folder = open_tree(path)) return open_folder(path, *folder, options, context);
  std::vector<OpenFile> files;
  for (const std::filesystem::path& part : listed_files(path)) {
    for (const std::filesystem::path& file : matching_files(part)) {
      files.emplace_back([file] { return open_stream(file); });
    }
  }
  return read_events_only(files, options, context);
}

}  // namespace

OpenedDataset open_dataset(const std::filesystem::path& path, const OpenOptions& options, Context& context) {
  if (is_tensor_file(path)) {
    refuse_options(path, options);
    return open_data_file(path);
  }
  OpenedDataset opened = open_events(path, options, context);
  opened.source = source_of(opened.report, path, options);
  return opened;
}

OpenedDataset read_delimited(std::string name, std::string_view text, const OpenOptions& options, Context& context) {
  const OpenFile open = [&] { return stream_of(name, text); };
  OpenedDataset opened = read_events_only({&open, 1}, options, context);
  opened.source = source_of(opened.report, {}, options);
  return opened;
}

}  // namespace gusto
