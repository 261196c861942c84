#include "gusto/data/data_report.h"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/data/profile.h"

namespace gusto {
namespace {

std::string count_sentence(const EventCounts& counts) {
  return fmt::format("{} to {}; half have at most {}, a quarter at most {}; mean {:.1f}", format_count(counts.least),
                     format_count(counts.greatest), format_count(counts.median), format_count(counts.lower_quartile),
                     counts.mean);
}

ValueChart value_chart(const Profile& profile) {
  ValueChart chart;
  chart.events = profile.events;
  chart.title = fmt::format("Values, mean {:.3f}", profile.mean_value);
  for (const ValueCount& row : profile.values) {
    chart.most = std::max(chart.most, row.events);
    chart.bars.push_back({row.value, row.events});
  }
  return chart;
}

TailChart tail_chart(const Profile& profile) {
  TailChart chart;
  chart.title = "Long tail";
  for (std::size_t i = 0; i < kTailShares.size(); ++i) {
    const double share = profile.tail.top_shares[i];
    chart.bars.push_back({fmt::format("the most popular {:>2.0f} % of items hold {:>5.1f} % of events",
                                      100 * kTailShares[i], 100 * share),
                          share});
  }
  chart.note =
      fmt::format("half of all events fall on {} of {} items; Gini {:.2f}", format_count(profile.tail.half_items),
                  format_count(profile.per_item.rows), profile.tail.gini);
  return chart;
}

void add_features(ReportTable& table, std::string_view side, std::span<const FeatureCoverage> fields) {
  for (const FeatureCoverage& field : fields) {
    table.rows.push_back({.cells = {std::string(side), field.name, std::string(to_string(field.kind)),
                                    fmt::format("{} of {}", format_count(field.filled), format_count(field.rows)),
                                    field.distinct > 0 ? ReportCell(CountCell{field.distinct}) : ReportCell()}});
  }
}

ReportTable feature_table(const Profile& profile) {
  using Kind = ReportColumn::Kind;
  ReportTable table{
      .columns = {{"of"}, {"feature", Kind::label}, {"kind"}, {"known for", Kind::number}, {"values", Kind::number}}};
  add_features(table, "users", profile.user_features);
  add_features(table, "items", profile.item_features);
  return table;
}

}  // namespace

std::vector<ReportEntry> report_source(const SourceReport& source) {
  std::vector<ReportEntry> entries;
  if (const auto& file = source.data_file) {
    entries.push_back({"data file", fmt::format("{}: {}, written by gusto {} from these:", file->path,
                                                format_bytes(file->bytes), file->engine_version)});
  }
  entries.push_back({"layout", source.layout + ": " + source.reason});
  for (const SourceFile& file : source.files) {
    entries.push_back(
        {file.role, fmt::format("{}: {}, {} lines, {} records{}{}", file.path, format_bytes(file.bytes),
                                format_count(file.lines), format_count(file.records),
                                file.blank_lines > 0 ? fmt::format(", {} blank lines skipped", file.blank_lines) : "",
                                file.latin1 ? ", Latin-1 converted to UTF-8" : "")});
    if (!file.columns.empty()) entries.push_back({"", file.columns});
  }
  if (!source.columns.empty()) {
    entries.push_back({"columns", join(source.columns, ", ")});
  }
  for (const std::string& note : source.notes) entries.push_back({"note", note});
  return entries;
}

DataReport report_data(const Dataset& data) {
  const Profile profile = make_profile(data);
  DataReport report;
  const auto add = [&](std::string label, std::string text) {
    report.entries.push_back({std::move(label), std::move(text)});
  };
  add("events", fmt::format("{} of {} users and {} items", format_count(profile.events),
                            format_count(profile.per_user.rows), format_count(profile.per_item.rows)));
  add("sparsity", fmt::format("{:.2f} % of all pairs of them have no event", 100 * (1 - profile.density)));
  add("per user", count_sentence(profile.per_user));
  add("per item", count_sentence(profile.per_item));
  if (profile.first_time && profile.last_time) {
    add("time", fmt::format("{} to {} (UTC)", format_time(*profile.first_time), format_time(*profile.last_time)));
  }
  if (profile.values.empty()) {
    add("values", fmt::format("{:g} to {:g}, mean {:.3f}", profile.scale.low, profile.scale.high, profile.mean_value));
  } else {
    report.values = value_chart(profile);
  }
  report.tail = tail_chart(profile);
  if (!profile.user_features.empty() || !profile.item_features.empty()) report.features = feature_table(profile);
  return report;
}

}  // namespace gusto
