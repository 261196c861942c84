#pragma once

/// The kernel that turns gradients into steps, dispatched once per list of rows.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace gusto::nn {

enum class OptimizerKind {
  adam,     ///< Kingma & Ba 2015
  adamw,    ///< Adam with decoupled weight decay (Loshchilov & Hutter 2019)
  adagrad,  ///< Duchi, Hazan, Singer 2011
  sgd,      ///< gradient descent, with momentum (Polyak 1964) if set
};

/// One addend of a row's gradient, and where the next is: a chain in the order of the batch.
struct GradientPiece {
  static constexpr std::uint32_t kEnd = std::numeric_limits<std::uint32_t>::max();
  const float* gradient;
  float weight;
  std::uint32_t next;
};

/// One row to update, with its optimizer state.
struct RowUpdate {
  float* values;
  float* first;        ///< m of Adam, Σg² of Adagrad, velocity of SGD with momentum; null if not kept
  float* second;       ///< v of Adam; null if not kept
  float read;          ///< what decay put off has left of the values: 1 or less
  float reg;           ///< λ times the row's share of the batch
  std::uint32_t head;  ///< first piece
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

/// For each row: w ← read · w; g = scale · (Σ pieces + reg · w); then by kind
///   adam     m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← keep · w − rate · m / (√v + ε)
///   adagrad  s ← s + g²; w ← keep · w − rate · g / (√s + ε)
///   sgd      u ← μu + g (u = g without momentum); w ← keep · w − rate · u
/// Rows are disjoint and `width` long; pieces' gradients don't overlap them.
void update_rows(std::span<const RowUpdate> rows, std::span<const GradientPiece> pieces, std::size_t width,
                 const StepRates& rates);

/// Σ over rows of ‖Σ pieces + reg · read · w‖², for clipping.
double gradient_norm(std::span<const RowUpdate> rows, std::span<const GradientPiece> pieces, std::size_t width);

}  // namespace gusto::nn
