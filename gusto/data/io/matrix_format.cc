#include "gusto/data/io/matrix_format.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/column_names.h"
#include "gusto/data/io/column_sample.h"
#include "gusto/data/io/numbers.h"
#include "gusto/data/io/text_shape.h"

namespace gusto {
namespace {

using Cells = std::vector<std::string>;
using Records = std::span<const Cells>;

constexpr std::string_view kMatrix = "matrix";
// Numbers that stand for no value, where all others lie far from them.
constexpr std::array<float, 5> kNoneFar{99, 999, 9999, -99, -999};
constexpr float kFar = 1.9F;
// Events have four columns at most that no header names.
constexpr std::size_t kLeastColumns = 5;
constexpr std::size_t kLeastNamed = 3;

std::optional<float> number_of(std::string_view cell, bool decimal_comma) {
  return decimal_comma ? parse_comma_value(cell) : parse_value(cell);
}

bool is_whole(std::string_view cell) { return parse_integer(cell).has_value(); }

// The columns given: how many stand before the matrix, which of them is the user, and the number that is none.
struct GivenMatrix {
  std::size_t before = 0;
  std::optional<std::size_t> user;
  std::optional<float> none;
};

GivenMatrix given_matrix(const std::vector<std::string>& columns) {
  const auto refuse = [] {
    throw Error(ErrorCode::invalid_option, "The columns of a matrix are a user and then matrix.",
                "Set the option `columns` to user,matrix or, where 99 stands for no value, user,matrix(99); to matrix "
                "where no column holds the users; and write - for a column before them that is not read.");
  };
  GivenMatrix given{columns.size() - 1, {}, {}};
  for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
    if (role_of_name(columns[c]) == ColumnRole::user && !given.user) given.user = c;
    else if (!columns[c].empty() && columns[c] != "-") refuse();
  }
  const std::string_view behind = std::string_view(columns.back()).substr(kMatrix.size());
  if (behind.empty()) return given;
  if (!behind.starts_with('(') || !behind.ends_with(')')) refuse();
  given.none = parse_value(trim(behind.substr(1, behind.size() - 2)));
  if (!given.none) refuse();
  return given;
}

/// The first records of a file that may be a matrix.
class MatrixSample {
 public:
  MatrixSample(Records records, bool decimal_comma) : records_(records), comma_(decimal_comma) {
    for (const Cells& record : records) columns_ = std::max(columns_, record.size());
    const auto empty = [&](const Cells& record) { return cell(record, columns_ - 1).empty(); };
    while (columns_ > 0 && std::all_of(records.begin(), records.end(), empty)) --columns_;
  }

  std::size_t columns() const { return columns_; }
  const Cells& first() const { return records_.front(); }
  // Of the columns; R gives the one of its rows' names none.
  const Cells& names() const { return names_; }
  Records below() const { return records_.subspan(header_ ? 1 : 0); }
  bool header() const { return header_; }
  void set_header(bool header) {
    header_ = header;
    if (!header) return;
    names_ = first();
    if (names_.size() + 1 == columns_) names_.insert(names_.begin(), "");
    names_.resize(columns_);
  }

  // Whether the first record names the columns: it has a name among numbers, or numbers that do not come again where
  // other records lack cells.
  bool begins_with_names() const {
    if (records_.size() < 2) return false;
    const auto own = [](const std::string& cell) {
      return !is_none_cell(cell) && !parse_value(cell) && !parse_comma_value(cell);
    };
    const auto name = std::find_if(first().begin() + 1, first().end(), own);
    if (name != first().end()) return true;
    const std::set<std::string> different(first().begin(), first().end());
    const bool corner = first().front().empty() || own(first().front());
    return corner && different.size() == first().size() &&
           std::all_of(first().begin() + 1, first().end(), [](const std::string& cell) { return is_whole(cell); });
  }

