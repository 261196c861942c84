#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/deferred.h"
#include "gusto/base/shared_array.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

enum class FeatureKind {
  categorical,  ///< at most one value from a vocabulary: gender, occupation
  multi,        ///< any number of values from a vocabulary: genres
  number,       ///< a number: age, year
  text,         ///< free text: title, plot
};
std::string_view to_string(FeatureKind kind);

/// The numbers of a feature: its own, or ones that lie elsewhere and are copied when one is added.
/// Cost     copies share numbers that lie elsewhere
/// Threads  const members may be called concurrently
class FeatureNumbers {
 public:
  FeatureNumbers() = default;
  FeatureNumbers(std::vector<double> numbers) : own_(std::move(numbers)) {}
  FeatureNumbers(SharedArray<double> numbers) : borrowed_(std::move(numbers)) {}

  std::span<const double> span() const { return borrowed_.empty() ? std::span<const double>(own_) : borrowed_.span(); }
  std::size_t size() const { return span().size(); }
  double operator[](std::size_t row) const { return span()[row]; }
  auto begin() const { return span().begin(); }
  auto end() const { return span().end(); }
  void push_back(double number) {
    if (!borrowed_.empty()) {
      own_.assign(borrowed_.begin(), borrowed_.end());
      borrowed_ = {};
    }
    own_.push_back(number);
  }

 private:
  std::vector<double> own_;
  SharedArray<double> borrowed_;  // if not empty, `own_` is
};

/// A named feature of users or of items, column-wise. Rows without a value are allowed everywhere.
/// categorical, multi   row r has ids[offsets[r] … offsets[r+1]) into values
/// number               row r has numbers[r], NaN when missing
/// text                 row r has the r-th entry of texts, empty when missing
struct FeatureField {
  std::string name;
  FeatureKind kind = FeatureKind::categorical;
  Vocabulary values;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> ids;
  FeatureNumbers numbers;
  std::vector<std::string> texts;

  std::size_t rows() const;
  /// Whether rows have values of a vocabulary, which several of them may share: categorical or multi.
  bool has_values() const { return kind == FeatureKind::categorical || kind == FeatureKind::multi; }
  /// Value ids of a row of a categorical or multi field.
  std::span<const std::uint32_t> ids_of(std::size_t row) const;
  /// A row's value for people: "Comedy, Drama", "1995", "Toy Story (1995)"; empty when missing.
  std::string display(std::size_t row) const;
  /// Whether a row carries a value, by its text: a categorical or multi value exactly, a number by value, a text by
  /// substring; letters' case is ignored.
  bool matches(std::size_t row, std::string_view value) const;
  /// Appends one row. For a multi field, `value` holds values separated by '|'. Error(invalid_input) for no number.
  void append(std::string_view value);
  /// Appends one row without a value.
  void append_missing();
};

/// The feature fields of one side, all with the same number of rows.
class FeatureTable {
 public:
  FeatureTable() = default;
  /// Error(invalid_input) if fields differ in rows or share a name
  explicit FeatureTable(std::vector<FeatureField> fields);
  /// Fields that are asked for when one is first used, checked as above.
  explicit FeatureTable(Deferred<std::vector<FeatureField>> fields) : fields_(std::move(fields)) {}

  std::span<const FeatureField> fields() const { return fields_.get(); }
  const FeatureField* find(std::string_view name) const;
  /// Error(not_found) with the nearest name.
  const FeatureField& at(std::string_view name) const;

  /// Adds fields of that many rows. Those already there, which have at most as many, get rows without a value.
  /// Error(invalid_input) as in construction
  void extend(std::vector<FeatureField> more, std::size_t rows);

 private:
  Deferred<std::vector<FeatureField>> fields_;
};

/// Error(invalid_option), naming the feature and what it is used for, unless it has_values().
void require_values(const FeatureField& field, std::string_view use);

/// What FeatureTable asks of its fields. Error(invalid_input)
void check_fields(std::span<const FeatureField> fields);

}  // namespace gusto
