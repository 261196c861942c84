#include "gusto/data/io/event_format.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/text.h"
#include "gusto/data/io/column_names.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

using Role = ColumnRole;
using ColumnNames = std::vector<std::string_view>;

// In order of preference, where several divide the first lines into equally many fields.
constexpr std::array<std::string_view, 5> kDelimiters{"\t", "::", ";", "|", ","};
// Without header and names, columns go by their order: user, item, rating, time.
constexpr std::size_t kColumnsByPosition = 4;
// Lines that tell lists from columns.
constexpr std::size_t kLinesLookedAt = 50;

std::string delimiter_for_people(std::string_view delimiter) {
  if (delimiter == "\t") return "tabs";
  if (delimiter == " ") return "blanks";
  return quote(delimiter);
}

std::string delimiter_given(const std::string& text) {
  if (text == "tab" || text == "\\t") return "\t";
  if (text == "space") return " ";
  if (text.empty() || text.find_first_of("\"\r\n") != std::string::npos) {
    throw Error(ErrorCode::invalid_option, fmt::format("The delimiter {} cannot separate fields.", quote(text)),
                "Use tab, or a text such as , or ; or :: in its place.");
  }
  return text;
}

// Fields of a line, where quotation marks may hide delimiters.
std::size_t count_fields(std::string_view line, std::string_view delimiter) {
  std::size_t count = 1;
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') inside = !inside;
    if (inside || !line.substr(i).starts_with(delimiter)) continue;
    ++count;
    i += delimiter.size() - 1;
  }
  return count;
}

// The first lines that are not blank; fewer if there are no more.
ColumnNames first_lines(std::string_view text, std::size_t count) {
  ColumnNames lines;
  while (!text.empty() && lines.size() < count) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(' ') != std::string_view::npos) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

[[noreturn]] void fail_first_line(const SourceText& source, std::string_view problem,
                                  std::string_view hint = kNameColumns) {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: {}.", source.name, problem), std::string(hint));
}

// The delimiter that divides the first two lines into most fields, preferably into equally many.
std::string recognize_delimiter(const SourceText& source) {
  const ColumnNames lines = first_lines(source.text, 2);
  std::string_view best;
  std::pair<bool, std::size_t> best_merit{false, 1};
  for (std::string_view candidate : kDelimiters) {
    const std::size_t fields = count_fields(lines.front(), candidate);
    const bool even = fields > 1 && count_fields(lines.back(), candidate) == fields;
    if (fields > 1 && std::pair(even, fields) > best_merit) {
      best_merit = {even, fields};
      best = candidate;
    }
  }
  if (best.empty()) {
    fail_first_line(source, fmt::format("no delimiter is recognized in {}", quote(lines.front())),
                    "Say what separates the fields with the option `delimiter`, for example space.");
  }
  return std::string(best);
}

// Lists of graph recommenders' sets: whole numbers between blanks, on lines of different lengths.
bool looks_like_lists(const ColumnNames& lines) {
  std::size_t shortest = 0, longest = 0;
  for (const std::string_view line : lines) {
    std::size_t count = 0;
    for (const std::string_view part : split(line, " ")) {
      if (part.empty()) continue;
      if (part.find_first_not_of("0123456789") != std::string_view::npos) return false;
      ++count;
    }
    shortest = shortest == 0 ? count : std::min(shortest, count);
    longest = std::max(longest, count);
  }
  return longest > kColumnsByPosition && shortest < longest;
}

std::string listed(const ColumnNames& names) { return quote(join(names, ", ")); }

// Whether the first line holds a name where the second holds a number.
bool names_above_numbers(const ColumnPlaces& places, const ColumnNames& first, const ColumnNames& second) {
  const std::optional<std::size_t> place = places[Role::value] ? places[Role::value] : places[Role::time];
  if (!place || *place >= first.size() || *place >= second.size()) return false;
  const std::string_view name = trim(first[*place]);
  return !name.empty() && value_problem(name) == "is not a number" && !parse_value(name) &&
         parse_value(trim(second[*place])).has_value();
}

ColumnPlaces places_by_position(const SourceText& source, const ColumnNames& first, const ColumnNames& second) {
  if (first.size() < 2) fail_first_line(source, "the line has 1 field instead of at least a user and an item");
  if (first.size() > kColumnsByPosition) {
    fail_first_line(source,
                    fmt::format("the line has {} fields, and no header known says what they are", first.size()));
  }
  ColumnPlaces places;
  for (std::size_t c = 0; c < first.size(); ++c) places[kColumnRoles[c]] = c;
  if (names_above_numbers(places, first, second)) {
    fail_first_line(source, fmt::format("the header {} names no column known", listed(first)));
  }
  return places;
}

