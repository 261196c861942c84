#include "gusto/data/split/split_files.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/bytes/file_tree.h"
#include "gusto/data/bytes/source.h"
#include "gusto/data/bytes/text_blocks.h"
#include "gusto/data/io/event_block.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/event_parser.h"
#include "gusto/data/io/records.h"

namespace gusto {
namespace {

constexpr std::string_view kWrongData =
    "Check that this file belongs to this data set; if the data holds the training part alone, read both files "
    "together "
    "as the data.";

// A name that cannot be looked up, being too long for instance, is no file.
bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

// A file by its name, where it is; nothing if it is not there.
using LocateFile = std::function<std::optional<std::filesystem::path>(const std::string& name)>;

std::vector<FoldFiles> fold_files_at(const std::string& prefix, const LocateFile& locate) {
  const auto pair = [&](const std::string& number) -> std::optional<FoldFiles> {
    const std::string stem = prefix + number;
    const auto base = locate(stem + ".base");
    if (!base) return std::nullopt;
    const auto test = locate(stem + ".test");
    if (!test) {
      throw Error(ErrorCode::not_found,
                  fmt::format("There is no file {} beside {}.",
                              std::filesystem::path(*base).replace_extension(".test").string(), base->string()),
                  "Give every training part its test part.");
    }
    return FoldFiles{std::filesystem::path(prefix).filename().string() + number, *base, *test};
  };
  if (const auto one = pair("")) return {*one};
  std::vector<FoldFiles> result;
  for (std::size_t number = 1;; ++number) {
    auto next = pair(std::to_string(number));
    if (!next) return result;
    result.push_back(*std::move(next));
  }
}

// Files in a folder; an empty one is where the process is.
LocateFile files_below(const std::filesystem::path& folder) {
  return [folder](const std::string& name) -> std::optional<std::filesystem::path> {
    const std::filesystem::path file = folder / name;
    if (!is_there(file)) return std::nullopt;
    return file;
  };
}

// The same of the files in an archive, which is where a downloaded data set lies.
std::vector<FoldFiles> fold_files_in(const std::string& prefix, const std::filesystem::path& source) {
  if (!std::filesystem::is_regular_file(source)) return fold_files_at(prefix, files_below(source));
  const auto archive = open_tree(source);
  if (archive == nullptr) return {};
  return fold_files_at(prefix, [&](const std::string& name) -> std::optional<std::filesystem::path> {
    if (!archive->has(name)) return std::nullopt;
    return archive->path_of(name);
  });
}

// As the data was read, where the first line allows it.
EventFormat format_of(const SourceText& text, const DataSource& source) {
  OpenOptions options;
  options.columns = source.options.columns;
  options.delimiter = source.options.delimiter;
  options.quotes = source.options.quotes;
  options.decimal_comma = source.options.decimal_comma;
  if (source.lists) options.columns = {"user", "items"};
  EventFormat format;
  try {
    format = recognize_events(text, options);
  } catch (const Error&) {
    if (!options.columns && !options.delimiter) throw;
    format = recognize_events(text, {});
  }
  format.time.reset();
  return format;
}

class ListedFile {
 public:
  ListedFile(const std::filesystem::path& path, const DataSource& source)
      : text_(load_source(path, Encoding::utf8_or_latin1)),
        block_(text_.text),
        format_(format_of(text_, source)),
        parser_(format_, false),
        compares_values_(format_.value && source.value_changes.empty()),
        twice_(source.options.duplicates != DuplicatePolicy::refuse) {
    block_.last = true;
    const FileHead above = head_of(text_, format_);
    first_line_ = above.lines + 1;
    parser_.parse(text_.name, block_, above.bytes, events_);
  }

