#pragma once

/// The kernel that turns gradients into steps, dispatched once per list of rows.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "gusto/nn/training.h"

namespace gusto::nn {

/// Where gradients lie: row n at data + n · stride.
struct GradientSource {
  const float* data;
  std::size_t stride;
};

/// One addend of a row's gradient, and where the next is: a chain in the order of the batch.
struct GradientPiece {
  static constexpr std::uint32_t kEnd = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t source;
  std::uint32_t example;  ///< row of the source
  float weight;
  std::uint32_t next;
};

/// A row that a batch touched.
struct TouchedRow {
  std::uint32_t row;
  std::uint32_t head;  ///< first piece of its gradient
  float lookups;       ///< how many pieces there are
  float read;          ///< what decay put off has left of the row: 1 or less
};

/// What is updated, and the optimizer's state of it: row r at values + r · width, first and second likewise.
struct UpdateTarget {
  float* values;
  float* first;   ///< m of Adam, Σg² of Adagrad, velocity of SGD with momentum; null if not kept
  float* second;  ///< v of Adam; null if not kept
  std::size_t width;
  float reg;  ///< for one lookup
};

/// One step's numbers. Adam's bias corrections are folded in: rate = η √(1 − β₂ᵗ) / (1 − β₁ᵗ), epsilon = ε √(1 − β₂ᵗ).
struct StepRates {
  OptimizerKind kind;
  float rate;
  float first_decay;   ///< β₁, or SGD's momentum
  float second_decay;  ///< β₂
  float epsilon;
  float keep;            ///< 1 − η · weight decay
  float gradient_scale;  ///< of clipping
};

/// For each row: w ← read · w; g = scale · (Σ weight · source row + reg · lookups · w); then by kind
///   adam     m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← keep · w − rate · m / (√v + ε)
///   adagrad  s ← s + g²; w ← keep · w − rate · g / (√s + ε)
///   sgd      u ← μu + g (u = g without momentum); w ← keep · w − rate · u
/// Rows are disjoint, and sources don't overlap them.
void update_rows(const UpdateTarget& target, std::span<const TouchedRow> rows, std::span<const GradientPiece> pieces,
                 std::span<const GradientSource> sources, const StepRates& rates);

/// Σ over rows of ‖Σ weight · source row + reg · lookups · read · w‖², for clipping.
double gradient_norm(const UpdateTarget& target, std::span<const TouchedRow> rows,
                     std::span<const GradientPiece> pieces, std::span<const GradientSource> sources);

}  // namespace gusto::nn
