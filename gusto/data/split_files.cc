#include "gusto/data/split_files.h"

#include <algorithm>
#include <numeric>
#include <system_error>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/records.h"
#include "gusto/data/io/source.h"

namespace gusto {
namespace {

constexpr std::string_view kWrongData = "Check that this file belongs to this data set.";

// A name that cannot be looked up, being too long for instance, is no file.
bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

std::vector<FoldFiles> fold_files_at(const std::filesystem::path& prefix) {
  const auto pair = [&](const std::string& number) {
    const std::string stem = prefix.string() + number;
    return FoldFiles{prefix.filename().string() + number, stem + ".base", stem + ".test"};
  };
  if (FoldFiles one = pair(""); is_there(one.base)) return {one};
  std::vector<FoldFiles> result;
  for (std::size_t number = 1;; ++number) {
    FoldFiles next = pair(std::to_string(number));
    if (!is_there(next.base)) return result;
    result.push_back(std::move(next));
  }
}

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

void mark_listed_events(const EventFinder& finder, const std::filesystem::path& path, Part part,
                        std::span<Part> parts) {
  const SourceText source = load_source(path, Encoding::utf8_or_latin1);
  const EventFormat format = recognise_events(source, {});
  if (format.form != LineForm::fields) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} does not list events by their fields.", source.name),
                "Write one event a line: user, item and, if you like, value, separated by tabs or commas.");
  }
  const Catalogue& catalogue = finder.data().catalogue();
  RecordReader record(source, format.delimiter, format.quotes);
  if (format.header) record.next();
  while (record.next()) {
    record.require_fields(format.fields);
    const std::optional<std::uint32_t> user = catalogue.users.find(record.id(format.user));
    if (!user) record.fail(format.user, "is no user of the data set", kWrongData);
    const std::optional<std::uint32_t> item = catalogue.items.find(record.id(format.item));
    if (!item) record.fail(format.item, "is no item of the data set", kWrongData);
    const std::optional<std::size_t> position = finder.find(UserRow(*user), ItemRow(*item));
    const auto refuse = [&](std::string_view what, std::string_view hint) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("{}, line {}: the event of user {} and item {} {}.", source.name, record.line(),
                              quote(record.id(format.user)), quote(record.id(format.item)), what),
                  std::string(hint));
    };
    if (!position) refuse("is not in the data set", kWrongData);
    if (format.value) {
      const float stored = finder.data().values()[*position];
      if (record.value(*format.value) != stored) {
        record.fail(*format.value, fmt::format("is not the value of this event in the data set, {}", stored),
                    kWrongData);
      }
    }
    if (parts[*position] == part) refuse("is listed twice", "Remove one of the lines.");
    if (parts[*position] != Part::none) {
      refuse("is in the training part too", "Training and test parts may not overlap: remove it from one of them.");
    }
    parts[*position] = part;
  }
}

std::vector<FoldFiles> find_fold_files(const std::string& path, const std::filesystem::path& source) {
  std::vector<FoldFiles> result = source.empty() ? std::vector<FoldFiles>{} : fold_files_at(source / path);
  if (result.empty()) result = fold_files_at(path);
  if (result.empty()) {
    throw Error(
        ErrorCode::not_found,
        fmt::format("There is neither {0}.base nor {0}1.base, in the data's folder or here.", path),
        "Write folds:u for the folds of a folder of ml-100k, or folds:PATH for files PATH1.base, PATH1.test, …");
  }
  for (const FoldFiles& fold : result) {
    if (is_there(fold.test)) continue;
    throw Error(ErrorCode::not_found,
                fmt::format("There is no file {} beside {}.", fold.test.string(), fold.base.string()),
                "Give every training part its test part.");
  }
  return result;
}

}  // namespace gusto
