#include "gusto/data/io/event_format.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/text.h"
#include "gusto/data/io/column_names.h"
#include "gusto/data/io/column_roles.h"
#include "gusto/data/io/matrix_format.h"
#include "gusto/data/io/numbers.h"
#include "gusto/data/io/text_shape.h"

namespace gusto {
namespace {

using Role = ColumnRole;
using ColumnNames = std::vector<std::string_view>;
using Record = std::vector<std::string>;

// Lines that tell lists from columns, and records that tell what columns hold.
constexpr std::size_t kLinesLookedAt = 50;
constexpr std::size_t kRecordsLookedAt = 1000;

[[noreturn]] void fail_first_line(const SourceText& source, std::string_view problem, std::string_view hint) {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: {}.", source.name, problem), std::string(hint));
}

// The first records; up to one that cannot be read, which is complained of when it is read for its events. A first one
// that cannot be read is an error now.
std::vector<Record> first_records(const SourceText& source, const EventFormat& format) {
  std::vector<Record> records;
  RecordReader reader(source, format.delimiter, format.quotes);
  reader.next();
  try {
    do {
      Record& record = records.emplace_back();
      for (const std::string_view field : reader.fields()) record.emplace_back(trim(field));
    } while (records.size() < kRecordsLookedAt && reader.next());
  } catch (const Error&) {
  }
  return records;
}

bool is_number_or_time(std::string_view text) {
  return value_problem(text) != "is not a number" || parse_value(text) || parse_time(text, recognize_time_unit(text));
}

std::size_t blanks_at_end(const Record& record) {
  std::size_t count = 0;
  while (count < record.size() && record[record.size() - 1 - count].empty()) ++count;
  return count;
}

std::vector<ColumnSample> sampled(std::span<const Record> records, std::size_t columns) {
  std::vector<ColumnSample> samples(columns);
  for (const Record& record : records) {
    if (record.size() < columns) continue;  // the reader complains later
    for (std::size_t c = 0; c < columns; ++c) samples[c].add(record[c]);
  }
  return samples;
}

// Whether the first record cannot be an event: names above numbers or times, or above the numbers of lines.
bool begins_with_names(std::span<const Record> records) {
  if (records.size() < 2) return false;
  const Record& first = records.front();
  const std::vector<ColumnSample> below = sampled(records.subspan(1), std::min(first.size(), records[1].size()));
  if (first.front().empty() && (below.front().counts_from(0) || below.front().counts_from(1))) return true;
  if (std::any_of(first.begin(), first.end(), is_number_or_time) ||
      std::all_of(first.begin(), first.end(), [](const std::string& name) { return name.empty(); })) {
    return false;
  }
  for (std::size_t c = 0; c < below.size(); ++c) {
    if (!first[c].empty() && (below[c].all_numbers() || below[c].all_plausible_times())) return true;
  }
  return false;
}

// Whether a place for a value or a time that the caller gives holds a name above a number.
bool name_above_number(const OpenOptions& options, std::span<const Record> records) {
  if (!options.columns || given_by_name(*options.columns) || records.size() < 2) return false;
  const ColumnPlaces places = places_given(*options.columns);
  const std::optional<std::size_t> place = places[Role::value] ? places[Role::value] : places[Role::time];
  if (!place || *place >= records[0].size() || *place >= records[1].size()) return false;
  const std::string& name = records[0][*place];
  return !name.empty() && value_problem(name) == "is not a number" && !parse_value(name) &&
         parse_value(records[1][*place]).has_value();
}

bool has_header(const OpenOptions& options, std::span<const Record> records) {
  if (options.columns && given_by_name(*options.columns)) return true;
  if (options.header) return *options.header;
  const Record& first = records.front();
  const ColumnNames names(first.begin(), first.end());
  const ColumnPlaces named = places_by_name(names);
  if (options.columns ? named[Role::user] && named[Role::item] : named[Role::user] || named[Role::item]) return true;
  const auto likely = [&](Role role) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return name.size() > 1 && likely_role_of_name(name) == role; });
  };
  if (likely(Role::user) && likely(Role::item)) return true;
  return name_above_number(options, records) || begins_with_names(records);
}

void set_columns(EventFormat& format, const ColumnPlaces& places, const std::vector<std::string>& names) {
  const auto column = [&](Role role) -> std::optional<Column> {
    if (!places[role]) return std::nullopt;
    return Column{*places[role], names.empty() ? std::string(to_string(role)) : names[*places[role]]};
  };
  format.user = *column(Role::user);
  format.item = *column(Role::item);
  format.value = column(Role::value);
  format.time = column(Role::time);
  format.kind = column(Role::kind);
}