void require_user_and_item(const SourceText& source, const ColumnPlaces& places, const ColumnNames& names,
                           std::string_view what) {
  for (const Role role : {Role::user, Role::item}) {
    if (places[role]) continue;
    fail_first_line(source,
                    fmt::format("the {} {} has no {} known to hold the {}", what, listed(names),
                                what == "header" ? "column" : "name", to_string(role)),
                    what == "header"
                        ? kNameColumns
                        : "Name what is read with the option `columns`, for example user=reviewer,item=product.");
  }
}

void set_columns(EventFormat& format, const ColumnPlaces& places, const ColumnNames& names) {
  const auto column = [&](Role role) -> std::optional<Column> {
    if (!places[role]) return std::nullopt;
    return Column{*places[role], std::string(names.empty() ? to_string(role) : trim(names[*places[role]]))};
  };
  format.user = *column(Role::user);
  format.item = *column(Role::item);
  format.value = column(Role::value);
  format.time = column(Role::time);
  format.kind = column(Role::kind);
}

// The next record's, or none if it cannot be read, which is complained of when it is read for its events.
ColumnNames second_fields(RecordReader& reader) {
  try {
    if (reader.next()) return {reader.fields().begin(), reader.fields().end()};
  } catch (const Error&) {
  }
  return {};
}

EventFormat recognize_fields(const SourceText& source, const OpenOptions& options) {
  EventFormat format;
  format.delimiter = options.delimiter ? delimiter_given(*options.delimiter) : recognize_delimiter(source);
  format.quotes = format.delimiter.size() == 1 ? Quotes::csv : Quotes::none;

  RecordReader reader(source, format.delimiter, format.quotes);
  reader.next();
  // A reader of its own, since views of the first record last until next().
  RecordReader after(source, format.delimiter, format.quotes);
  after.next();
  const ColumnNames first(reader.fields().begin(), reader.fields().end());
  const ColumnNames second = second_fields(after);
  format.fields = first.size();

  const ColumnPlaces named = places_by_name(first);
  ColumnPlaces places;
  std::string by;
  if (options.columns && given_by_name(*options.columns)) {
    places = places_given(*options.columns, first);
    format.header = true;
    by = "the columns were named by their header";
  } else if (options.columns) {
    places = places_given(*options.columns);
    if (options.columns->size() > first.size()) {
      fail_first_line(source, fmt::format("the line has {} fields, fewer than the {} columns named", first.size(),
                                          options.columns->size()));
    }
    format.header =
        options.header.value_or((named[Role::user] && named[Role::item]) || names_above_numbers(places, first, second));
    by = format.header ? "the columns were named, and the header was skipped" : "the columns were named";
  } else if (options.header.value_or(named[Role::user] || named[Role::item])) {
    places = named;
    format.header = true;
    require_user_and_item(source, places, first, "header");
    by = "the columns are known by their names in the header";
  } else {
    places = places_by_position(source, first, second);
    by = "there is no header, so that columns go by their order";
  }
  set_columns(format, places, format.header ? first : ColumnNames());
  if (format.time) {
    const ColumnNames& sample = format.header ? second : first;
    if (format.time->index < sample.size()) format.time_unit = recognize_time_unit(trim(sample[format.time->index]));
  }
  format.reason = fmt::format("Fields are separated by {}; {}.", delimiter_for_people(format.delimiter), by);
  return format;
}

EventFormat recognize_json(const SourceText& source, const OpenOptions& options) {
  if (options.delimiter) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} holds JSON, which has no delimiter.", source.name),
                "Leave the option `delimiter` out.");
  }
  const std::string_view line = first_lines(source.text, 1).front();
  const auto object = try_parse_json(line);
  if (!object.is_object()) {
    fail_first_line(source, "the line begins like JSON and is no JSON object", "Write one object a line: JSON lines.");
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  const ColumnNames names(keys.begin(), keys.end());
  EventFormat format;
  format.form = LineForm::json;
  format.delimiter = "\n";
  ColumnPlaces places;
  if (options.columns) {
    places = places_given(*options.columns, names);
  } else {
    places = places_by_name(names);
    require_user_and_item(source, places, names, "object with");
  }
  set_columns(format, places, names);
  if (format.time) {
    const auto& sample = object.at(format.time->name);
    format.time_unit =
        recognize_time_unit(sample.is_string() ? sample.get_ref<const std::string&>() : print_json(sample));
  }
  format.reason = fmt::format("Each line is a JSON object; what it holds {}.",
                              options.columns ? "was named" : "is known by its names");
  return format;
}

