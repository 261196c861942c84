#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/data/features.h"

namespace gusto {

/// A multi-valued feature in the making: values of rows that come in any order.
///
/// Memory   8 bytes a value of a row, beside the different values themselves
class GatheredValues {
 public:
  void add(std::uint32_t row, std::string_view value) { add(row, values_.add(value)); }
  /// A value by its place in `values`.
  void add(std::uint32_t row, std::uint32_t value) { pairs_.emplace_back(row, value); }

  Vocabulary& values() { return values_; }
  std::span<const std::pair<std::uint32_t, std::uint32_t>> pairs() const { return pairs_; }

  /// The feature, with that many rows. A row has its values in the order in which they came, each once.
  /// Cost     O(n log n) for n values of rows
  FeatureField finish(std::string name, std::size_t rows) &&;

 private:
  Vocabulary values_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;  // row and value
};

}  // namespace gusto