// How many fields lines have, but for empty ones at their ends.
void count_fields(EventFormat& format, std::span<const Record> records) {
  const Record& first = records.front();
  const Record& event = records[format.header && records.size() > 1 ? 1 : 0];
  std::size_t blanks = event.size();
  for (const Record& record : records.subspan(format.header && records.size() > 1 ? 1 : 0)) {
    if (record.size() == event.size()) blanks = std::min(blanks, blanks_at_end(record));
  }
  format.fields = format.header ? first.size() - blanks_at_end(first) : event.size() - blanks;
  format.trailing = event.size() > format.fields ? std::min(event.size() - format.fields, blanks) : 0;
}

EventFormat recognize_fields(const SourceText& source, const OpenOptions& options, EventFormat format,
                             const std::string& named_delimiter) {
  format.decimal_comma = options.decimal_comma;
  format.delimiter =
      options.delimiter ? delimiter_given(*options.delimiter)
      : named_delimiter.empty()
          ? recognize_delimiter(source.name, first_lines(source.text, kLinesLookedAt), options.decimal_comma)
          : named_delimiter;
  format.quotes = options.quotes && format.delimiter.size() == 1 ? Quotes::csv : Quotes::none;
  const std::vector<Record> records = first_records(source, format);
  if (!options.columns || matrix_given(options)) {
    if (auto matrix = recognize_matrix(source.name, format, records, options)) return *std::move(matrix);
  }
  format.header = has_header(options, records);
  count_fields(format, records);

  SampledColumns columns;
  columns.file = source.name;
  columns.named = format.header;
  if (format.header) {
    columns.names.assign(records.front().begin(), records.front().begin() + static_cast<std::ptrdiff_t>(format.fields));
    // R leaves out the name of the column in which it numbers lines.
    if (records.size() > 1 && records[1].size() == format.fields + 1 && format.trailing == 0 &&
        sampled(std::span(records).subspan(1), format.fields).front().counts_from(1)) {
      columns.names.insert(columns.names.begin(), "");
      ++format.fields;
    }
  }
  columns.samples = sampled(std::span(records).subspan(format.header ? 1 : 0), format.fields);
  if (options.columns && !given_by_name(*options.columns)) {
    if (options.columns->size() > std::max(format.fields, records.front().size())) {
      fail_first_line(source,
                      fmt::format("the line has {} fields, fewer than the {} columns named", records.front().size(),
                                  options.columns->size()),
                      kNameColumns);
    }
    format.fields = std::max(format.fields, options.columns->size());
  }
  ColumnRoles roles = recognize_roles(columns, options);
  columns.names.resize(format.header ? format.fields : 0);
  set_columns(format, roles.places, columns.names);
  if (format.time && format.time->index < columns.samples.size()) {
    const ColumnSample& times = columns.samples[format.time->index];
    format.time_unit = times.unit();
    if (times.ambiguous_dates() && !options.time_unit) {
      format.notes.push_back(
          fmt::format("Dates of {} such as 3/4/2017 are read with the day first; if the month is, set the option "
                      "`time_unit` to mdy.",
                      source.name));
    }
  }
  format.notes.insert(format.notes.end(), roles.notes.begin(), roles.notes.end());
  format.reason = fmt::format("Fields are separated by {}; {}.", delimiter_for_people(format.delimiter), roles.by);
  return format;
}

// A value as a text file would hold it; nothing for what is none.
std::string written(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  return value.is_number() ? print_json(value) : std::string();
}

EventFormat recognize_json(const SourceText& source, const OpenOptions& options) {
  if (options.delimiter) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} holds JSON, which has no delimiter.", source.name),
                "Leave the option `delimiter` out.");
  }
  const ColumnNames lines = first_lines(source.text, kRecordsLookedAt);
  const auto object = try_parse_json(lines.front());
  if (!object.is_object()) {
    fail_first_line(source, "the line begins like JSON and is no JSON object",
                    "Write one object a line (JSON lines), or an array of objects: [{…}, {…}].");
  }
  SampledColumns columns;
  columns.file = source.name;
  columns.named = true;
  columns.what = "object with";
  for (const auto& [key, value] : object.items()) columns.names.push_back(key);
  columns.samples.resize(columns.names.size());
  for (const std::string_view line : lines) {
    const auto other = try_parse_json(line);
    for (std::size_t c = 0; c < columns.names.size(); ++c) {
      const bool there = other.is_object() && other.contains(columns.names[c]);
      columns.samples[c].add(there ? written(other[columns.names[c]]) : std::string());
    }
  }
  EventFormat format;
  format.form = LineForm::json;
  format.delimiter = "\n";
  ColumnRoles roles = recognize_roles(columns, options);
  set_columns(format, roles.places, columns.names);
  if (format.time) format.time_unit = columns.samples[format.time->index].unit();
  format.notes = std::move(roles.notes);
  format.reason = fmt::format("Each line is a JSON object; what it holds {}.",
                              options.columns ? "was named" : "is known by its names");
  return format;
}

