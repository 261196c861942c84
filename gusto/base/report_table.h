#pragma once

/// What reports are made of: tables whose cells keep their types, and labeled lines. No widths, colors or markup: a
/// terminal, an HTML page and Python each lay them out their own way.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gusto {

/// How many of something.
struct CountCell {
  std::uint64_t value = 0;
};
/// A metric's value, with its standard error where that is told.
struct ValueCell {
  double mean = 0;
  std::optional<double> stderr_{};
};
/// How far a metric lies from the best model's, and whether that is more than chance explains.
struct GapCell {
  double mean = 0;
  bool distinguishable = false;
};
struct IntervalCell {
  double low = 0;
  double high = 0;
};
struct SecondsCell {
  double seconds = 0;
};
/// A share, from 0 to 1.
struct ShareCell {
  double value = 0;
};
/// A day in UTC, by any of its seconds since 1970.
struct DayCell {
  std::int64_t time = 0;
};

/// Nothing, text, or a number with its meaning.
using ReportCell = std::variant<std::monostate, std::string, CountCell, ValueCell, GapCell, IntervalCell, SecondsCell,
                                ShareCell, DayCell>;

struct ReportColumn {
  enum class Kind {
    text,
    label,     ///< says what the row is about, and may be long
    number,    ///< of any kind
    estimate,  ///< metric values with standard errors; the head is the metric's name
    mean,      ///< metric values without; the head is the metric's name
  };
  std::string head;  ///< line breaks in it are spaces, where a narrow column would break
  Kind kind = Kind::text;
  int spare = 0;  ///< where there is no room for all, columns of the highest number are left out first; 0: never
};

struct ReportRow {
  enum class Tone { plain, best, tied } tone = Tone::plain;  ///< tied: not distinguishable from the best
  std::vector<ReportCell> cells;                             ///< one a column; missing ones are empty
};

struct ReportTable {
  std::string title{};  ///< may be empty
  std::vector<ReportColumn> columns;
  std::vector<ReportRow> rows{};
};

/// A line of a list: what it is about, and a sentence on it. Without a label it goes on with the line before.
struct ReportEntry {
  std::string label;
  std::string text;
};

}  // namespace gusto
