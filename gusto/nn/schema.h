#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/tensor_file.h"
#include "gusto/data/dataset.h"
#include "gusto/nn/field_spec.h"

namespace gusto::nn {

/// On which side a field's ids are known beforehand.
enum class Side {
  user,   ///< by user row, or by a query's features
  item,   ///< by item row
  event,  ///< only by example: time, histories, crosses of both sides
};

/// One field as learned from the training data: what each of its ids means. Id 0 is always the unknown or missing one.
struct SchemaField {
  FieldSpec spec;
  Side side = Side::event;
  std::size_t rows = 0;                            ///< ids are [0, rows): the height of an embedding
  FeatureKind feature = FeatureKind::categorical;  ///< of feature, bucket, words and hash: what it reads
  double mean = 0, deviation = 1;                  ///< of a number
  std::vector<double> bounds;  ///< of bucket: ascending, range j is (bounds[j − 1], bounds[j]], its id j + 1
  std::vector<std::string>
      values;  ///< of words: the pieces; of ids: the values; of years: they; id − 1 is the position
  std::vector<SchemaField> parts;  ///< of a cross

  /// Whether it is one entry for row 1, with the standardized number for its weight.
  bool is_number() const;
  /// Whether it depends on the item: all of the items' side, and crosses with a part of it.
  bool reads_item() const;
  /// Whether it depends on the user or on the time of asking. A field that reads both belongs to neither alone.
  bool reads_query_user() const { return side != Side::item; }
};

/// What the fields history.count and history.mean tell of some events.
struct HistorySummary {
  std::uint64_t events = 0;
  double sum = 0;  ///< of their values

  void add(float value) {
    ++events;
    sum += static_cast<double>(value);
  }
  void remove(float value) {
    --events;
    sum -= static_cast<double>(value);
  }
  /// log(1 + events), or the mean value: not a number if there are no events.
  double number(FieldKind kind) const;
};

/// A feature and the side that it is on.
struct FeatureRef {
  Side side = Side::user;
  const FeatureField* feature = nullptr;
};
/// The feature of that name; user.age and item.age are those of one side.
/// Errors   not_found, with the nearest name; invalid_option, if both sides have it
FeatureRef find_feature(const Catalog& catalog, std::string_view name);

/// Error(invalid_option) if a field cannot be of a feature of that kind.
void check_feature(const FieldSpec& spec, FeatureKind kind);
/// That of all parts, or the event.
Side side_of_parts(std::span<const SchemaField> parts);

/// By row: 1 + position among the rows that have training events, 0 for those that have none.
std::vector<std::uint32_t> training_ids(const Dataset& train, Side side);
/// Height of a field's embedding, by what it has learned.
std::size_t rows_of(const SchemaField& field, const Dataset& train);

/// The most ids that a field can have, told before it is learned: rows_of() will be no more. A part of a cross needs
/// none of its own.
/// Errors   as Schema::learn() has for features that are not there
std::size_t most_rows(const FieldSpec& spec, const Dataset& train);

/// Bounds b, ascending, that cut numbers into at most so many ranges (b[j − 1], b[j]] of about equally many, none of
/// them empty: the quantiles j / ranges. Cost  O(n log n)
std::vector<double> quantile_bounds(std::vector<double> numbers, std::size_t ranges);

/// Whether a feature sorts its rows into groups: a name or a post code that hardly two rows share tells no more than
/// the id.
bool groups_rows(const FeatureField& feature);

/// A list of fields with "auto" replaced by what it stands for: user, item, and every feature of either side that is a
/// number or sorts its rows into groups. Of a field that is also named, only the named one stays.
std::vector<FieldSpec> expand_fields(std::span<const FieldSpec> specs, const Catalog& catalog);

/// The field that stands for a feature of one side, written with its side if the other has one of that name too.
FieldSpec feature_field(Side side, std::string_view name, const Catalog& catalog);

/// The inputs of a network. It travels in the model file, so that a query is encoded as the training examples were.
/// A user or item without training events has the unknown id, as has anybody new.
class Schema {
 public:
  /// Errors   not_found, with the nearest name, for a feature that the data do not have; invalid_option, for a kind of
  ///          field that a feature cannot have (bucket of a text), or times where the data have none
  static Schema learn(const Dataset& train, std::span<const FieldSpec> specs);
  /// Reads what save() wrote, for the data that it was learned from.
  /// Errors   corrupt_file; invalid_input, naming the fields, if the data set has not the features that the schema
  ///          needs
  static Schema load(const TensorFile& in, std::string_view prefix, const Dataset& data);
  /// Under prefix + "schema" a JSON text, an object a field; under prefix + "schema/2/…" what field 2 has learned
  /// beside that, under prefix + "schema/2.1/…" its part 1.
  void save(TensorWriter& out, std::string_view prefix) const;

  std::size_t size() const { return fields_.size(); }
  const SchemaField& operator[](std::size_t slot) const { return fields_[slot]; }
  std::span<const SchemaField> fields() const { return fields_; }
  /// The slot of the field with this text.
  std::optional<std::size_t> find(std::string_view text) const;
  /// Error(not_found) with the nearest.
  std::size_t slot(std::string_view text) const;

 private:
  std::vector<SchemaField> fields_;
};

}  // namespace gusto::nn
