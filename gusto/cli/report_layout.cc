#include "gusto/cli/report_layout.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

using Kind = ReportColumn::Kind;

constexpr std::size_t kEntryLabel = 12;

/// ".8450", "1.0472", "-.0031": four decimals, and no zero before the point, which leaves room in 80 columns.
std::string figure(double value) {
  std::string text = fmt::format("{:.4f}", std::abs(value));
  if (text.starts_with("0.")) text.erase(0, 1);
  return value < 0 && text != ".0000" ? "-" + text : text;
}

std::string signed_figure(double value) {
  const std::string text = figure(value);
  return text.starts_with("-") ? text : "+" + text;
}

struct CellText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(CountCell count) const { return format_count(count.value); }
  std::string operator()(const ValueCell& value) const {
    return value.stderr_ ? fmt::format("{} ±{}", figure(value.mean), figure(*value.stderr_)) : figure(value.mean);
  }
  std::string operator()(GapCell gap) const { return (gap.distinguishable ? "" : "≈") + signed_figure(gap.mean); }
  std::string operator()(IntervalCell interval) const {
    return signed_figure(interval.low) + "…" + signed_figure(interval.high);
  }
  std::string operator()(SecondsCell time) const {
    return fmt::format("{:.{}f}", time.seconds, time.seconds < 10 ? 2 : time.seconds < 100 ? 1 : 0);
  }
  std::string operator()(ShareCell share) const { return fmt::format("{:.1f} %", 100 * share.value); }
  std::string operator()(DayCell day) const { return format_time(day.time).substr(0, 10); }
};

/// A metric's name in lines of at most that many characters, where hyphens allow it, so that columns are narrow.
std::string broken(std::string_view name, std::size_t width) {
  std::string text;
  std::size_t line = 0;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, std::min(name.find('-'), name.size() - 1) + 1);
    name.remove_prefix(part.size());
    if (line > 0 && line + part.size() > width) {
      text += '\n';
      line = 0;
    }
    text += part;
    line += part.size();
  }
  return text;
}

Column column_of(const ReportColumn& column, Overflow labels) {
  constexpr std::size_t kEstimateWidth = 12, kMeanWidth = 1;  // a mean's column is as narrow as its name allows
  switch (column.kind) {
    case Kind::text: return {column.head, Align::left, Overflow::keep, column.spare};
    case Kind::label: return {column.head, Align::left, labels, column.spare};
    case Kind::number: return {column.head, Align::right, Overflow::keep, column.spare};
    case Kind::estimate: return {broken(column.head, kEstimateWidth), Align::right, Overflow::keep, column.spare};
    case Kind::mean: return {broken(column.head, kMeanWidth), Align::right, Overflow::keep, column.spare};
  }
  return {column.head};
}

Style style_of(ReportRow::Tone tone) {
  switch (tone) {
    case ReportRow::Tone::plain: return Style::plain;
    case ReportRow::Tone::best: return Style::good;
    case ReportRow::Tone::tied: return Style::warn;
  }
  return Style::plain;
}

/// The table's columns [begin, end), after its first one.
std::string columns_text(const ReportTable& table, std::size_t begin, std::size_t end, const Terminal& terminal,
                         Overflow labels) {
  std::vector<Column> columns{column_of(table.columns.front(), labels)};
  for (std::size_t c = begin; c < end; ++c) columns.push_back(column_of(table.columns[c], labels));
  Table drawn(std::move(columns));
  for (const ReportRow& row : table.rows) {
    const auto cell = [&](std::size_t c) {
      return Cell(c < row.cells.size() ? std::visit(CellText{}, row.cells[c]) : std::string(), style_of(row.tone));
    };
    std::vector<Cell> cells{cell(0)};
    for (std::size_t c = begin; c < end; ++c) cells.push_back(cell(c));
    drawn.add(std::move(cells));
  }
  return drawn.render(terminal);
}

/// Where the columns of means from `begin` on are too many for the width; at least one more than that.
std::size_t fitting_end(const ReportTable& table, std::size_t begin, const Terminal& terminal) {
  constexpr std::size_t kMeanWidth = 6;
  const std::size_t limit = terminal.interactive ? terminal.columns : terminal.width;
  std::size_t width = table.columns.front().head.size();
  for (const ReportRow& row : table.rows) {
    const std::string label = std::visit(CellText{}, row.cells.front());
    width = std::max(width, display_width(label));
  }
  std::size_t end = begin;
  for (; end < table.columns.size(); ++end) {
    std::size_t column = kMeanWidth;
    const std::string head = column_of(table.columns[end], Overflow::keep).head;
    for (const std::string_view line : split(head, "\n")) column = std::max(column, line.size());
    width += 2 + column;
    if (end > begin && width > limit) break;
  }
  return end;
}

}  // namespace

std::string lay_out(const ReportTable& table, const Terminal& terminal, Overflow labels) {
  std::string text;
  if (!table.title.empty()) text = paint(terminal, Style::bold, table.title) + "\n";
  const bool means = table.columns.back().kind == Kind::mean;
  for (std::size_t begin = 1; begin < table.columns.size();) {
    const std::size_t end = means ? fitting_end(table, begin, terminal) : table.columns.size();
    text += columns_text(table, begin, end, terminal, labels);
    begin = end;
  }
  return text;
}

std::string lay_out(std::span<const ReportEntry> entries, const Terminal& terminal) {
  std::string text;
  for (const ReportEntry& entry : entries) {
    std::string head = paint(terminal, Style::bold, pad_right(entry.label, kEntryLabel));
    for (const std::string& line : wrap(entry.text, terminal.width - kEntryLabel)) {
      text += head + harmless(line) + "\n";
      head = std::string(kEntryLabel, ' ');
    }
  }
  return text;
}

std::string paragraph(std::string_view text, const Terminal& terminal, Style style) {
  std::string result;
  if (text.empty()) return result;
  for (const std::string& line : wrap(text, terminal.width)) result += paint(terminal, style, harmless(line)) + '\n';
  return result;
}

}  // namespace gusto::cli
