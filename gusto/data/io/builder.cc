#include "gusto/data/io/builder.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/text.h"
#include "gusto/data/file/data_file.h"

namespace gusto {

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

void DatasetBuilder::end_events(Context& context) {
  reader_.require_events();
  const std::vector<ItemRow> new_rows = scatter_items();
  EventStore& store = reader_.store();
  if (store.spilled()) writer_.emplace(options_.spill_to);
  EventStore::Settled settled = writer_ ? store.settle_spilled(catalogue_.users.size(), new_rows, context,
                                                               [&](const EventColumns& columns) { write(columns); })
                                        : store.settle(catalogue_.users.size(), new_rows, context);
  if (settled.repeated) settled.repeated->item = new_rows[settled.repeated->item].index;
  catalogue_.item_order = new_rows;
  report_duplicates(settled);
  columns_ = std::move(settled.columns);
}

void DatasetBuilder::write(const EventColumns& columns) {
  for (std::size_t user = 0; user + 1 < columns.offsets.size(); ++user) {
    const std::uint64_t begin = columns.offsets[user], count = columns.offsets[user + 1] - begin;
    const auto times = columns.times.span();
    writer_->add_user(columns.items.span().subspan(begin, count), columns.values.span().subspan(begin, count),
                      times.empty() ? times : times.subspan(begin, count));
  }
}

void DatasetBuilder::report_duplicates(const EventStore::Settled& settled) {
  if (settled.repeated) {
    const EventStore::Repeated& repeated = *settled.repeated;
    const EventReader::Place first = reader_.place_of(repeated.first_line);
    const EventReader::Place second = reader_.place_of(repeated.second_line);
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}: user {} and item {} already have an event on line {}{}.", second.file,
                            second.line, quote(catalogue_.users[repeated.user]), quote(catalogue_.items[repeated.item]),
                            first.line, first.file == second.file ? "" : " of " + first.file),
                "Remove one of them, or let the last one count.");
  }
  report_.duplicates = settled.duplicates;
  if (settled.duplicates == 0) return;
  switch (options_.duplicates) {
    case DuplicatePolicy::keep_last:
    case DuplicatePolicy::keep_first:
      note(fmt::format("Events left out because their user and item came again: {}; the {} one counts.",
                       format_count(settled.duplicates),
                       options_.duplicates == DuplicatePolicy::keep_last ? "last" : "first"));
      break;
    case DuplicatePolicy::mean:
    case DuplicatePolicy::sum:
      note(fmt::format("Events joined with others of the same user and item: {}; the {} of their values counts.",
                       format_count(settled.duplicates),
                       options_.duplicates == DuplicatePolicy::mean ? "mean" : "sum"));
      break;
    case DuplicatePolicy::refuse: break;
  }
}

// Gives items rows in the order of a hash of their ids. Files are often sorted by user, so that rows in order of first
// events would put the first user's items, test items too, before all others, and popular items before rare ones: lists
// of equal scores, which go by row, would hit far more often than chance.
std::vector<ItemRow> DatasetBuilder::scatter_items() {
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
  catalogue_.items = std::move(scattered);
  return new_row;
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
  if (writer_) {
    note("The events do not fit into the memory allowed, and were put in order on disk.");
    writer_->finish(catalogue_, report_);
    OpenedDataset opened = open_data_file(options_.spill_to);
    opened.report.data_file.reset();  // what was read is not that file
    opened.spilled = true;
    return opened;
  }
  if (columns_.offsets.size() <= catalogue_.users.size()) {
    // Users that are only described have no events.
    std::vector<std::uint64_t> offsets(columns_.offsets.begin(), columns_.offsets.end());
    offsets.resize(catalogue_.users.size() + 1, offsets.back());
    columns_.offsets = std::move(offsets);
  }
  const auto catalogue = std::make_shared<const Catalogue>(std::move(catalogue_));
  return {std::make_shared<const Dataset>(catalogue, std::move(columns_)), std::move(report_)};
}

}  // namespace gusto
