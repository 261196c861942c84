#include "gusto/cli/data_report.h"

#include <algorithm>
#include <cstddef>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/report_layout.h"
#include "gusto/data/data_report.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kValueBar = 40;
constexpr std::size_t kTailBar = 20;

std::string lay_out_values(const ValueChart& chart, const Terminal& terminal) {
  std::size_t width = 0;
  std::size_t count_width = 0;
  for (const ValueChart::Bar& row : chart.bars) {
    width = std::max(width, fmt::format("{:g}", row.value).size());
    count_width = std::max(count_width, format_count(row.events).size());
  }
  std::string text = paint(terminal, Style::bold, chart.title) + "\n";
  for (const ValueChart::Bar& row : chart.bars) {
    const std::string drawn = bar(static_cast<double>(row.events) / static_cast<double>(chart.most), kValueBar);
    text += fmt::format("  {:>{}g}  {}  {} {:>5.1f} %\n", row.value, width,
                        paint(terminal, Style::accent, pad_right(drawn, kValueBar)),
                        pad_left(format_count(row.events), count_width),
                        100 * static_cast<double>(row.events) / static_cast<double>(chart.events));
  }
  return text;
}

std::string lay_out_tail(const TailChart& chart, const Terminal& terminal) {
  std::string text = paint(terminal, Style::bold, chart.title) + "\n";
  for (const TailChart::Bar& row : chart.bars) {
    text += fmt::format("  {}  {}\n", row.text, paint(terminal, Style::accent, bar(row.share, kTailBar)));
  }
  return text + fmt::format("  {}\n", chart.note);
}

}  // namespace

std::string describe_source(const SourceReport& report, const Terminal& terminal) {
  return lay_out(report_source(report), terminal);
}

std::string describe_data(const Dataset& data, const Terminal& terminal) {
  const DataReport report = report_data(data);
  std::string text = lay_out(report.entries, terminal);
  if (report.values) text += "\n" + lay_out_values(*report.values, terminal);
  text += "\n" + lay_out_tail(report.tail, terminal);
  if (report.features) text += "\n" + lay_out(*report.features, terminal, Overflow::cut);
  return text;
}

}  // namespace gusto::cli
