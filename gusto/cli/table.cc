#include "gusto/cli/table.h"

#include <algorithm>
#include <utility>

#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 6;
constexpr std::size_t kReadable = 24;  // columns that can be spared go before others get narrower than this
constexpr std::size_t kProse = 30;     // what is written out needs as much

std::size_t head_width(std::string_view head) {
  std::size_t width = 0;
  for (const std::string_view line : split(head, "\n")) width = std::max(width, display_width(line));
  return width;
}

std::size_t total_width(const std::vector<std::size_t>& widths, const std::vector<bool>& shown) {
  std::size_t total = 0, count = 0;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (!shown[c]) continue;
    total += widths[c];
    ++count;
  }
  return total + kGap * (std::max<std::size_t>(count, 1) - 1);
}

std::vector<std::string> lines_of(const Column& column, std::string_view text, std::size_t width) {
  if (column.overflow == Overflow::wrap) return wrap(text, width);
  return {shorten(text, width)};
}

}  // namespace

void Table::add(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (columns_[c].overflow != Overflow::wrap) {
      cells[c].text = harmless(cells[c].text);
      continue;
    }
    std::vector<std::string> lines;
    for (const std::string_view line : split(cells[c].text, "\n")) lines.push_back(harmless(line));
    cells[c].text = join(lines, "\n");
  }
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::whole_widths() const {
  std::vector<std::size_t> result;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = head_width(columns_[c].head);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c].text));
    result.push_back(width);
  }
  return result;
}

std::vector<std::size_t> Table::widths(const Terminal& terminal, const std::vector<bool>& shown) const {
  std::vector<std::size_t> result = whole_widths();
  std::size_t total = total_width(result, shown);
  const auto shrink = [&](std::size_t limit, std::size_t narrowest, auto&& may) {
    while (total > limit) {
      std::size_t widest = columns_.size();
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (!shown[c] || !may(columns_[c].overflow) || result[c] <= narrowest) continue;
        if (widest == columns_.size() || result[c] > result[widest]) widest = c;
      }
      if (widest == columns_.size()) return;
      --result[widest];
      --total;
    }
  };
  shrink(terminal.width, kProse, [](Overflow overflow) { return overflow == Overflow::wrap; });
  shrink(terminal.columns, kNarrowest, [](Overflow overflow) { return overflow != Overflow::keep; });
  return result;
}

std::vector<bool> Table::shown_columns(const Terminal& terminal) const {
  const std::vector<std::size_t> whole = whole_widths();
  std::vector<bool> shown(columns_.size(), true);
  while (true) {
    const std::vector<std::size_t> width = widths(terminal, shown);
    bool comfortable = total_width(width, shown) <= terminal.columns;
    std::size_t least = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (!shown[c]) continue;
      comfortable = comfortable && width[c] >= std::min(whole[c], kReadable);
      if (columns_[c].spare > (least == columns_.size() ? 0 : columns_[least].spare)) least = c;
    }
    if (comfortable || least == columns_.size()) return shown;
    shown[least] = false;
  }
}

std::string Table::render(const Terminal& terminal) const {
  if (columns_.empty()) return {};
  const std::vector<bool> shown = shown_columns(terminal);
  const std::vector<std::size_t> width = widths(terminal, shown);
  std::string text;
  const auto put_row = [&](const std::vector<std::vector<std::string>>& lines, const auto& style_of) {
    std::size_t height = 1;
    for (const auto& cell : lines) height = std::max(height, cell.size());
    for (std::size_t h = 0; h < height; ++h) {
      std::string line;
      std::size_t owed = 0;  // spaces not yet written, so that no line ends in spaces
      for (std::size_t c = 0; c < lines.size(); ++c) {
        if (!shown[c]) continue;
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
  for (const Column& column : columns_) {
    head.emplace_back();
    for (const std::string_view line : split(column.head, "\n")) head.back().emplace_back(line);
  }
  put_row(head, [](std::size_t) { return Style::bold; });
  std::string rule;
  for (std::size_t i = 0; i < total_width(width, shown); ++i) rule += "─";
  text += paint(terminal, Style::dim, rule) + '\n';
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> lines;
    for (std::size_t c = 0; c < row.size(); ++c) lines.push_back(lines_of(columns_[c], row[c].text, width[c]));
    put_row(lines, [&](std::size_t c) { return row[c].style; });
  }
  return text;
}

}  // namespace gusto::cli
