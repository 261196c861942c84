#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gusto::nn {

/// The id of a value that training has not met, or that is missing.
inline constexpr std::uint32_t kUnknown = 0;
/// What an entry weighs unless it is told otherwise.
inline constexpr float kFullWeight = 1;

/// The ids that one field has in each example of a batch, with weights: every kind of field comes down to this.
///
/// Example r has entries [offsets[r], offsets[r + 1]), and stands for Σ weights[e] · row ids[e] of a table. A user, an
/// item or a category is one entry of weight 1; a multi-valued field has entries of weight 1/n each, which is their
/// mean; a number x is one entry of weight x, so that its one row is a direction; a missing value is an entry for the
/// field's missing row.
///
/// Shapes   offsets [rows + 1], or empty where each example has exactly one entry; ids [entries];
///          weights [entries], or empty where all are 1
struct Bag {
  std::size_t rows = 0;
  std::span<const std::uint32_t> ids;
  std::span<const std::uint32_t> offsets;
  std::span<const float> weights;

  std::size_t begin(std::size_t row) const { return offsets.empty() ? row : offsets[row]; }
  std::size_t end(std::size_t row) const { return offsets.empty() ? row + 1 : offsets[row + 1]; }
  float weight(std::size_t entry) const { return weights.empty() ? 1.0F : weights[entry]; }
};

}  // namespace gusto::nn