  std::string_view cell(const Cells& record, std::size_t c) const {
    return c < record.size() ? std::string_view(record[c]) : std::string_view();
  }
  bool numbers_only(std::size_t begin) const {
    return std::all_of(below().begin(), below().end(), [&](const Cells& record) {
      for (std::size_t c = begin; c < record.size(); ++c) {
        if (!is_none_cell(record[c]) && !number_of(record[c], comma_)) return false;
      }
      return true;
    });
  }

  // Calls body(value) for each cell from a column on, of nothing for none.
  template <class Body>
  void each(std::size_t begin, Body body) const {
    for (const Cells& record : below()) {
      for (std::size_t c = begin; c < columns_; ++c) body(number_of(cell(record, c), comma_));
    }
  }

  // The number that stands for no value.
  std::optional<float> none(std::size_t begin) const {
    std::set<float> values;
    bool empty = false;
    each(begin, [&](std::optional<float> value) {
      empty = empty || !value;
      if (value) values.insert(*value);
    });
    for (const float far : kNoneFar) {
      std::set<float> others = values;
      if (others.erase(far) == 0 || others.empty()) continue;
      const float least = *others.begin(), greatest = *others.rbegin();
      if (far > 0 ? kFar * greatest < far : kFar * least > far) return far;
    }
    if (empty || values.size() < 2) return std::nullopt;
    // Dislikes and likes are -1 and 1, with 0 between them.
    const bool likes = values == std::set<float>{-1, 0, 1};
    if (*values.begin() == -1 && !likes) return -1.0F;
    if (*values.begin() == 0 || likes) return 0.0F;
    return std::nullopt;
  }
  // How many columns lack a value somewhere.
  std::size_t lacking(std::size_t begin, std::optional<float> none) const {
    std::size_t count = 0;
    for (std::size_t c = begin; c < columns_; ++c) {
      count += std::any_of(below().begin(), below().end(), [&](const Cells& record) {
        const auto value = number_of(cell(record, c), comma_);
        return !value || value == none;
      });
    }
    return count;
  }
  bool holds_times(std::size_t c) const {
    ColumnSample times;
    for (const Cells& record : below()) times.add(cell(record, c));
    return times.all_plausible_times();
  }

  bool counts_others(std::size_t c, std::optional<float> none) const {
    return below().size() > 2 && std::all_of(below().begin(), below().end(), [&](const Cells& record) {
             std::size_t values = 0;
             for (std::size_t other = c + 1; other < record.size(); ++other) {
               const auto value = number_of(record[other], comma_);
               if (value && value != none) ++values;
             }
             return parse_integer(cell(record, c)) == static_cast<std::int64_t>(values);
           });
  }
  bool tells_users(std::size_t c, std::optional<float> none = {}) const {
    std::set<std::string_view> ids;
    bool whole = true;
    std::int64_t greatest = 0;
    for (const Cells& record : below()) {
      const std::string_view id = cell(record, c);
      if (id.empty() || !ids.insert(id).second) return false;
      const auto number = parse_integer(id);
      whole = whole && number.has_value();
      greatest = std::max(greatest, number.value_or(0));
    }
    if (!whole) return !number_of(*ids.begin(), comma_).has_value();
    float most = 0;
    each(c + 1, [&](std::optional<float> value) {
      if (value != none) most = std::max(most, value.value_or(0));
    });
    const bool count = ids.contains("1") && greatest == static_cast<std::int64_t>(ids.size());
    const bool from_0 = ids.contains("0") && greatest + 1 == static_cast<std::int64_t>(ids.size());
    return count || from_0 || static_cast<float>(greatest) > most;
  }

 private:
  Records records_;
  bool comma_;
  bool header_ = false;
  Cells names_;
  std::size_t columns_ = 0;
};

// Where a header says that its columns are users and then items; the first of these.
std::optional<std::size_t> items_below_names(const MatrixSample& sample, std::optional<std::size_t>& user) {
  const Cells& names = sample.names();
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto role = role_of_name(names[c]), likely = likely_role_of_name(names[c]);
    if (!user && c < 2 && (role == ColumnRole::user || likely == ColumnRole::user)) user = c;
    else if (role || likely || names_other_numbers(names[c])) return std::nullopt;
  }
  if (!user && (names_index(names.front()) || sample.tells_users(0, sample.none(1)))) user = 0;
  return user ? *user + 1 : 0;
}

