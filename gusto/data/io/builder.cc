#include "gusto/data/io/builder.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::uint64_t kLinesBetweenChecks = std::uint64_t{1} << 16;

}  // namespace

DescriptionTable::DescriptionTable(Vocabulary& ids, const std::vector<std::pair<std::string, FeatureKind>>& fields)
    : ids_(ids), fields_(fields.size()) {
  for (std::size_t f = 0; f < fields.size(); ++f) {
    fields_[f].name = fields[f].first;
    fields_[f].kind = fields[f].second;
  }
}

void DescriptionTable::add(std::string_view id, std::span<const std::string> values) {
  const std::uint32_t row = ids_.add(id);
  if (rows_.size() < ids_.size()) rows_.resize(ids_.size());
  if (!rows_[row].empty()) ++replaced_;
  rows_[row].assign(values.begin(), values.end());
}

FeatureTable DescriptionTable::finish() {
  rows_.resize(ids_.size());
  for (const std::vector<std::string>& row : rows_) {
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (row.empty() || row[f].empty()) {
        fields_[f].append_missing();
      } else {
        fields_[f].append(row[f]);
      }
    }
  }
  return FeatureTable(std::move(fields_));
}

void DatasetBuilder::read_events(const SourceText& source, const EventFormat& format, Context& context) {
  report_.delimiter = format.delimiter;
  report_.header = format.header;
  report_.columns = format.roles();
  events_.reserve(static_cast<std::size_t>(std::count(source.text.begin(), source.text.end(), '\n')) + 1);

  RecordReader reader(source, format.delimiter, format.quotes);
  if (format.header) reader.next();
  while (reader.next()) {
    reader.require_fields(format.fields);
    add(reader.id(format.user), reader.id(format.item), format.value ? reader.value(*format.value) : 1.0f,
        format.time ? reader.time(*format.time) : kNoTime, reader.line());
    if (events_.size() % kLinesBetweenChecks == 0) {
      context.check_cancelled();
      context.progress("reading", reader.position(), source.text.size());
    }
  }
  context.progress("reading", source.text.size(), source.text.size());
  if (events_.empty()) {
    throw Error(ErrorCode::invalid_input,
                source.name + (format.header ? " holds a header and no events." : " is empty."),
                "Give a file with an event on each line.");
  }
  report_.files.push_back(reader.report("events", events_.size()));
  settle_duplicates(source);
  scatter_items();
}

void DatasetBuilder::add(std::string_view user, std::string_view item, float value, std::int64_t time,
                         std::uint64_t line) {
  if (events_.empty() || catalogue_.users[last_user_] != user) last_user_ = catalogue_.users.add(user);
  const std::uint64_t shift = line - events_.size();
  if (line_shifts_.empty() || line_shifts_.back().second != shift) line_shifts_.emplace_back(events_.size(), shift);
  events_.push_back({UserRow(last_user_), ItemRow(catalogue_.items.add(item)), value, time});
}

std::uint64_t DatasetBuilder::line_of(std::size_t event) const {
  const auto after = std::upper_bound(line_shifts_.begin(), line_shifts_.end(), event,
                                      [](std::size_t e, const auto& shift) { return e < shift.first; });
  return event + std::prev(after)->second;
}

// Goes through the events user by user, in the order of the file, and remembers the last event of each item.
void DatasetBuilder::settle_duplicates(const SourceText& source) {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> next(catalogue_.users.size() + 1, 0);
  for (const Event& event : events_) ++next[event.user.index + 1];
  for (std::size_t u = 1; u < next.size(); ++u) next[u] += next[u - 1];
  std::vector<std::size_t> by_user(events_.size());
  for (std::size_t e = 0; e < events_.size(); ++e) by_user[next[events_[e].user.index]++] = e;

  std::vector<std::size_t> last(catalogue_.items.size(), kNone);
  std::vector<bool> left_out;
  for (const std::size_t e : by_user) {
    std::size_t& earlier = last[events_[e].item.index];
    if (earlier == kNone || events_[earlier].user != events_[e].user) {
      earlier = e;
      continue;
    }
    if (policy_ == DuplicatePolicy::refuse) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("{}, line {}: user {} and item {} already have an event on line {}.", source.name,
                              line_of(e), quote(catalogue_.users[events_[e].user.index]),
                              quote(catalogue_.items[events_[e].item.index]), line_of(earlier)),
                  "Remove one of them, or let the last one count.");
    }
    left_out.resize(events_.size());
    left_out[policy_ == DuplicatePolicy::keep_last ? earlier : e] = true;
    if (policy_ == DuplicatePolicy::keep_last) earlier = e;
    ++report_.duplicates;
  }
  if (report_.duplicates == 0) return;
  std::size_t kept = 0;
  for (std::size_t e = 0; e < events_.size(); ++e) {
    if (!left_out[e]) events_[kept++] = events_[e];
  }
  events_.resize(kept);
  note(fmt::format("Events left out because their user and item came again: {}; the {} one counts.",
                   format_count(report_.duplicates), policy_ == DuplicatePolicy::keep_last ? "last" : "first"));
}

// Gives items rows in the order of a hash of their ids. Files are often sorted by user, so that rows in order of first
// events would put the first user's items, test items too, before all others, and popular items before rare ones: lists
// of equal scores, which go by row, would hit far more often than chance.
void DatasetBuilder::scatter_items() {
  std::vector<std::tuple<std::uint64_t, std::string_view, std::uint32_t>> order;
  order.reserve(catalogue_.items.size());
  for (std::uint32_t row = 0; row < catalogue_.items.size(); ++row) {
    const std::string_view id = catalogue_.items[row];
    order.emplace_back(xxh3(std::as_bytes(std::span(id))), id, row);
  }
  std::sort(order.begin(), order.end());
  Vocabulary scattered;
  std::vector<ItemRow> new_row(order.size());
  for (const auto& [hash, id, row] : order) new_row[row] = ItemRow(scattered.add(id));
  for (Event& event : events_) event.item = new_row[event.item.index];
  catalogue_.items = std::move(scattered);
  catalogue_.item_order = std::move(new_row);
}

void DatasetBuilder::describe(const RecordReader& reader, std::string_view role, std::uint64_t records,
                              const DescriptionTable& descriptions) {
  report_.files.push_back(reader.report(role, records));
  if (descriptions.replaced() > 0) {
    note(fmt::format("Descriptions of {} left out because the id came again: {}; the last one counts.", role,
                     format_count(descriptions.replaced())));
  }
}

OpenedDataset DatasetBuilder::finish() {
  for (const SourceFile& file : report_.files) {
    if (file.latin1) note(fmt::format("{} is in Latin-1 and was converted to UTF-8.", file.path));
    if (file.blank_lines > 0) {
      note(fmt::format("Blank lines of {} that were skipped: {}.", file.path, format_count(file.blank_lines)));
    }
  }
  const auto catalogue = std::make_shared<const Catalogue>(std::move(catalogue_));
  return {std::make_shared<const Dataset>(catalogue, events_), std::move(report_)};
}

}  // namespace gusto