EventFormat lists(const OpenOptions& options, std::string_view line) {
  EventFormat format;
  format.form = LineForm::lists;
  format.delimiter = options.delimiter ? delimiter_given(*options.delimiter) : delimiter_of_lists(line);
  format.user = {0, "user"};
  format.item = {1, "item"};
  format.reason = fmt::format("Each line is a user and that user's items, separated by {}.",
                              delimiter_for_people(format.delimiter));
  format.notes.emplace_back(
      "The lists have no times: the order of the items in a list is taken for the order in which they were chosen.");
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
  if (form == LineForm::matrix) {
    roles.assign(matrix.empty() ? 0 : matrix.front().index, "-");
    if (!numbered_users) roles[user.index] = to_string(Role::user);
    roles.push_back(none ? fmt::format("matrix({})", *none) : "matrix");
    return roles;
  }
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

std::vector<std::pair<std::string, std::string>> EventFormat::reading() const {
  std::vector<std::pair<std::string, std::string>> options;
  const std::vector<std::string> all = roles();
  const std::size_t last =
      form == LineForm::fields
          ? static_cast<std::size_t>(
                std::find_if(all.rbegin(), all.rend(), [](const auto& role) { return role != "-"; }).base() -
                all.begin())
          : all.size();
  options.emplace_back("columns", join(std::span(all).first(last), ","));
  if (form != LineForm::json) options.emplace_back("delimiter", delimiter_for_option(delimiter));
  const bool fields_of_text = form == LineForm::fields || form == LineForm::matrix;
  if (fields_of_text) options.emplace_back("header", header ? "yes" : "no");
  if (fields_of_text && delimiter.size() == 1 && quotes == Quotes::none) {
    options.emplace_back("quote", "none");
  }
  if (decimal_comma) options.emplace_back("decimal", ",");
  if (time) options.emplace_back("time_unit", to_string(time_unit));
  return options;
}

FileHead head_of(const SourceText& source, const EventFormat& format) {
  FileHead head;
  head.bytes = source.text.size() - without_lines(source.text, format.preamble).size();
  head.lines = format.preamble;
  if (!format.header) return head;
  RecordReader header(source, format.delimiter, format.quotes);
  header.seek(head.bytes, head.lines + 1);
  header.next();
  return {header.position(), header.next_line() - 1, header.blank_lines()};
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

EventFormat recognize_events(const SourceText& whole, const OpenOptions& options) {
  const Preamble preamble = preamble_of(whole.text);
  SourceText source = whole;
  source.text = without_lines(whole.text, preamble.lines);
  const ColumnNames lines = first_lines(source.text, kLinesLookedAt);
  if (lines.empty()) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", source.name),
                "Give a file with an event on each line.");
  }
  require_line_feeds(source);
  EventFormat format;
  if (lists_given(options)) {
    format = lists(options, lines.front());
  } else if (trim(lines.front()).starts_with('{')) {
    format = recognize_json(source, options);
  } else if (!options.columns && !options.delimiter && looks_like_lists(lines)) {
    format = lists(options, lines.front());
  } else {
    EventFormat above;
    if (preamble.remarks > 0) {
      above.notes.push_back(fmt::format("Lines at the beginning of {} that are remarks, and are not read: {}.",
                                        source.name, format_count(preamble.remarks)));
    }
    format = recognize_fields(source, options, std::move(above), preamble.delimiter);
  }
  format.preamble = preamble.lines;
  return format;
}

EventFormat recognize_next(const SourceText& source, const EventFormat& first, const OpenOptions& options) {
  if (first.form != LineForm::fields) return recognize_events(source, options);
  RecordReader reader(source, first.delimiter, first.quotes);
  const Preamble preamble = preamble_of(source.text);
  reader.seek(source.text.size() - without_lines(source.text, preamble.lines).size(), preamble.lines + 1);
  if (!reader.next()) return recognize_events(source, options);
  const ColumnNames names(reader.fields().begin(), reader.fields().end());
  const auto has = [&](const Column& column) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return trim(name) == column.name; });
  };
  const ColumnPlaces named = places_by_name(names);
  const bool header = (first.header && has(first.user) && has(first.item)) || (named[Role::user] && named[Role::item]);
  const bool alike = names.size() >= first.fields && names.size() <= first.fields + first.trailing;
  if (header || (!first.header && !alike)) return recognize_events(source, options);
  EventFormat format = first;
  format.header = false;
  format.preamble = preamble.lines;
  format.notes.clear();
  return format;
}

void apply_options(EventFormat& format, const std::string& name, const OpenOptions& options) {
  if (options.time_unit) format.time_unit = *options.time_unit;
  format.weights = options.weights;
  if (!format.weights.empty() && !format.kind) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} has no column of kinds to be weighed.", name),
                "Name it kind in the option `columns`, or leave the option `weights` out.");
  }
}

}  // namespace gusto
