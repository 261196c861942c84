#include "gusto/data/table/make_dataset.h"

#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/assembly/assembler.h"
#include "gusto/data/table/event_rows.h"
#include "gusto/data/table/feature_columns.h"

namespace gusto {
namespace {

constexpr std::size_t kPlacesAhead = 16;  // events whose places are asked for before they are written

// Reads the events of a table in two passes: the first one checks all rows and counts those of each user, the second
// one puts each event where it belongs, so that nothing is kept but the events themselves.
class TableEvents {
 public:
  TableEvents(const EventTable& table, const TableOptions& options, DatasetAssembler& assembler, Context& context)
      : options_(options),
        owner_(table.owner),
        assembler_(assembler),
        context_(context),
        rows_(std::in_place, table, options, assembler.catalog().users, assembler.catalog().items) {}

  void read() {
    context_.require_memory("A table of events", rows_->size() * (rows_->timed() ? 16 : 8));
    rows_->for_blocks(context_, [&](const EventRows::Block& block) { count(block); });
    report();
    if (!stay_in_place()) scatter();
  }

 private:
  void count(const EventRows::Block& block) {
    for (std::size_t i = 0; i < block.count; ++i) {
      if (block.keep != nullptr && block.keep[i] == 0) continue;
      const std::uint32_t user = block.users[i];
      if (user >= counts_.size()) counts_.resize(std::max<std::size_t>(user + std::size_t{1}, 2 * counts_.size()));
      ++counts_[user];
      grouped_ = grouped_ && (user == last_user_ || user == last_user_ + 1);
      last_user_ = user;
    }
  }

  void report() {
    SourceReport& report = assembler_.report();
    report.layout = "columns";
    report.reason = "It is a table in memory.";
    report.columns = rows_->roles();
    report.value_changes = value_changes(options_.duplicates, !options_.weights.empty(), options_.half_life.has_value(),
                                         options_.transform);
    assembler_.use_values(options_.values);
    report.bad_lines = rows_->bad();
    const std::vector<std::string>& examples = rows_->examples();
    if (rows_->kept() == 0) {
      throw Error(ErrorCode::invalid_input,
                  rows_->size() == 0 ? std::string("The table is empty.")
                  : examples.empty() ? std::string("The table holds no events.")
                                     : "The table holds no events that can be read: " + examples.front(),
                  "Give a table with an event in each row.");
    }
    if (rows_->bad() > 0) {
      assembler_.note(fmt::format("Rows left out because they cannot be read: {}{} {}", format_count(rows_->bad()),
                                  rows_->bad() > examples.size() ? ", the first of them:" : ":", join(examples, " ")));
    }
    if (rows_->weightless() > 0) {
      assembler_.note(
          fmt::format("Events left out because their kind weighs nothing: {}.", format_count(rows_->weightless())));
    }
  }

  // Offsets of the users' events, from their counts.
  std::vector<std::uint64_t> offsets() const {
    std::vector<std::uint64_t> result(assembler_.catalog().users.size() + 1, 0);
    for (std::size_t user = 0; user + 1 < result.size(); ++user) result[user + 1] = result[user] + counts_[user];
    return result;
  }

  template <class Number>
  SharedArray<Number> borrowed(const ColumnChunk* plain) const {
    if (plain == nullptr) return {};
    return {owner_, {static_cast<const Number*>(plain->values) + plain->offset, plain->size}};
  }

