#include "gusto/data/io/event_format.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

enum Role : std::size_t { user, item, value, time, kRoles };
constexpr std::array<std::string_view, kRoles> kRoleNames{"user", "item", "rating", "time"};
using Places = std::array<std::optional<std::size_t>, kRoles>;

// Names in lower case without blanks, "_" and "-": userId, user_id and User-ID are one name.
constexpr std::array<std::pair<std::string_view, Role>, 46> kColumnNames{{
    {"user", user},           {"userid", user},     {"uid", user},       {"reviewer", user},    {"reviewerid", user},
    {"customer", user},       {"customerid", user}, {"visitorid", user}, {"member", user},      {"memberid", user},
    {"person", user},         {"personid", user},   {"item", item},      {"itemid", item},      {"iid", item},
    {"movie", item},          {"movieid", item},    {"film", item},      {"filmid", item},      {"book", item},
    {"bookid", item},         {"isbn", item},       {"product", item},   {"productid", item},   {"asin", item},
    {"song", item},           {"songid", item},     {"track", item},     {"trackid", item},     {"artist", item},
    {"artistid", item},       {"game", item},       {"gameid", item},    {"rating", value},     {"value", value},
    {"score", value},         {"stars", value},     {"weight", value},   {"bookrating", value}, {"plays", value},
    {"playcount", value},     {"time", time},       {"timestamp", time}, {"unixtime", time},    {"unixtimestamp", time},
    {"unixreviewtime", time},
}};

// In order of preference, where several divide the first lines into equally many fields.
constexpr std::array<std::string_view, 5> kDelimiters{"\t", "::", ";", "|", ","};

constexpr std::string_view kNameColumns = "Name the columns, for example --columns user,item,rating,time.";

std::optional<Role> role_of(std::string_view name) {
  std::string plain = to_lower(trim(name));
  plain.erase(std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '_' || c == '-' || c == ' '; }),
              plain.end());
  for (const auto& [known, role] : kColumnNames) {
    if (known == plain) return role;
  }
  return std::nullopt;
}

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

// The first two lines that are not blank; fewer if there are no more.
std::vector<std::string_view> first_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < 2) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(' ') != std::string_view::npos) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The delimiter that divides the first lines into most fields, preferably into equally many.
std::string recognise_delimiter(const SourceText& source, const std::vector<std::string_view>& lines) {
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
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line 1: no delimiter is recognised in {}.", source.name, quote(lines.front())),
                "Say what separates the fields, for example --delimiter space.");
  }
  return std::string(best);
}

Places places_given(const std::vector<std::string>& columns) {
  Places places;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].empty() || columns[c] == "-") continue;
    const std::optional<Role> role = role_of(columns[c]);
    if (!role) {
      throw Error(ErrorCode::invalid_option, fmt::format("The column {} is of no kind known.", quote(columns[c])),
                  "Columns are user, item, rating and time, and - for one that is not read.");
    }
    if (places[*role]) {
      throw Error(ErrorCode::invalid_option, fmt::format("The column {} is named twice.", kRoleNames[*role]),
                  "Name it once, and write - for a column that is not read.");
    }
    places[*role] = c;
  }
  for (Role role : {user, item}) {
    if (!places[role]) {
      throw Error(ErrorCode::invalid_option, fmt::format("The columns given lack {}.", kRoleNames[role]),
                  std::string(kNameColumns));
    }
  }
  return places;
}

using Fields = std::vector<std::string_view>;

std::string listed(const Fields& names) { return quote(fmt::format("{}", fmt::join(names, ", "))); }

Places places_by_name(const Fields& names) {
  Places places;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::optional<Role> role = role_of(names[c]);
    if (role && !places[*role]) places[*role] = c;
  }
  return places;
}

// Whether the first line holds a name where the second holds a number.
bool names_above_numbers(const Places& places, const Fields& first, const Fields& second) {
  const std::optional<std::size_t> place = places[value] ? places[value] : places[time];
  if (!place || *place >= first.size() || *place >= second.size()) return false;
  const std::string_view name = trim(first[*place]);
  return !name.empty() && value_problem(name) == "is not a number" && !parse_value(name) &&
         parse_value(trim(second[*place])).has_value();
}

[[noreturn]] void fail_first_line(const SourceText& source, std::string_view problem) {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: {}.", source.name, problem),
              std::string(kNameColumns));
}

Places places_by_position(const SourceText& source, const Fields& first, const Fields& second) {
  if (first.size() < 2) fail_first_line(source, "the line has 1 field instead of at least a user and an item");
  if (first.size() > kRoles) {
    fail_first_line(source,
                    fmt::format("the line has {} fields, and no header known says what they are", first.size()));
  }
  Places places;
  for (std::size_t c = 0; c < first.size(); ++c) places[c] = c;
  if (names_above_numbers(places, first, second)) {
    fail_first_line(source, fmt::format("the header {} names no column known", listed(first)));
  }
  return places;
}

}  // namespace

std::vector<std::string> EventFormat::roles() const {
  std::vector<std::string> roles(fields, "-");
  roles[user.index] = "user";
  roles[item.index] = "item";
  if (value) roles[value->index] = "rating";
  if (time) roles[time->index] = "time";
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

EventFormat recognise_events(const SourceText& source, const OpenOptions& options) {
  const std::vector<std::string_view> lines = first_lines(source.text);
  if (lines.empty()) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", source.name),
                "Give a file with an event on each line.");
  }
  EventFormat format;
  format.delimiter = options.delimiter ? delimiter_given(*options.delimiter) : recognise_delimiter(source, lines);
  format.quotes = format.delimiter.size() == 1 ? Quotes::csv : Quotes::none;

  RecordReader reader(source, format.delimiter, format.quotes);
  reader.next();
  // A reader of its own, since views of the first record last until next().
  RecordReader after(source, format.delimiter, format.quotes);
  after.next();
  const Fields first(reader.fields().begin(), reader.fields().end());
  const Fields second = after.next() ? Fields(after.fields().begin(), after.fields().end()) : Fields();
  format.fields = first.size();

  const Places named = places_by_name(first);
  Places places;
  std::string by;
  if (options.columns) {
    places = places_given(*options.columns);
    if (options.columns->size() > first.size()) {
      fail_first_line(source, fmt::format("the line has {} fields, fewer than the {} columns named", first.size(),
                                          options.columns->size()));
    }
    format.header = (named[user] && named[item]) || names_above_numbers(places, first, second);
    by = format.header ? "the columns were named, and the header was skipped" : "the columns were named";
  } else if (named[user] || named[item]) {
    places = named;
    format.header = true;
    for (Role role : {user, item}) {
      if (places[role]) continue;
      fail_first_line(source,
                      fmt::format("the header {} has no column known to hold the {}", listed(first), kRoleNames[role]));
    }
    by = "the columns are known by their names in the header";
  } else {
    places = places_by_position(source, first, second);
    by = "there is no header, so that columns go by their order";
  }

  const auto column = [&](Role role) {
    const std::size_t place = *places[role];
    return Column{place, std::string(format.header ? trim(first[place]) : kRoleNames[role])};
  };
  format.user = column(user);
  format.item = column(item);
  if (places[value]) format.value = column(value);
  if (places[time]) format.time = column(time);
  format.reason = fmt::format("Fields are separated by {}; {}.", delimiter_for_people(format.delimiter), by);
  return format;
}

}  // namespace gusto
