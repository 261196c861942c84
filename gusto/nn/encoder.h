#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/bag.h"
#include "gusto/nn/field_codec.h"
#include "gusto/nn/schema.h"

namespace gusto::nn {

/// One shard's inputs and targets.
struct Batch {
  std::size_t rows = 0;
  std::span<const Bag> bags;       ///< by slot of the schema; of slots that are not encoded, without rows
  std::span<const float> targets;  ///< [rows], or empty when answering
  const Bag& operator[](std::size_t slot) const { return bags[slot]; }
};

/// A training example: one of the data set's events, or the user of one with another item.
struct Example {
  std::uint32_t event = 0;  ///< position in the data set's columns
  UserRow user;
  ItemRow item;
};

/// How training examples lose ids, so that the unknown ones are learned too: of each example, every field but histories
/// and their numbers is replaced by its id 0 with this probability, one draw each.
struct Masking {
  double probability = 0;
  std::uint64_t key = 0;  ///< draws are keyed by (key, event, item, slot)
};

/// A user, encoded once for any number of items.
struct EncodedQueryUser {
  /// By column: the slots of the schema, then the parts of its crosses. Those of items and histories, and of crosses of
  /// several sides, are empty.
  std::vector<Entries> fields;
  std::vector<HistoryEvent> history;  ///< in order of time
  std::size_t before = 0;             ///< how many of them are not later than the time of asking
  std::int64_t time = kNoTime;        ///< of asking; without one, that of the last training event
};

/// Turns events and queries into the bags of a schema.
///
/// Histories hold known items only: history(n) the last n of the user's events before the example's in stored order,
/// rated(n) the last n of all others, never the example's own item nor, of a pair made of a user and another item, the
/// event's. Their entries are in order of time; id 0 stands for none. The one of an item that was given the value v,
/// with k later ones after it, weighs a(v) b(k), divided by the sum of these over the history:
///
///   a(v) = 1 + 4 (v − low) / (high − low), between 1 and 5 on the scale of the training values, if the field says
///   value; else 1 b(k) = 1 / √(1 + k), if it says recent; else 1
///
/// The numbers history.count and history.mean are of all events that an uncapped history holds.
///
/// State    the fields of users' and items' sides encoded for all rows, parts of the time for all events; for histories
///          4 bytes an event, 4 more for their values, 8 for history.mean
/// Cost     O(entries) a batch; histories are capped by their field's count. history.count and history.mean take O(1)
///          for a training event, and O(the user's events) for the pair of its user and another item
/// Threads  const members may be called concurrently, each caller with its own arena
class Encoder {
 public:
  /// The most entries that a cross may have in one example.
  static constexpr std::size_t kMaxCombinations = 1U << 16U;

  /// `data` is what the schema was learned from. It is borrowed: it outlives the encoder.
  /// Errors   internal, if it is not; invalid_option, for a cross of more than kMaxCombinations on one row
  Encoder(const Dataset& data, Schema schema);

  const Schema& schema() const { return schema_; }
  const Dataset& data() const { return data_; }

  /// Bags of training examples, in the arena; targets are left to the caller.
  Batch encode(std::span<const Example> examples, const Masking& masking, Arena& arena) const;
  /// The same of the slots that do not read the item, for examples that are asked about many items.
  Batch encode_query_users(std::span<const Example> examples, const Masking& masking, Arena& arena) const;
  /// Bags of the slots that do not read the user, a row for each of these items. Draws are keyed by (key, item, slot):
  /// give each step its own key, or an item is hidden from all steps at once.
  Batch encode_items(std::span<const ItemRow> items, const Masking& masking, Arena& arena) const;

  /// A training user without a history of the query's own has the id, features and history of training; any other user
  /// has the unknown id, and the query's history. Features that the query brings come before a known user's own.
  /// Errors   invalid_input: features that no field reads, all named; a feature given twice; a number that is none,
  ///          with its feature; values with more than kMaxCombinations in a cross; a row outside the catalog
  EncodedQueryUser encode(const Query& query) const;
  /// Bags of one user with each of these items.
  Batch encode(const EncodedQueryUser& query_user, std::span<const ItemRow> items, Arena& arena) const;
  /// Bags of the slots that do not read the item, a row for each of these users. Histories leave no item out.
  Batch encode_query_users(std::span<const EncodedQueryUser> query_users, Arena& arena) const;
  Batch encode_query_user(const EncodedQueryUser& query_user, Arena& arena) const {
    return encode_query_users({&query_user, 1}, arena);
  }

