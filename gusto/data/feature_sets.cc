#include "gusto/data/feature_sets.h"

#include <algorithm>

namespace gusto {

FeatureSets::FeatureSets(const FeatureTable& items) {
  std::vector<const FeatureField*> fields;
  for (const FeatureField& field : items.fields()) {
    if (field.has_values()) fields.push_back(&field);
  }
  const std::size_t rows = fields.empty() ? 0 : fields.front()->rows();
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint32_t base = 0;
    for (const FeatureField* field : fields) {
      for (const std::uint32_t id : field->ids_of(row)) ids_.push_back(base + id);
      base += static_cast<std::uint32_t>(field->values.size());
    }
    // A row may list a value twice; a set has it once.
    const auto begin = ids_.begin() + static_cast<std::ptrdiff_t>(offsets_.back());
    std::sort(begin, ids_.end());
    ids_.erase(std::unique(begin, ids_.end()), ids_.end());
    offsets_.push_back(ids_.size());
  }
}

std::span<const std::uint32_t> FeatureSets::operator[](ItemRow item) const {
  if (item.index + std::size_t{1} >= offsets_.size()) return {};
  return std::span(ids_).subspan(offsets_[item.index], offsets_[item.index + 1] - offsets_[item.index]);
}

double FeatureSets::distance(ItemRow a, ItemRow b) const {
  const std::span<const std::uint32_t> left = (*this)[a];
  const std::span<const std::uint32_t> right = (*this)[b];
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    common += left[i] == right[j] ? 1 : 0;
    const bool step_left = left[i] <= right[j];
    const bool step_right = right[j] <= left[i];
    i += step_left ? 1 : 0;
    j += step_right ? 1 : 0;
  }
  const std::size_t all = left.size() + right.size() - common;
  return all == 0 ? 0 : 1 - static_cast<double>(common) / static_cast<double>(all);
}

}  // namespace gusto