// What separates lists is what divides the first line into most parts.
std::string delimiter_of_lists(std::string_view line) {
  std::string_view best = " ";
  for (const std::string_view candidate : kDelimiters) {
    if (count_fields(line, candidate) > count_fields(line, best)) best = candidate;
  }
  return std::string(best);
}

EventFormat lists(const OpenOptions& options, std::string_view line) {
  EventFormat format;
  format.form = LineForm::lists;
  format.delimiter = options.delimiter ? delimiter_given(*options.delimiter) : delimiter_of_lists(line);
  format.user = {0, "user"};
  format.item = {1, "item"};
  format.reason = fmt::format("Each line is a user and that user's items, separated by {}.",
                              delimiter_for_people(format.delimiter));
  return format;
}

bool lists_given(const OpenOptions& options) {
  if (!options.columns || options.columns->empty() || options.columns->back() != "items") return false;
  if (options.columns->size() == 2 && role_of_name(options.columns->front()) == Role::user) return true;
  throw Error(ErrorCode::invalid_option, "Lists of items have the columns user,items.",
              "Set the option `columns` to user,items, or name each column.");
}

}  // namespace

std::vector<std::string> EventFormat::roles() const {
  if (form == LineForm::lists) return {"user", "items"};
  std::vector<std::string> roles;
  const auto set = [&](const Column& column, Role role) {
    if (form == LineForm::json) {
      roles.push_back(fmt::format("{}={}", to_string(role), column.name));
    } else {
      roles[column.index] = to_string(role);
    }
  };
  if (form == LineForm::fields) roles.assign(fields, "-");
  set(user, Role::user);
  set(item, Role::item);
  if (value) set(*value, Role::value);
  if (time) set(*time, Role::time);
  if (kind) set(*kind, Role::kind);
  return roles;
}

EventFormat four_columns(std::string delimiter) {
  EventFormat format;
  format.delimiter = std::move(delimiter);
  format.fields = 4;
  format.user = {0, "user"};
  format.item = {1, "item"};
  format.value = {2, "rating"};
  format.time = {3, "time"};
  return format;
}

EventFormat recognize_events(const SourceText& source, const OpenOptions& options) {
  const ColumnNames lines = first_lines(source.text, kLinesLookedAt);
  if (lines.empty()) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", source.name),
                "Give a file with an event on each line.");
  }
  require_line_feeds(source);
  EventFormat format;
  if (lists_given(options)) {
    format = lists(options, lines.front());
  } else if (lines.front().starts_with('{')) {
    format = recognize_json(source, options);
  } else if (!options.columns && !options.delimiter && looks_like_lists(lines)) {
    format = lists(options, lines.front());
  } else {
    format = recognize_fields(source, options);
  }
  return format;
}

EventFormat recognize_next(const SourceText& source, const EventFormat& first, const OpenOptions& options) {
  if (first.form != LineForm::fields || !first.header) return recognize_events(source, options);
  RecordReader reader(source, first.delimiter, first.quotes);
  bool header = false;
  if (reader.next()) {
    const ColumnNames names(reader.fields().begin(), reader.fields().end());
    const auto has = [&](const Column& column) {
      return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return trim(name) == column.name; });
    };
    const ColumnPlaces named = places_by_name(names);
    header = (has(first.user) && has(first.item)) || (named[Role::user] && named[Role::item]);
  }
  if (header) return recognize_events(source, options);
  EventFormat format = first;
  format.header = false;
  return format;
}

void apply_options(EventFormat& format, const std::string& name, const OpenOptions& options) {
  if (options.time_unit) format.time_unit = *options.time_unit;
  format.weights = options.weights;
  if (!format.weights.empty() && !format.kind) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} has no column of kinds to be weighed.", name),
                "Name it kind in the option `columns`, or leave the option `weights` out.");
  }
  if (format.weights.empty()) format.kind.reset();
}

}  // namespace gusto
