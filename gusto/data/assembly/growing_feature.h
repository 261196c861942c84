#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/assembly/gathered_values.h"
#include "gusto/data/features.h"

namespace gusto {

/// A feature in the making, for rows that come in any order and again. Of a number, a text and a category the last
/// value counts; a multi-valued feature gathers all values of a row, each once.
class GrowingFeature {
 public:
  GrowingFeature(std::string name, FeatureKind kind);

  const std::string& name() const { return field_.name; }
  FeatureKind kind() const { return field_.kind; }
  /// Values that another one of the same row has replaced.
  std::uint64_t replaced() const { return replaced_; }

  /// Sets a number, which is not NaN.
  void set_number(std::uint32_t row, double number);
  /// Sets a text or a category, or adds to several values; it is not empty.
  void set_value(std::uint32_t row, std::string_view value);

  /// By row, as far as rows have come.
  std::span<const double> numbers() const { return numbers_; }
  /// Rows that have a category, and how many categories there are.
  std::size_t filled() const;
  std::size_t categories() const { return field_.values.size(); }

  /// The feature, with that many rows.
  FeatureField finish(std::size_t rows) &&;

 private:
  template <class Value>
  void set_last(std::vector<Value>& values, std::uint32_t row, Value value, const Value& missing);

  FeatureField field_;
  std::vector<double> numbers_;
  std::vector<std::uint32_t> single_;  // by row, of a categorical field
  GatheredValues several_;             // of a multi field
  std::uint64_t replaced_ = 0;
};

}  // namespace gusto