bool seems_matrix(const MatrixSample& sample, std::size_t first) {
  if (sample.below().empty() || sample.columns() < first + 2 || !sample.numbers_only(first)) return false;
  const std::size_t items = sample.columns() - first, lacking = sample.lacking(first, sample.none(first));
  const bool sparse = lacking >= 2 && 2 * lacking >= items;
  for (std::size_t c = first; c < sample.columns(); ++c) {
    if (sample.holds_times(c)) return false;
  }
  if (!sample.header()) return sparse && sample.columns() >= kLeastColumns;
  const bool numbered = std::all_of(sample.names().begin() + static_cast<std::ptrdiff_t>(first), sample.names().end(),
                                    [](const std::string& name) { return is_whole(name); });
  return numbered ? sparse || items >= kLeastColumns : sparse && items >= kLeastNamed;
}

std::string text_of(const EventFormat& format, bool skipped) {
  const std::string users =
      format.numbered_users ? "the lines are the users 1, 2, 3 …" : "the first column names users";
  return fmt::format("a line is a user, a column an item{}; {}{}",
                     format.none ? fmt::format(", and {} no value", *format.none) : std::string(), users,
                     skipped ? ", and the column that counts their values is skipped" : "");
}

}  // namespace

bool is_none_cell(std::string_view cell) {
  if (cell.empty() || cell == "\\N" || cell == "-" || cell == "?") return true;
  if (cell.size() > 4) return false;
  const std::string lower = to_lower(cell);
  return lower == "na" || lower == "n/a" || lower == "nan" || lower == "null" || lower == "none";
}

bool matrix_given(const OpenOptions& options) {
  if (!options.columns || options.columns->empty()) return false;
  const std::string_view last = options.columns->back();
  return last == kMatrix || last.starts_with("matrix(");
}

std::optional<EventFormat> recognize_matrix(const std::string& file, EventFormat format, Records records,
                                            const OpenOptions& options) {
  const bool given = matrix_given(options);
  MatrixSample sample(records, options.decimal_comma);
  sample.set_header(options.header.value_or(sample.begins_with_names()));
  std::optional<std::size_t> user;
  std::size_t first = 0;
  bool skipped = false;  // whether the first column counts values
  if (given) {
    const GivenMatrix matrix = given_matrix(*options.columns);
    first = matrix.before;
    user = matrix.user;
    format.none = matrix.none;
  } else if (sample.header()) {
    const auto items = items_below_names(sample, user);
    if (!items || !seems_matrix(sample, *items)) return std::nullopt;
    first = *items;
    format.none = sample.none(first);
  } else {
    if (!seems_matrix(sample, 1)) return std::nullopt;
    format.none = sample.none(1);
    skipped = sample.counts_others(0, format.none);
    if (!skipped && sample.tells_users(0, format.none)) user = 0;
    first = skipped || user ? 1 : 0;
    if (first == 0 && !sample.numbers_only(0)) return std::nullopt;
  }
  format.form = LineForm::matrix;
  format.header = sample.header();
  format.fields = sample.columns();
  format.numbered_users = !user;
  format.user = {user.value_or(0), "user"};
  for (std::size_t c = first; c < format.fields; ++c) {
    const bool named = format.header && !sample.names()[c].empty();
    format.matrix.push_back({c, named ? sample.names()[c] : fmt::format("{}", c - first + 1)});
  }
  format.reason =
      fmt::format("Fields are separated by {}; {}.", delimiter_for_people(format.delimiter), text_of(format, skipped));
  if (!given) {
    format.notes.push_back(
        fmt::format("{} is taken for a matrix: {}. If it is none, name the columns with the option `columns`.", file,
                    text_of(format, skipped)));
  }
  return format;
}

}  // namespace gusto
