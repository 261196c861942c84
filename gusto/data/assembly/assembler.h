#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/assembly/event_settler.h"
#include "gusto/data/assembly/event_store.h"
#include "gusto/data/dataset.h"
#include "gusto/data/file/data_file_writer.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/data/value_profile.h"

namespace gusto {

/// Whom features describe.
enum class Side { users, items };
std::string_view to_string(Side side);

/// A data set in the making, whatever it is made from: files or columns in memory. The one place that decides the order
/// of items.
///
/// Events come first: their ids are added to the catalog in the order in which they are met, and order_events() is
/// called once all are there. What is described comes after, so that items with events have the first rows.
class DatasetAssembler {
 public:
  DatasetAssembler() = default;
  DatasetAssembler(const DatasetAssembler&) = delete;
  DatasetAssembler& operator=(const DatasetAssembler&) = delete;

  SourceReport& report() { return report_; }
  Catalog& catalog() { return catalog_; }
  Vocabulary& ids(Side side) { return side == Side::users ? catalog_.users : catalog_.items; }
  FeatureTable& features(Side side) { return side == Side::users ? catalog_.user_features : catalog_.item_features; }
  /// Whether values are strengths is decided once all are there, by this and by what changed them.
  void use_values(ValueUse use) { value_use_ = use; }
  void note(std::string sentence) { report_.notes.push_back(std::move(sentence)); }

  /// How a message names the place of a second event, "ratings.csv, line 7", and of the first one, "on line 3".
  struct Places {
    std::string second;
    std::string first;
  };
  using PlacesOf = std::function<Places(std::uint64_t first_line, std::uint64_t second_line)>;

  /// Gives items their rows, settles duplicates, and puts events in stored order.
  /// Errors   invalid_input, if a pair of user and item has two events and that is refused
  void order_events(GroupedEvents events, const EventRules& rules, const PlacesOf& places, Context& context);
  /// The same for a store, which may have spilled: its events then go into a data file at `spill_to`.
  void order_events(EventStore& store, DuplicatePolicy duplicates, const std::filesystem::path& spill_to,
                    const PlacesOf& places, Context& context);
  /// The same for events that are settled but for their items' rows, see is_settled. Values and times stay where they
  /// are.
  void order_events(std::vector<std::uint64_t> offsets, std::vector<ItemRow> items, SharedArray<float> values,
                    SharedArray<std::int64_t> times);

  OpenedDataset finish();

 private:
  std::vector<ItemRow> order_items();
  void decide_strength();
  void write(const EventColumns& columns);
  void take(SettledEvents settled, std::span<const ItemRow> new_rows, DuplicatePolicy duplicates,
            const PlacesOf& places);

  SourceReport report_;
  Catalog catalog_;
  EventColumns columns_;
  ValueUse value_use_ = ValueUse::automatic;
  ValueProfile values_;
  std::optional<DataFileWriter> writer_;  // of events that do not fit into memory
  std::filesystem::path spill_to_;
};

}  // namespace gusto