  // Where events lie in stored order, numbers that can stay where they are do. False if there are none.
  bool stay_in_place() {
    const bool changed = rows_->weighed() || options_.half_life || !options_.transform.empty();
    if (owner_ == nullptr || !grouped_ || rows_->kept() < rows_->size() || changed) return false;
    SharedArray<float> values = borrowed<float>(rows_->plain_values());
    SharedArray<std::int64_t> times = borrowed<std::int64_t>(rows_->plain_times());
    if (values.empty() && times.empty()) return false;
    std::vector<ItemRow> items;
    std::vector<float> own_values;
    std::vector<std::int64_t> own_times;
    items.reserve(rows_->size());
    if (values.empty()) own_values.reserve(rows_->size());
    if (rows_->timed() && times.empty()) own_times.reserve(rows_->size());
    rows_->for_blocks(context_, [&](const EventRows::Block& block) {
      for (std::size_t i = 0; i < block.count; ++i) items.emplace_back(block.items[i]);
      if (values.empty()) own_values.insert(own_values.end(), block.values, block.values + block.count);
      if (rows_->timed() && times.empty()) own_times.insert(own_times.end(), block.times, block.times + block.count);
    });
    if (values.empty()) values = std::move(own_values);
    if (times.empty()) times = std::move(own_times);
    std::vector<std::uint64_t> places = offsets();
    if (!is_settled(places, items, times.span(), assembler_.catalog().items.size())) return false;
    assembler_.order_events(std::move(places), std::move(items), std::move(values), std::move(times));
    return true;
  }

  void scatter() {
    GroupedEvents events;
    events.offsets = offsets();
    counts_ = {};
    const bool refuse = options_.duplicates == DuplicatePolicy::refuse;
    const std::size_t kept = rows_->kept();
    const std::span<ItemRow> items = events.items.extend(kept);
    const std::span<float> values = events.values.extend(kept);
    const std::span<std::int64_t> times = events.times.extend(rows_->timed() ? kept : 0);
    const std::span<std::uint64_t> lines = events.lines.extend(refuse ? kept : 0);
    std::uint64_t* const next = events.offsets.data();
    const auto prefetch = [&](std::uint64_t place) {
      __builtin_prefetch(&items[place], 1);
      __builtin_prefetch(&values[place], 1);
      if (!times.empty()) __builtin_prefetch(&times[place], 1);
    };
    rows_->for_blocks(context_, [&](const EventRows::Block& block) {
      for (std::size_t i = 0; i < block.count; ++i) {
        if (block.keep == nullptr && i + kPlacesAhead < block.count) prefetch(next[block.users[i + kPlacesAhead]]);
        if (block.keep != nullptr && block.keep[i] == 0) continue;
        const std::uint64_t place = next[block.users[i]]++;
        items[place] = ItemRow(block.items[i]);
        values[place] = block.values[i];
        if (block.times != nullptr) {
          times[place] = block.times[i];
          events.latest = std::max(events.latest, block.times[i]);
        }
        if (refuse) lines[place] = block.begin + i;
      }
    });
    // Each offset is where its user's events end now, which is where the next one's begin.
    std::copy_backward(events.offsets.begin(), events.offsets.end() - 1, events.offsets.end());
    events.offsets.front() = 0;
    rows_.reset();
    const auto places = [](std::uint64_t first, std::uint64_t second) -> DatasetAssembler::Places {
      return {fmt::format("Row {}", second), fmt::format("in row {}", first)};
    };
    assembler_.order_events(std::move(events),
                            {options_.duplicates, options_.half_life, parse_value_transform(options_.transform)},
                            places, context_);
  }

  const TableOptions& options_;
  std::shared_ptr<const void> owner_;
  DatasetAssembler& assembler_;
  Context& context_;
  std::optional<EventRows> rows_;
  std::vector<std::uint64_t> counts_;  // events of each user
  bool grouped_ = true;                // users come one after the other
  std::uint32_t last_user_ = 0;
};

}  // namespace

OpenedDataset make_dataset(const EventTable& table, const TableOptions& options, Context& context) {
  DatasetAssembler assembler;
  std::make_unique<TableEvents>(table, options, assembler, context)->read();
  for (const FeatureColumns& features : table.user_features)
    add_features(features, Side::users, table.owner, assembler, context);
  for (const FeatureColumns& features : table.item_features)
    add_features(features, Side::items, table.owner, assembler, context);
  return assembler.finish();
}

}  // namespace gusto
