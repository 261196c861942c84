#include "gusto/data/side/side_format.h"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/column_names.h"
#include "gusto/data/side/kind_sample.h"

namespace gusto {
namespace {

using FieldNames = std::vector<std::string>;

constexpr std::array<std::string_view, 5> kSideDelimiters{"\t", "::", ";", "|", ","};
constexpr std::size_t kDelimiterLines = 100;

Quotes quotes_of(std::string_view delimiter, bool quotes) {
  return quotes && delimiter.size() == 1 ? Quotes::csv : Quotes::none;
}

// The commonest number of fields in the first lines, among those above one, and the share of lines that have it.
struct Evenness {
  double share = 0;
  std::size_t fields = 0;
  auto operator<=>(const Evenness&) const = default;
};

// Quotation marks that make no sense are left for the reader to complain about.
Evenness evenness(const SourceText& source, std::string_view delimiter, bool quotes) {
  std::map<std::size_t, std::size_t> lines_of;
  std::size_t lines = 0;
  try {
    RecordReader reader(source, delimiter, quotes_of(delimiter, quotes));
    for (; lines < kDelimiterLines && reader.next(); ++lines) ++lines_of[reader.fields().size()];
  } catch (const Error&) {
    ++lines;
  }
  lines_of.erase(1);
  Evenness best;
  for (const auto& [fields, own] : lines_of) {
    best = std::max(best, Evenness{static_cast<double>(own) / static_cast<double>(lines), fields});
  }
  return best;
}

std::string recognize_side_delimiter(const SourceText& source, bool quotes) {
  std::string_view best;
  Evenness most;
  for (const std::string_view delimiter : kSideDelimiters) {
    const Evenness own = evenness(source, delimiter, quotes);
    if (!(most < own)) continue;
    most = own;
    best = delimiter;
  }
  if (!best.empty()) return std::string(best);
  if (evenness(source, " ", quotes).share == 1) return " ";
  const std::string_view first = source.text.substr(0, source.text.find_first_of("\r\n"));
  throw Error(ErrorCode::invalid_input,
              fmt::format("{}, line 1: no delimiter is recognized in {}.", source.name, quote(first)),
              "Separate fields by tabs, \"::\", \";\", \"|\", \",\" or blanks.");
}

std::vector<KindSample> take_sample(const SourceText& source, const SideFormat& format, std::size_t columns,
                                    bool header) {
  std::vector<KindSample> samples(columns);
  RecordReader reader(source, format.delimiter, format.quotes);
  if (header) reader.next();
  for (std::size_t r = 0; r < kSampleRecords && reader.next(); ++r) {
    const auto fields = reader.fields();
    if (fields.size() != columns) continue;  // the reader complains later
    const std::string_view id = trim(fields[format.id]);
    for (std::size_t c = 0; c < columns; ++c) samples[c].add(id, fields[c]);
  }
  return samples;
}

// Whether a header calls a column so that it holds the ids of that side.
bool names_ids(std::string_view name, Side side) {
  if (to_lower(name_without_type(name)) == "id") return true;
  return role_of_name(name) == (side == Side::users ? ColumnRole::user : ColumnRole::item);
}

std::optional<std::size_t> find_ids(const FieldNames& header, Side side) {
  std::optional<std::size_t> id;
  for (std::size_t c = 0; c < header.size(); ++c) {
    if (!names_ids(header[c], side)) continue;
    // "movieId" tells more than "id".
    if (!id || to_lower(name_without_type(header[*id])) == "id") id = c;
  }
  for (std::size_t c = 0; c < header.size() && !id; ++c) {
    if (likely_role_of_name(header[c]) == (side == Side::users ? ColumnRole::user : ColumnRole::item)) id = c;
  }
  return id;
}

std::optional<std::size_t> find_column(const FieldNames& header, std::string_view name) {
  for (const bool exactly : {true, false}) {
    for (std::size_t c = 0; c < header.size(); ++c) {
      const std::string_view own = name_without_type(header[c]);
      if (exactly ? own == name : to_lower(own) == to_lower(name)) return c;
    }
  }
  return std::nullopt;
}

// Whether the first line, of a file whose lines hold an id at that place, cannot be a record.
bool begins_with_header(const SourceText& source, const SideFormat& format, const FieldNames& first,
                        std::size_t columns, Side side) {
  // A header may be divided otherwise than the lines below it: "movieID directorID<tab>directorName".
  const std::string_view at_id = format.id < first.size() ? trim(first[format.id]) : std::string_view();
  if (names_ids(at_id.substr(0, at_id.find_first_of(" \t")), side)) return true;
  if (first.size() != columns) return false;
  const std::vector<KindSample> below = take_sample(source, format, columns, true);
  for (std::size_t c = 0; c < columns; ++c) {
    const std::string_view name = trim(first[c]);
    if (below[c].all_numbers() && !is_missing(name) && !parse_real(name)) return true;
  }
  return false;
}

[[noreturn]] void fail_first_line(const SourceText& source, const std::string& problem, std::string hint) {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: {}.", source.name, problem), std::move(hint));
}

FieldNames first_record(const SourceText& source, const SideFormat& format) {
  RecordReader reader(source, format.delimiter, format.quotes);
  reader.next();
  return {reader.fields().begin(), reader.fields().end()};
}

std::string listed(const FieldNames& names) { return quote(join(names, ", ")); }

// Columns that a list names in order.
void place_in_order(const SourceText& source, const FileTypes& types, const FieldNames& first, std::size_t columns,
                    Side side, SideFormat& format) {
  if (types.columns.size() > columns) {
    fail_first_line(
        source, fmt::format("the lines have {} fields, fewer than the {} columns named", columns, types.columns.size()),
        "Name a column for each field, and write - for one that is not read.");
  }
  format.columns = types.columns;
  while (format.columns.size() < columns) format.columns.push_back({"-", "-", ColumnUse::skip, {}, "|"});
  const auto is_id = [](const ColumnType& type) { return type.use == ColumnUse::id; };
  const auto id = std::find_if(format.columns.begin(), format.columns.end(), is_id);
  format.id = static_cast<std::size_t>(id - format.columns.begin());
  format.header = begins_with_header(source, format, first, columns, side);
}

// The kind that RecBole writes behind a column's name, if it does.
void set_type_of_recbole(std::string_view name, ColumnType& type) {
  constexpr std::array<std::pair<std::string_view, FeatureKind>, 3> kTypes{
      {{":token", FeatureKind::categorical}, {":token_seq", FeatureKind::multi}, {":float", FeatureKind::number}}};
  for (const auto& [ending, kind] : kTypes) {
    if (!name.ends_with(ending)) continue;
    type.use = ColumnUse::feature;
    type.kind = kind;
    if (kind == FeatureKind::multi) type.separator = " ";
  }
}

// A column of the items whose name says that it holds titles; how well, where there are several.
std::optional<std::size_t> find_titles(const SideFormat& format, const FileTypes* types) {
  constexpr std::array<std::string_view, 18> kTitles{
      "title",     "name",       "itemtitle", "itemname",     "movietitle",  "moviename",
      "filmtitle", "booktitle",  "bookname",  "producttitle", "productname", "songtitle",
      "songname",  "tracktitle", "trackname", "artistname",   "gametitle",   "gamename"};
  for (const std::string_view title : kTitles) {
    for (std::size_t c = 0; c < format.columns.size(); ++c) {
      const ColumnType& type = format.columns[c];
      if (type.use && type.use != ColumnUse::feature) continue;
      std::string name = to_lower(type.column);
      std::erase_if(name, [](char letter) { return letter == '_' || letter == '-' || letter == ' '; });
      const bool said =
          types != nullptr && std::any_of(types->columns.begin(), types->columns.end(),
                                          [&](const auto& own) { return own.column == type.column && own.kind; });
      if (name == title && !said) return c;
    }
  }
  return std::nullopt;
}

// Columns that the header names; types by name change some.
void place_by_name(const SourceText& source, const FileTypes* types, const FieldNames& first, Side side,
                   SideFormat& format) {
  std::set<std::string> names;
  for (const std::string& field : first) {
    const std::string name(name_without_type(field));
    format.columns.push_back({name, name, {}, {}, "|"});
    // A column without a name, or pandas' own for such, is the numbering that some programs write.
    if (name.empty() || name.starts_with("Unnamed: ")) format.columns.back().use = ColumnUse::skip;
    if (!name.empty() && !names.insert(name).second) {
      fail_first_line(
          source, fmt::format("two columns are named {}", quote(name)),
          "Rename one, or name all columns in order with the option `feature_types`, such as \"id, title, -\".");
    }
  }
  std::optional<std::size_t> id;
  for (const ColumnType& type : types != nullptr ? types->columns : std::vector<ColumnType>()) {
    const std::optional<std::size_t> place = find_column(first, type.column);
    if (!place) continue;  // of another file; that it is of none is found where all are known
    format.columns[*place] = type;
    if (type.use == ColumnUse::id) id = place;
  }
  if (!id) {
    id = find_ids(first, side);
    if (id && format.columns[*id].use) id.reset();
  }
  if (!id && !format.columns.front().use) id = 0;
  if (!id) {
    fail_first_line(source, fmt::format("the header {} names no column known to hold the ids", listed(first)),
                    "Say which one does with the option `feature_types`, for example \"code=id\".");
  }
  format.id = *id;
  format.columns[format.id].use = ColumnUse::id;
  for (std::size_t c = 0; c < first.size(); ++c) {
    if (!format.columns[c].use) set_type_of_recbole(trim(first[c]), format.columns[c]);
  }
}

}  // namespace

SideFormat recognize_side(const SourceText& source, Side side, const FileTypes* types, bool quotes) {
  SideFormat format;
  if (trim(source.text).empty()) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", source.name),
                fmt::format("Give a file with an id of the {} on each line.", to_string(side)));
  }
  require_line_feeds(source);
  format.delimiter = recognize_side_delimiter(source, quotes);
  format.quotes = quotes_of(format.delimiter, quotes);
  const FieldNames first = first_record(source, format);
  const std::size_t columns = evenness(source, format.delimiter, quotes).fields;

  if (types != nullptr && types->in_order) {
    place_in_order(source, *types, first, columns, side, format);
  } else {
    const bool named =
        types != nullptr && std::any_of(types->columns.begin(), types->columns.end(),
                                        [&](const auto& type) { return find_column(first, type.column).has_value(); });
    format.header = named || find_ids(first, side) || begins_with_header(source, format, first, columns, side);
    if (!format.header) {
      fail_first_line(source, fmt::format("no header says what the {} columns are", columns),
                      "Name them in order with the option `feature_types`, such as \"id, title=text, -, year\".");
    }
    if (first.size() != columns) {
      fail_first_line(source, fmt::format("the header has {} fields, and the lines below it {}", first.size(), columns),
                      "Correct it, or name the columns in order with the option `feature_types`, such as \"id, "
                      "title=text, -, year\".");
    }
    place_by_name(source, types, first, side, format);
  }

  if (side == Side::items) format.title = find_titles(format, types);
  if (format.title) {
    format.columns[*format.title].use = ColumnUse::feature;
    format.columns[*format.title].kind = FeatureKind::text;
  }
  const std::vector<KindSample> samples = take_sample(source, format, columns, format.header);
  for (std::size_t c = 0; c < columns; ++c) {
    ColumnType& type = format.columns[c];
    format.places.push_back({c, type.use == ColumnUse::id && types != nullptr && types->in_order ? "id" : type.column});
    format.recognized.push_back(!type.use);
    if (type.use) continue;
    type.use = ColumnUse::feature;
    type.kind = samples[c].kind(type.name);
  }
  return format;
}

}  // namespace gusto
