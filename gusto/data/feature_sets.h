#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/features.h"
#include "gusto/data/rows.h"

namespace gusto {

/// What items are, as sets of their categorical and multi-valued features together.
class FeatureSets {
 public:
  explicit FeatureSets(const FeatureTable& items);

  /// Whether there is any such feature at all.
  bool empty() const { return ids_.empty(); }
  /// Ascending numbers that stand for (field, value); none for an item that has no value.
  std::span<const std::uint32_t> operator[](ItemRow item) const;
  /// 1 − |A ∩ B| / |A ∪ B|; 0 if both are empty.
  double distance(ItemRow a, ItemRow b) const;

 private:
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> ids_;
};

}  // namespace gusto
