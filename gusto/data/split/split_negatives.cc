#include "gusto/data/split/split_negatives.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/records.h"

namespace gusto {
namespace {

constexpr std::string_view kWrongNegatives = "Check that this file belongs to this data set.";
constexpr std::string_view kForm =
    "Write one line a user, separated by tabs: (user,item), which is the test event, and then the negatives.";

// What the file calls users and items.
struct Naming {
  std::function<std::optional<std::uint32_t>(std::string_view)> user;
  std::function<std::optional<std::uint32_t>(std::string_view)> item;
  std::string_view unknown_user;
  std::string_view unknown_item;
};

Naming by_ids(const Catalog& catalog) {
  return {[&](std::string_view id) { return catalog.users.find(id); },
          [&](std::string_view id) { return catalog.items.find(id); }, "is no user of the data set",
          "is no item of the data set"};
}

std::optional<std::size_t> number_below(std::string_view text, std::size_t end) {
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) >= end) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

// Rows of users are in the order of the file already.
Naming by_numbers(const Catalog& catalog) {
  return {[&](std::string_view text) -> std::optional<std::uint32_t> {
            const auto number = number_below(text, catalog.users.size());
            if (!number) return std::nullopt;
            return static_cast<std::uint32_t>(*number);
          },
          [&](std::string_view text) -> std::optional<std::uint32_t> {
            const auto number = number_below(text, catalog.item_order.get().size());
            if (!number) return std::nullopt;
            return catalog.item_order.get()[*number].index;
          },
          "is no number of a user, counted from 0 as the data set's file first names them",
          "is no number of an item, counted from 0 as the data set's file first names them"};
}

struct Line {
  UserRow user;
  std::size_t test;                 // stored position
  std::vector<ItemRow> candidates;  // ascending
  bool own_negative;
};

class NegativesReader {
 public:
  NegativesReader(const EventFinder& finder, const SourceText& source, const std::vector<bool>& eligible, Naming naming)
      : finder_(finder),
        data_(finder.data()),
        eligible_(eligible),
        naming_(std::move(naming)),
        source_(source),
        record_(source, "\t", Quotes::none),
        has_line_(data_.user_count()),
        has_events_(data_.item_count()) {
    for (const ItemRow item : data_.items()) has_events_[item.index] = true;
  }

  // Reads on until the end or the first bad line.
  void read() {
    try {
      while (record_.next()) lines_.push_back(read_line());
      if (lines_.empty()) {
        throw Error(ErrorCode::invalid_input, fmt::format("{} lists no test event.", source_.name), std::string(kForm));
      }
    } catch (const Error& error) {
      error_ = error;
    }
  }

  const std::optional<Error>& error() const { return error_; }
  std::uint64_t line() const { return record_.line(); }

  GivenNegatives take() {
    std::sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.user < b.user; });
    GivenNegatives result;
    for (const Line& line : lines_) {
      if (!eligible_[line.test]) continue;
      result.test.push_back(line.test);
      result.lists.users.push_back(line.user);
      result.lists.items.insert(result.lists.items.end(), line.candidates.begin(), line.candidates.end());
      result.lists.offsets.push_back(result.lists.items.size());
      result.own_negatives += line.own_negative ? 1 : 0;
    }
    return result;
  }

 private:
  Line read_line() {
    const auto [user_id, item_id] = test_ids();
    const std::optional<std::uint32_t> user = naming_.user(user_id);
    if (!user) record_.fail_line(fmt::format("{} {}", quote(user_id), naming_.unknown_user), kWrongNegatives);
    const std::optional<std::uint32_t> item = naming_.item(item_id);
    if (!item) record_.fail_line(fmt::format("{} {}", quote(item_id), naming_.unknown_item), kWrongNegatives);
    const std::optional<std::size_t> test = finder_.find(UserRow(*user), ItemRow(*item));
    if (!test) {
      record_.fail_line(
          fmt::format("the event of user {} and item {} is not in the data set", quote(user_id), quote(item_id)),
          kWrongNegatives);
    }
    if (has_line_[*user]) {
      record_.fail_line(fmt::format("user {} has a line already", quote(user_id)), "Keep one line for each user.");
    }
    has_line_[*user] = true;

    Line line{UserRow(*user), *test, {ItemRow(*item)}, false};
    if (record_.fields().size() < 2) record_.fail_line("there are no negatives", kForm);
    for (std::size_t f = 1; f < record_.fields().size(); ++f) {
      const ItemRow negative = negative_at({f, fmt::format("{}", f + 1)}, line.user, *test);
      if (negative.index == *item && !line.own_negative) line.own_negative = true;
      else line.candidates.push_back(negative);
    }
    std::sort(line.candidates.begin(), line.candidates.end());
    const auto twice = std::adjacent_find(line.candidates.begin(), line.candidates.end());
    if (twice != line.candidates.end()) {
      record_.fail_line(fmt::format("item {} is listed twice", quote(data_.catalog().items[twice->index])),
                        "Remove one of the two.");
    }
    if (line.candidates.size() < 2) {
      record_.fail_line("the only negative is the test item itself", "Add items that it is to be ranked among.");
    }
    return line;
  }

  // The two ids of "(user,item)".
  std::pair<std::string_view, std::string_view> test_ids() const {
    const std::string_view text = trim(record_.fields().front());
    const std::size_t comma = text.find(',');
    if (!text.starts_with('(') || !text.ends_with(')') || comma == std::string_view::npos ||
        text.find(',', comma + 1) != std::string_view::npos) {
      record_.fail_line(fmt::format("{} is no test event of the form (user,item)", quote(text)), kForm);
    }
    return {trim(text.substr(1, comma - 1)), trim(text.substr(comma + 1, text.size() - comma - 2))};
  }

  ItemRow negative_at(const Column& column, UserRow user, std::size_t test) const {
    const std::optional<std::uint32_t> item = naming_.item(record_.id(column));
    if (!item) record_.fail(column, naming_.unknown_item, kWrongNegatives);
    if (!has_events_[*item]) record_.fail(column, "is an item without any event", kWrongNegatives);
    const std::optional<std::size_t> event = finder_.find(user, ItemRow(*item));
    if (event && *event != test && eligible_[*event]) {
      record_.fail(column, "is an item that the user has in the data set", "Remove it from the user's negatives.");
    }
    return ItemRow(*item);
  }

  const EventFinder& finder_;
  const Dataset& data_;
  const std::vector<bool>& eligible_;
  Naming naming_;
  const SourceText& source_;
  RecordReader record_;
  std::vector<bool> has_line_;    // by user
  std::vector<bool> has_events_;  // by item
  std::vector<Line> lines_;
  std::optional<Error> error_;
};

}  // namespace

GivenNegatives read_negatives(const EventFinder& finder, const SourceText& source, const std::vector<bool>& eligible) {
  const Catalog& catalog = finder.data().catalog();
  NegativesReader ids(finder, source, eligible, by_ids(catalog));
  ids.read();
  if (!ids.error()) return ids.take();
  if (catalog.item_order.get().empty()) throw *ids.error();
  NegativesReader numbers(finder, source, eligible, by_numbers(catalog));
  numbers.read();
  if (numbers.error()) throw *(numbers.line() > ids.line() ? numbers : ids).error();
  GivenNegatives result = numbers.take();
  result.numbered = true;
  return result;
}

}  // namespace gusto
