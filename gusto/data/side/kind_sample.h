#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "gusto/data/features.h"

namespace gusto {

/// The most records by which kinds are recognized: the first ones.
inline constexpr std::size_t kSampleRecords = 10000;

/// Whether a field stands for a missing value: it is empty, \N, N/A, NaN or null.
bool is_missing(std::string_view field);

/// What some values of a column tell of its kind, see recognize_side.
class KindSample {
 public:
  void add(std::string_view id, std::string_view field);
  /// Whether there are values, and all are numbers.
  bool all_numbers() const { return filled_ > 0 && numbers_ == filled_; }
  FeatureKind kind(std::string_view column_name) const;

 private:
  std::size_t filled_ = 0;
  std::size_t numbers_ = 0;
  std::size_t whole_ = 0;
  std::size_t padded_ = 0;  // numbers with needless zeros before them
  std::size_t bars_ = 0;
  std::size_t lists_ = 0;
  std::size_t words_ = 0;
  std::unordered_set<std::uint64_t> values_;
  std::unordered_set<std::uint64_t> ids_;    // that have a value
  std::unordered_set<std::uint64_t> pairs_;  // of id and value
};

}  // namespace gusto
