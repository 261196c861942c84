#include "gusto/data/split_files.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Where a complaint points to.
struct Place {
  const std::filesystem::path& path;
  std::size_t line;
};

[[noreturn]] void refuse(const Place& place, std::size_t column, std::string_view what, std::string_view remedy) {
  throw Error(ErrorCode::invalid_input,
              fmt::format("{}, line {}, column {}: {}.", place.path.string(), place.line, column, what),
              std::string(remedy));
}

std::string_view separator_of(std::string_view first_line) {
  for (const std::string_view separator : {"\t", "::"}) {
    if (first_line.find(separator) != std::string_view::npos) return separator;
  }
  return ",";
}

constexpr std::string_view kWrongData = "Check that this file belongs to this data set.";

std::size_t locate(const EventFinder& finder, const Place& place, std::span<const std::string_view> fields) {
  const Dataset& data = finder.data();
  const std::string_view user = fields[0], item = fields[1];
  const std::optional<std::uint32_t> user_row = data.catalogue().users.find(user);
  if (!user_row) refuse(place, 1, fmt::format("the data set has no user {}", gusto::quoted(user)), kWrongData);
  const std::optional<std::uint32_t> item_row = data.catalogue().items.find(item);
  if (!item_row) refuse(place, 2, fmt::format("the data set has no item {}", gusto::quoted(item)), kWrongData);
  const std::optional<std::size_t> position = finder.find(UserRow(*user_row), ItemRow(*item_row));
  if (!position) {
    refuse(place, 2,
           fmt::format("the data set has no event of user {} and item {}", gusto::quoted(user), gusto::quoted(item)),
           kWrongData);
  }
  if (fields.size() > 2) {
    const std::optional<double> value = parse_real(fields[2]);
    if (!value) refuse(place, 3, fmt::format("{} is not a number", gusto::quoted(fields[2])), "Correct the value.");
    const float stored = data.values()[*position];
    if (static_cast<float>(*value) != stored) {
      refuse(place, 3, fmt::format("the value is {} here and {} in the data set", *value, stored), kWrongData);
    }
  }
  return *position;
}

std::vector<FoldFiles> fold_files_at(const std::filesystem::path& prefix) {
  const auto pair = [&](const std::string& number) {
    const std::string stem = prefix.string() + number;
    return FoldFiles{prefix.filename().string() + number, stem + ".base", stem + ".test"};
  };
  if (FoldFiles one = pair(""); std::filesystem::exists(one.base)) return {one};
  std::vector<FoldFiles> result;
  for (std::size_t number = 1;; ++number) {
    FoldFiles next = pair(std::to_string(number));
    if (!std::filesystem::exists(next.base)) return result;
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
  const MappedFile file = MappedFile::open(path);
  std::string_view rest = file.text();
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  std::string_view separator;
  std::size_t field_count = 0;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const Place place{path, line};
    const std::size_t end = rest.find('\n');
    std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);

    if (line == 1) separator = separator_of(text);
    const std::vector<std::string_view> fields = split(text, separator);
    if (line == 1) field_count = fields.size();
    if (fields.size() < 2 || fields.size() != field_count) {
      refuse(place, fields.size(), fmt::format("there are {} fields in {}", fields.size(), gusto::quoted(text)),
             fmt::format("Write user, item and value on every line, separated by tabs; line 1 has {} fields.",
                         field_count));
    }
    const std::size_t position = locate(finder, place, fields);
    if (parts[position] == part) {
      refuse(place, 1,
             fmt::format("the event of user {} and item {} is listed twice", gusto::quoted(fields[0]),
                         gusto::quoted(fields[1])),
             "Remove one of the lines.");
    }
    if (parts[position] != Part::none) {
      refuse(place, 1,
             fmt::format("the event of user {} and item {} is in the training part too", gusto::quoted(fields[0]),
                         gusto::quoted(fields[1])),
             "Training and test parts may not overlap: remove it from one of them.");
    }
    parts[position] = part;
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
    if (std::filesystem::exists(fold.test)) continue;
    throw Error(ErrorCode::not_found,
                fmt::format("There is no file {} beside {}.", fold.test.string(), fold.base.string()),
                "Give every training part its test part.");
  }
  return result;
}

}  // namespace gusto
