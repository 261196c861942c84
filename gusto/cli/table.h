#pragma once

/// Tables for people: aligned columns, a rule below the head, as wide as the terminal at most; in files whole.

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
  cut,   ///< cells are shortened with "…", on a terminal
  wrap,  ///< cells go on in further lines
};

struct Column {
  std::string head;  ///< may have several lines
  Align align = Align::left;
  Overflow overflow = Overflow::keep;
  int spare = 0;  ///< where a terminal is too narrow, columns of the highest number are left out first; 0: never
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

  /// One cell a column; missing ones are empty. Text is made harmless(), but for line ends of cells that wrap.
  void add(std::vector<Cell> cells);

  /// Lines that each end in a newline. Columns that may shrink do so, the widest first, until the table fits; before
  /// they get narrow, columns that can be spared are left out. Prose is never wider than a paragraph.
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::size_t> whole_widths() const;
  std::vector<std::size_t> widths(const Terminal& terminal, const std::vector<bool>& shown) const;
  std::vector<bool> shown_columns(const Terminal& terminal) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace gusto::cli
