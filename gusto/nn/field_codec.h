#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gusto/data/features.h"
#include "gusto/data/vocabulary.h"
#include "gusto/nn/schema.h"
#include "gusto/nn/word_pieces.h"

namespace gusto::nn {

struct Entry {
  std::uint32_t id = 0;
  float weight = 1;
};

/// Ids with weights, of one example and field: what a Bag holds for one row.
struct Entries {
  std::vector<std::uint32_t> ids;
  std::vector<float> weights;

  std::size_t size() const { return ids.size(); }
  void clear() {
    ids.clear();
    weights.clear();
  }
  void add(std::uint32_t id, float weight) {
    ids.push_back(id);
    weights.push_back(weight);
  }
};

/// Turns values of one field into entries. Every value gives at least one; a missing one is id 0 of weight 1.
///
///   one value             its id; 0 if the vocabulary does not have it
///   several               their ids, 1/n each
///   number, history.…      id 1 of weight (x − mean) / deviation, held within ±kFarthest
///   bucket                1 + the range's position
///   words, hash           the text's n pieces or words, 1/n each, equal ones together, in order of ids
///   time                  1 + the part's number; the day as a number
///
/// Threads  const members may be called concurrently
class FieldCodec {
 public:
  /// An outlier's distance from the mean counts up to here, so that no single value drowns the others.
  static constexpr double kFarthest = 100;

  /// Of any field but ids of users and items, crosses and histories. Error(corrupt_file) if a piece of words repeats.
  explicit FieldCodec(const SchemaField& field);

  /// Appends the entries of a row of the field's feature.
  void encode(const FeatureField& feature, std::size_t row, Entries& out) const;
  /// Appends those of a value as a person writes it: several values are separated by '|', an empty text is missing.
  /// Error(invalid_input), naming the feature, if a number is none.
  void encode(std::string_view value, Entries& out) const;
  /// Appends those of a time.
  void encode_time(std::int64_t time, Entries& out) const;
  /// The one entry of a number; of a missing one if it is not a number.
  Entry entry_of(double x) const;

 private:
  std::uint32_t id_of(std::string_view value) const;
  void encode_number(double x, Entries& out) const;
  void encode_text(std::string_view text, Entries& out) const;

  FieldSpec spec_;
  FeatureKind feature_;
  double mean_, deviation_;
  std::vector<double> bounds_;
  Vocabulary values_;
  WordPieces pieces_;
  std::uint64_t key_;
};

}  // namespace gusto::nn
