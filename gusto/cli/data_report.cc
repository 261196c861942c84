#include "gusto/cli/data_report.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/flag_names.h"
#include "gusto/cli/report_layout.h"
#include "gusto/data/data_report.h"
#include "gusto/data/io/reading_texts.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kValueBar = 40;
constexpr std::size_t kTailBar = 20;
constexpr std::size_t kCommandWidth = 66;

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

// As a shell takes it for one word.
std::string in_shell(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string describe_source(const SourceReport& report, const Terminal& terminal) {
  std::vector<ReportEntry> entries = report_source(report);
  for (ReportEntry& entry : entries) entry.text = with_flags(entry.text);
  return lay_out(entries, terminal);
}

std::string describe_command(const SourceReport& report, const DataRecipe& data, const Terminal& terminal) {
  if (report.reading.empty()) return "";
  std::vector<std::string> parts;
  const auto add = [&](std::string_view option, const std::string& text) {
    parts.push_back(fmt::format("{} {}", flag_of(option), in_shell(text)));
  };
  for (const auto& [option, text] : report.reading) add(option, text);
  for (const auto& [option, text] : kReadingTexts) {
    const bool there = std::any_of(report.reading.begin(), report.reading.end(),
                                   [&, name = option](const auto& known) { return known.first == name; });
    if (!there && !(data.reading.*text).empty()) add(option, data.reading.*text);
  }
  if (data.reading.skip_bad_lines) parts.emplace_back("--skip-bad-lines");
  std::vector<ReportEntry> entries{{"command", fmt::format("gusto inspect {}", in_shell(data.name))}};
  for (const std::string& part : parts) {
    std::string& line = entries.back().text;
    if (line.size() + part.size() + 3 <= kCommandWidth) {
      line += " " + part;
    } else {
      line += " \\";
      entries.push_back({"", part});
    }
  }
  return lay_out(entries, terminal);
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