  void mark(const EventFinder& finder, Part part, std::span<Part> parts) const {
    const Catalog& catalog = finder.data().catalog();
    const auto rows = [](const Vocabulary& vocabulary, const BlockIds& ids) {
      std::vector<std::optional<std::uint32_t>> result;
      for (const std::string_view id : ids.ids()) result.push_back(vocabulary.find(id));
      return result;
    };
    const auto users = rows(catalog.users, events_.users);
    const auto items = rows(catalog.items, events_.items);
    const auto position_of = [&](const NumberedEvent& event) -> std::optional<std::size_t> {
      if (!users[event.user] || !items[event.item]) return std::nullopt;
      return finder.find(UserRow(*users[event.user]), ItemRow(*items[event.item]));
    };
    // Of an event that comes again one value counts: which one has been settled in the data.
    const std::span<const float> values = finder.data().values();
    std::vector<bool> agrees(compares_values_ ? parts.size() : 0);
    for (const NumberedEvent& event : events_.events) {
      if (!compares_values_) break;
      const auto position = position_of(event);
      if (position && event.value == values[*position]) agrees[*position] = true;
    }
    for (const NumberedEvent& event : events_.events) {
      if (!users[event.user]) fail(event, format_.user, user_of(event), "is no user of the data set");
      if (!items[event.item]) fail(event, format_.item, item_of(event), "is no item of the data set");
      const auto position = position_of(event);
      if (!position) refuse(event, "is not in the data set", kWrongData);
      if (compares_values_ && !agrees[*position]) {
        fail(event, *format_.value, fmt::format("{}", event.value),
             fmt::format("is not the value of this event in the data set, {}", values[*position]));
      }
      if (parts[*position] == part && twice_) continue;
      if (parts[*position] == part) refuse(event, "is listed twice", "Remove one of the lines.");
      if (parts[*position] != Part::none) {
        refuse(event, "is in the training part too",
               "Training and test parts may not overlap: remove it from one of them.");
      }
      parts[*position] = part;
    }
    // What could be read comes before the line that could not.
    for (const EventBlock::BadRecord& bad : events_.examples) {
      parser_.complain(text_.name, block_, bad.position, first_line_ + bad.line);
    }
    if (events_.events.empty()) {
      throw Error(ErrorCode::invalid_input, fmt::format("{} lists no events.", text_.name),
                  "Write a user and an item on each line, or a user and then items, as the data's own file does.");
    }
  }

 private:
  std::string_view user_of(const NumberedEvent& event) const { return events_.users.ids()[event.user]; }
  std::string_view item_of(const NumberedEvent& event) const { return events_.items.ids()[event.item]; }

  [[noreturn]] void fail(const NumberedEvent& event, const Column& column, std::string_view text,
                         std::string_view problem) const {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}, column {}: {} {}.", text_.name, first_line_ + event.line, column.name,
                            quote(text), problem),
                std::string(kWrongData));
  }
  [[noreturn]] void refuse(const NumberedEvent& event, std::string_view what, std::string_view hint) const {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}: the event of user {} and item {} {}.", text_.name, first_line_ + event.line,
                            quote(user_of(event)), quote(item_of(event)), what),
                std::string(hint));
  }

  SourceText text_;
  TextBlock block_;
  EventFormat format_;
  EventParser parser_;
  bool compares_values_;
  bool twice_;                    // whether an event may be listed twice
  std::uint64_t first_line_ = 1;  // below the header
  EventBlock events_;
};

}  // namespace

EventFinder::EventFinder(const Dataset& data) : data_(&data), by_item_(data.event_count()) {
  std::iota(by_item_.begin(), by_item_.end(), std::uint64_t{0});
  const std::span<const ItemRow> items = data.items();
  for (std::size_t user = 0; user < data.user_count(); ++user) {
    const auto begin = by_item_.begin() + static_cast<std::ptrdiff_t>(data.offsets()[user]);
    const auto end = by_item_.begin() + static_cast<std::ptrdiff_t>(data.offsets()[user + 1]);
    std::sort(begin, end, [&](std::uint64_t a, std::uint64_t b) { return items[a] < items[b]; });
  }
}

std::optional<std::size_t> EventFinder::find(UserRow user, ItemRow item) const {
  const std::span<const ItemRow> items = data_->items();
  const auto begin = by_item_.begin() + static_cast<std::ptrdiff_t>(data_->offsets()[user.index]);
  const auto end = by_item_.begin() + static_cast<std::ptrdiff_t>(data_->offsets()[user.index + 1]);
  const auto found = std::lower_bound(begin, end, item, [&](std::uint64_t a, ItemRow b) { return items[a] < b; });
  if (found == end || items[*found] != item) return std::nullopt;
  return *found;
}

void mark_listed_events(const EventFinder& finder, const std::filesystem::path& path, const DataSource& source,
                        Part part, std::span<Part> parts) {
  ListedFile(path, source).mark(finder, part, parts);
}

std::vector<FoldFiles> find_fold_files(const std::string& path, const std::filesystem::path& source) {
  std::vector<FoldFiles> result = source.empty() ? std::vector<FoldFiles>{} : fold_files_in(path, source);
  if (result.empty()) result = fold_files_at(path, files_below({}));
  if (result.empty()) {
    throw Error(
        ErrorCode::not_found,
        fmt::format("There is neither {0}.base nor {0}1.base, in the data's folder or here.", path),
        "Write folds:u for the folds of a folder of ml-100k, or folds:PATH for files PATH1.base, PATH1.test, …");
  }
  return result;
}

}  // namespace gusto
