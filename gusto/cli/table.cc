#include "gusto/cli/table.h"

#include <algorithm>
#include <utility>

#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 6;

std::size_t head_width(std::string_view head) {
  std::size_t width = 0;
  for (const std::string_view line : split(head, "\n")) width = std::max(width, display_width(line));
  return width;
}

std::vector<std::string> lines_of(const Column& column, std::string_view text, std::size_t width) {
  if (column.overflow == Overflow::wrap) return wrap(text, width);
  return {shorten(text, width)};
}

}  // namespace

void Table::add(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t limit) const {
  std::vector<std::size_t> result;
  std::size_t total = kGap * (columns_.size() - 1);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = head_width(columns_[c].head);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c].text));
    result.push_back(width);
    total += width;
  }
  while (total > limit) {
    std::size_t widest = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].overflow == Overflow::keep || result[c] <= kNarrowest) continue;
      if (widest == columns_.size() || result[c] > result[widest]) widest = c;
    }
    if (widest == columns_.size()) break;
    --result[widest];
    --total;
  }
  return result;
}

std::string Table::render(const Terminal& terminal) const {
  if (columns_.empty()) return {};
  const std::vector<std::size_t> width = widths(terminal.width);
  std::string text;
  const auto put_row = [&](const std::vector<std::vector<std::string>>& lines, const auto& style_of) {
    std::size_t height = 1;
    for (const auto& cell : lines) height = std::max(height, cell.size());
    for (std::size_t h = 0; h < height; ++h) {
      std::string line;
      std::size_t owed = 0;  // spaces not yet written, so that no line ends in spaces
      for (std::size_t c = 0; c < lines.size(); ++c) {
        const std::string part = h < lines[c].size() ? lines[c][h] : std::string();
        const std::size_t columns = display_width(part);
        const std::size_t rest = width[c] > columns ? width[c] - columns : 0;
        const bool right = columns_[c].align == Align::right;
        if (right) owed += rest;
        if (!part.empty()) {
          line.append(owed, ' ').append(paint(terminal, style_of(c), part));
          owed = 0;
        } else {
          owed += columns;
        }
        owed += (right ? 0 : rest) + kGap;
      }
      text += line + '\n';
    }
  };
  std::vector<std::vector<std::string>> head;
  std::size_t total = kGap * (columns_.size() - 1);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    head.emplace_back();
    for (const std::string_view line : split(columns_[c].head, "\n")) head.back().emplace_back(line);
    total += width[c];
  }
  put_row(head, [](std::size_t) { return Style::bold; });
  std::string rule;
  for (std::size_t i = 0; i < total; ++i) rule += "─";
  text += paint(terminal, Style::dim, rule) + '\n';
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> lines;
    for (std::size_t c = 0; c < row.size(); ++c) lines.push_back(lines_of(columns_[c], row[c].text, width[c]));
    put_row(lines, [&](std::size_t c) { return row[c].style; });
  }
  return text;
}

}  // namespace gusto::cli