 private:
  // One row's entries; without weights, all are 1.
  struct EntriesView {
    std::span<const std::uint32_t> ids;
    std::span<const float> weights;
    float weight(std::size_t entry) const { return weights.empty() ? 1.0F : weights[entry]; }
    EntriesView part(std::size_t begin, std::size_t size) const;
  };
  // The entries of all rows of a side, or of all events: a Bag that owns its numbers.
  struct Table {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint32_t> offsets;  // none if each row has one entry
    std::vector<float> weights;          // none if all are 1
    EntriesView operator[](std::size_t row) const;
  };
  class TableBuilder;
  class HistoryBuilder;
  // A slot, or a part of a cross.
  struct Column {
    FieldKind kind = FieldKind::feature;
    Side side = Side::event;
    bool reads_item = false;                // as its field
    std::uint32_t count = 0;                // of histories and crosses
    bool by_value = false;                  // of histories
    std::vector<float> recency;             // of histories: b(k), or none if all are 1
    std::uint64_t key = 0;                  // of a cross's hash
    const FeatureField* feature = nullptr;  // that it reads
    std::optional<FieldCodec> codec;
    std::vector<std::size_t> parts;  // columns of a cross
    Table table;                     // by row of the side; of a time by event; none of other fields of the event

    std::size_t widest = 1;  // most entries of a row of the table

    bool is_history() const { return kind == FieldKind::history || kind == FieldKind::rated; }
    // A number that tells of a history.
    bool is_summary() const { return kind == FieldKind::history_count || kind == FieldKind::history_mean; }
    // A cross of several sides: known by example only.
    bool is_joint() const { return kind == FieldKind::cross && side == Side::event; }
  };
  struct Mask;
  // Which of the slots that an example has.
  enum class Slots { all, query_users };
  class MaskDraws;

  std::size_t add_columns(const SchemaField& field);
  void fill(Column& column) const;
  void remember();
  void fill_cross(Column& column, std::size_t rows) const;
  void encode_side(const Query& query, const Column& column, Entries& out) const;
  void encode_column(const Query& query, std::size_t place, EncodedQueryUser& query_user) const;
  void check(const Query& query) const;
  void check_crosses(const EncodedQueryUser* query_user) const;
  Batch encode(std::span<const Example> examples, Slots slots, const Masking& masking, Arena& arena) const;

  template <class RowOf>
  static Bag gather(const Table& table, std::size_t rows, const RowOf& row_of, const Mask& mask, Arena& arena);
  template <class EntriesOf>
  static Bag cross(const Column& column, std::size_t rows, const EntriesOf& entries_of, const Mask& mask, Arena& arena);
  static Bag repeat(const Entries& entries, std::size_t rows, Arena& arena);
  static Bag stack(std::size_t place, std::span<const EncodedQueryUser> query_users, Arena& arena);
  float value_weight(float value) const;
  EntriesView stored(const Column& column, std::uint64_t begin, std::uint64_t end) const;
  EntriesView last_known(const Column& column, const EncodedQueryUser& query_user, std::size_t most,
                         Arena& arena) const;
  Bag histories(const Column& column, std::span<const Example> examples, Arena& arena) const;
  Bag histories(const Column& column, const EncodedQueryUser& query_user, std::span<const ItemRow> items,
                Arena& arena) const;
  Bag histories(const Column& column, std::span<const EncodedQueryUser> query_users, Arena& arena) const;
  template <class SummaryOf>
  static Bag summarize(const Column& column, std::size_t rows, const SummaryOf& summary_of, Arena& arena);
  HistorySummary summary(const Example& example) const;
  HistorySummary summary(const EncodedQueryUser& query_user) const;
  Bag summaries(const Column& column, std::span<const Example> examples, Arena& arena) const;
  Bag summaries(const Column& column, std::span<const EncodedQueryUser> query_users, Arena& arena) const;
  Bag summaries(const Column& column, const EncodedQueryUser& query_user, std::span<const ItemRow> items,
                Arena& arena) const;

  const Dataset& data_;
  Schema schema_;
  std::vector<Column> columns_;
  std::vector<std::uint32_t> user_ids_, item_ids_;  // by row
  std::vector<std::uint32_t> event_items_;          // their ids, by event; only for histories
  std::vector<float> event_value_weights_;          // a(value), by event; only for histories by value
  std::vector<double> sums_before_;                 // of the values of the user's events before; only for history.mean
  std::int64_t last_time_ = kNoTime;
};

}  // namespace gusto::nn
