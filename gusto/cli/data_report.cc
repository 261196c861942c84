#include "gusto/cli/data_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "gusto/base/text.h"
#include "gusto/cli/table.h"
#include "gusto/data/profile.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kLabel = 12;
constexpr std::size_t kBar = 40;

/// "label       text …", the text wrapped in its own column.
std::string entry(std::string_view label, std::string_view text, const Terminal& terminal) {
  std::string result;
  for (const std::string& line : wrap(text, terminal.width - kLabel)) {
    result += (result.empty() ? paint(terminal, Style::bold, pad_right(label, kLabel)) : std::string(kLabel, ' ')) +
              line + "\n";
  }
  return result;
}

std::string describe_counts(const EventCounts& counts) {
  return fmt::format("{} to {}; half have at most {}, a quarter at most {}; mean {:.1f}", format_count(counts.least),
                     format_count(counts.greatest), format_count(counts.median), format_count(counts.lower_quartile),
                     counts.mean);
}

std::string histogram(const Profile& profile, const Terminal& terminal) {
  std::uint64_t most = 1;
  std::size_t width = 0;
  std::size_t count_width = 0;
  for (const ValueCount& row : profile.values) {
    most = std::max(most, row.events);
    width = std::max(width, fmt::format("{:g}", row.value).size());
    count_width = std::max(count_width, format_count(row.events).size());
  }
  std::string text = "\n" + paint(terminal, Style::bold, fmt::format("Values, mean {:.3f}", profile.mean_value)) + "\n";
  for (const ValueCount& row : profile.values) {
    const std::string drawn = bar(static_cast<double>(row.events) / static_cast<double>(most), kBar);
    text += fmt::format("  {:>{}g}  {}  {} {:>5.1f} %\n", row.value, width,
                        paint(terminal, Style::accent, pad_right(drawn, kBar)),
                        pad_left(format_count(row.events), count_width),
                        100 * static_cast<double>(row.events) / static_cast<double>(profile.events));
  }
  return text;
}

std::string long_tail(const Profile& profile, const Terminal& terminal) {
  std::string text = "\n" + paint(terminal, Style::bold, "Long tail") + "\n";
  for (std::size_t i = 0; i < kTailShares.size(); ++i) {
    const double share = profile.tail.top_shares[i];
    text += fmt::format("  the most popular {:>2.0f} % of items hold {:>5.1f} % of events  {}\n", 100 * kTailShares[i],
                        100 * share, paint(terminal, Style::accent, bar(share, 20)));
  }
  return text + fmt::format("  half of all events fall on {} of {} items; Gini {:.2f}\n",
                            format_count(profile.tail.half_items), format_count(profile.per_item.rows),
                            profile.tail.gini);
}

void add_features(Table& table, std::string_view side, std::span<const FeatureCoverage> fields) {
  for (const FeatureCoverage& field : fields) {
    table.add({Cell(std::string(side)), field.name, std::string(to_string(field.kind)),
               fmt::format("{} of {}", format_count(field.filled), format_count(field.rows)),
               field.distinct > 0 ? format_count(field.distinct) : std::string()});
  }
}

}  // namespace

std::string describe_source(const SourceReport& report, const Terminal& terminal) {
  std::string text;
  if (const auto& file = report.data_file) {
    text += entry("data file",
                  fmt::format("{}: {}, written by gusto {} from these:", file->path, format_bytes(file->bytes),
                              file->engine_version),
                  terminal);
  }
  text += entry("layout", report.layout + ": " + report.reason, terminal);
  for (const SourceFile& file : report.files) {
    text += entry(file.role,
                  fmt::format("{}: {}, {} lines, {} records{}{}", file.path, format_bytes(file.bytes),
                              format_count(file.lines), format_count(file.records),
                              file.blank_lines > 0 ? fmt::format(", {} blank lines skipped", file.blank_lines) : "",
                              file.latin1 ? ", Latin-1 converted to UTF-8" : ""),
                  terminal);
    if (!file.columns.empty()) text += entry("", file.columns, terminal);
  }
  if (!report.columns.empty()) text += entry("columns", fmt::format("{}", fmt::join(report.columns, ", ")), terminal);
  for (const std::string& note : report.notes) text += entry("note", note, terminal);
  return text;
}

std::string describe_data(const Dataset& data, const Terminal& terminal) {
  const Profile profile = make_profile(data);
  std::string text = entry("events",
                           fmt::format("{} of {} users and {} items", format_count(profile.events),
                                       format_count(profile.per_user.rows), format_count(profile.per_item.rows)),
                           terminal);
  text += entry("sparsity", fmt::format("{:.2f} % of all pairs of them have no event", 100 * (1 - profile.density)),
                terminal);
  text += entry("per user", describe_counts(profile.per_user), terminal);
  text += entry("per item", describe_counts(profile.per_item), terminal);
  if (profile.first_time && profile.last_time) {
    text +=
        entry("time", fmt::format("{} to {} (UTC)", format_time(*profile.first_time), format_time(*profile.last_time)),
              terminal);
  }
  if (profile.values.empty()) {
    text += entry("values",
                  fmt::format("{:g} to {:g}, mean {:.3f}", profile.scale.low, profile.scale.high, profile.mean_value),
                  terminal);
  } else {
    text += histogram(profile, terminal);
  }
  text += long_tail(profile, terminal);
  if (profile.user_features.empty() && profile.item_features.empty()) return text;
  Table features({{"of"},
                  {"feature", Align::left, Overflow::cut},
                  {"kind"},
                  {"known for", Align::right},
                  {"values", Align::right}});
  add_features(features, "users", profile.user_features);
  add_features(features, "items", profile.item_features);
  return text + "\n" + features.render(terminal);
}

}  // namespace gusto::cli
