#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gusto/data/table/column_cells.h"

namespace gusto {

/// What is wrong with a cell.
struct CellProblem {
  std::string sentence;  ///< to follow the place: "\"x\" is not a number"
  std::string hint;
};

/// Reads values in order of rows, as floats.
class ValueReader {
 public:
  explicit ValueReader(const TableColumn& column) : column_(&column), cursor_(column) {}

  void restart() { cursor_.restart(); }
  /// The next `count` values; false if one is null, not finite or beyond what a float holds.
  bool read(std::size_t count, float* values);
  /// What is wrong with a row's value, if anything is.
  std::optional<CellProblem> problem(std::size_t row) const;

 private:
  const TableColumn* column_;
  ColumnCursor cursor_;
};

/// Reads times in order of rows, in seconds since 1970, toward the past.
class TimeReader {
 public:
  explicit TimeReader(const TableColumn& column);

  void restart() { cursor_.restart(); }
  TimeUnit unit() const { return unit_; }
  /// The next `count` times; false if one is null, not finite, or beyond ±kLatestTime.
  bool read(std::size_t count, std::int64_t* times);
  std::optional<CellProblem> problem(std::size_t row) const;

 private:
  const TableColumn* column_;
  TimeUnit unit_;
  ColumnCursor cursor_;
};

}  // namespace gusto
