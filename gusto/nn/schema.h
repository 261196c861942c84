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
  std::size_t rows = 0;             ///< ids are [0, rows): the height of an embedding
  double mean = 0, deviation = 1;   ///< of a number
  std::vector<double> bounds;       ///< of bucket: ascending, range j is (bounds[j − 1], bounds[j]]
  std::vector<std::string> values;  ///< of words: the pieces; of a feature: its values; id − 1 is the position
  std::vector<SchemaField> parts;   ///< of a cross
};

/// The inputs of a network. It travels in the model file, so that a query is encoded as the training examples were.
/// A user or item without training events has the unknown id, as has anybody new.
class Schema {
 public:
  /// Errors   not_found, with the nearest name, for a feature that the data do not have; invalid_option, for a kind of
  ///          field that a feature cannot have (bucket of a text), or times where the data have none
  static Schema learn(const Dataset& train, std::span<const FieldSpec> specs);
  /// Errors   corrupt_file; invalid_input, naming the fields, if the data set has not the features that the schema needs
  static Schema load(const TensorFile& in, std::string_view prefix, const Dataset& data);
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
