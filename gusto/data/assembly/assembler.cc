#include "gusto/data/assembly/assembler.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/text.h"
#include "gusto/data/file/data_file.h"

namespace gusto {

std::string_view to_string(Side side) { return side == Side::users ? "users" : "items"; }

void DatasetAssembler::order_events(GroupedEvents events, const EventRules& rules, const PlacesOf& places,
                                    Context& context) {
  const std::vector<ItemRow> new_rows = order_items();
  take(settle_events(std::move(events), rules, new_rows, context), new_rows, rules.duplicates, places);
}

void DatasetAssembler::order_events(EventStore& store, DuplicatePolicy duplicates,
                                    const std::filesystem::path& spill_to, const PlacesOf& places, Context& context) {
  const std::vector<ItemRow> new_rows = order_items();
  const std::size_t users = catalog_.users.size();
  if (!store.spilled()) return take(store.settle(users, new_rows, context), new_rows, duplicates, places);
  spill_to_ = spill_to;
  writer_.emplace(spill_to_);
  const auto sink = [&](const EventColumns& columns) { write(columns); };
  take(store.settle_spilled(users, new_rows, context, sink), new_rows, duplicates, places);
}

void DatasetAssembler::order_events(std::vector<std::uint64_t> offsets, std::vector<ItemRow> items,
                                    SharedArray<float> values, SharedArray<std::int64_t> times) {
  const std::vector<ItemRow> new_rows = order_items();
  for (ItemRow& item : items) item = new_rows[item.index];
  catalog_.item_order = new_rows;
  columns_ = {std::move(offsets), std::move(items), std::move(values), std::move(times)};
}

void DatasetAssembler::take(SettledEvents settled, std::span<const ItemRow> new_rows, DuplicatePolicy duplicates,
                            const PlacesOf& places) {
  if (settled.repeated) {
    const RepeatedEvent& repeated = *settled.repeated;
    const auto [second, first] = places(repeated.first_line, repeated.second_line);
    throw Error(
        ErrorCode::invalid_input,
        fmt::format("{}: user {} and item {} already have an event {}.", second, quote(catalog_.users[repeated.user]),
                    quote(catalog_.items[new_rows[repeated.item].index]), first),
        "Remove one of them, or let the last one count.");
  }
  catalog_.item_order = std::vector<ItemRow>(new_rows.begin(), new_rows.end());
  columns_ = std::move(settled.columns);
  report_.duplicates = settled.duplicates;
  if (settled.duplicates == 0) return;
  const std::string count = format_count(settled.duplicates);
  const auto joined = [&](std::string_view what) {
    note(fmt::format("Events joined with others of the same user and item: {}; the {} of their values counts.", count,
                     what));
  };
  switch (duplicates) {
    case DuplicatePolicy::mean: joined("mean"); break;
    case DuplicatePolicy::sum: joined("sum"); break;
    case DuplicatePolicy::max: joined("greatest"); break;
    case DuplicatePolicy::keep_last:
    case DuplicatePolicy::keep_first:
    case DuplicatePolicy::refuse:
      note(fmt::format("Events left out because their user and item came again: {}; the {} one counts.", count,
                       duplicates == DuplicatePolicy::keep_first ? "first" : "last"));
  }
}

void DatasetAssembler::write(const EventColumns& columns) {
  values_.add(columns.values.span());
  for (std::size_t user = 0; user + 1 < columns.offsets.size(); ++user) {
    const std::uint64_t begin = columns.offsets[user], count = columns.offsets[user + 1] - begin;
    const auto times = columns.times.span();
    writer_->add_user(columns.items.span().subspan(begin, count), columns.values.span().subspan(begin, count),
                      times.empty() ? times : times.subspan(begin, count));
  }
}

// Gives items rows in the order of a hash of their ids. Files are often sorted by user, so that rows in order of first
// events would put the first user's items, test items too, before all others, and popular items before rare ones: lists
// of equal scores, which go by row, would hit far more often than chance.
std::vector<ItemRow> DatasetAssembler::order_items() {
  std::vector<std::tuple<std::uint64_t, std::string_view, std::uint32_t>> order;
  order.reserve(catalog_.items.size());
  for (std::uint32_t row = 0; row < catalog_.items.size(); ++row) {
    const std::string_view id = catalog_.items[row];
    order.emplace_back(xxh3(std::as_bytes(std::span(id))), id, row);
  }
  std::sort(order.begin(), order.end());
  Vocabulary ordered;
  std::vector<ItemRow> new_row(order.size());
  for (const auto& [hash, id, row] : order) new_row[row] = ItemRow(ordered.add(id));
  catalog_.items = std::move(ordered);
  return new_row;
}

void DatasetAssembler::decide_strength() {
  values_.add(columns_.values.span());
  const std::vector<std::string>& changes = report_.value_changes;
  const bool made = std::any_of(changes.begin(), changes.end(), [](const auto& change) {
    return change != "duplicates=mean" && change != "duplicates=max";
  });
  catalog_.strength = values_.strength(value_use_, made);
  const std::string sentence = values_.describe(catalog_.strength, value_use_);
  if (!sentence.empty()) report_.assume(sentence);
}

OpenedDataset DatasetAssembler::finish() {
  decide_strength();
  if (writer_) {
    note("The events do not fit into the memory allowed, and were put in order on disk.");
    writer_->finish(catalog_, report_);
    OpenedDataset opened = open_data_file(spill_to_);
    opened.report.data_file.reset();  // what was read is not that file
    opened.report.reading = std::move(report_.reading);
    opened.report.assumed = std::move(report_.assumed);
    opened.spilled = true;
    return opened;
  }
  if (columns_.offsets.size() <= catalog_.users.size()) {
    // Users that are only described have no events.
    std::vector<std::uint64_t> offsets(columns_.offsets.begin(), columns_.offsets.end());
    offsets.resize(catalog_.users.size() + 1, offsets.back());
    columns_.offsets = std::move(offsets);
  }
  const auto catalog = std::make_shared<const Catalog>(std::move(catalog_));
  return {std::make_shared<const Dataset>(catalog, std::move(columns_)), std::move(report_)};
}

}  // namespace gusto
