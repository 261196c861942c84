#pragma once

/// Tables for people: aligned columns, a rule below the head, never wider than the terminal or 80 columns.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/cli/terminal.h"

namespace gusto::cli {

enum class Align { left, right };

/// What happens to a column when the table would be too wide.
enum class Overflow {
  keep,  ///< never narrower than its cells
  cut,   ///< cells are shortened with "…"
  wrap,  ///< cells go on in further lines
};

struct Column {
  std::string head;  ///< may have several lines
  Align align = Align::left;
  Overflow overflow = Overflow::keep;
};

struct Cell {
  // NOLINTBEGIN(google-explicit-constructor): rows of a table are written as lists of texts
  Cell(std::string text_, Style style_ = Style::plain) : text(std::move(text_)), style(style_) {}
  Cell(const char* text_) : text(text_) {}
  // NOLINTEND(google-explicit-constructor)
  std::string text;
  Style style = Style::plain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column; missing ones are empty.
  void add(std::vector<Cell> cells);

  /// Lines that each end in a newline. Columns that may shrink do so, the widest first, until the table fits.
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::size_t> widths(std::size_t limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace gusto::cli
