#pragma once

/// The items of a simulation; the model is written down in simulation.h.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace gusto {

inline constexpr std::size_t kGenres = 18;
/// The parts into which the ten years are cut for what is popular.
inline constexpr std::size_t kPeriods = 8;
/// ‖τ‖: how much tastes move opinions, as a standard deviation.
inline constexpr double kTasteSpread = 0.72;

/// MovieLens' names of genres, in the alphabet's order.
extern const std::array<std::string_view, kGenres> kGenreNames;

/// One place of an alias table: this item where a uniform 32-bit number is below the threshold, else the other.
struct AliasSlot {
  std::uint32_t threshold;
  std::uint32_t item;
  std::uint32_t other;
};
/// Fills slots, whose items are set, so that pick() has chances in proportion to the weights (Walker 1977, Vose 1991).
/// Weights are not negative, and not all of them are 0.
void build_alias(std::span<const double> weights, std::span<AliasSlot> slots);
inline std::uint32_t pick(std::span<const AliasSlot> slots, std::uint64_t bits) {
  const AliasSlot& slot = slots[((bits >> 32) * slots.size()) >> 32];
  return static_cast<std::uint32_t>(bits) < slot.threshold ? slot.item : slot.other;
}

/// The inner product of padded vectors, always added up in the same order.
inline float padded_dot(const float* a, const float* b, std::size_t width) {
  std::array<float, 8> sums{};
  for (std::size_t k = 0; k < width; k += 8) {
    for (std::size_t j = 0; j < 8; ++j) sums[j] += a[k + j] * b[k + j];
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// Items' draws, and alias tables by which they are chosen. Shapes in brackets.
class SimulatedItems {
 public:
  SimulatedItems() = default;
  /// Error(cancelled)
  SimulatedItems(std::size_t count, std::size_t dim, double drift, Context& context);

  std::size_t size() const { return genres_.size(); }
  std::size_t dim() const { return dim_; }
  /// Floats of a row of vector().
  std::size_t width() const { return vectors_.cols(); }

  /// q_i, then quality at x = 0 and its change with x, then zeros.
  const float* vector(std::size_t item) const { return vectors_.row(item).data(); }
  float quality(std::size_t item) const { return vectors_(item, dim_); }
  float quality_drift(std::size_t item) const { return vectors_(item, dim_ + 1); }
  /// ln w_i at x = 0, and its change with x.
  float popularity(std::size_t item) const { return popularity_[item]; }
  float popularity_drift(std::size_t item) const { return popularity_drift_[item]; }
  /// Bit g stands for genre g.
  std::uint32_t genres(std::size_t item) const { return genres_[item]; }
  std::uint16_t year(std::size_t item) const { return years_[item]; }
  /// γ_g [18 × dim].
  const Matrix<float>& genre_tastes() const { return genre_tastes_; }

  /// W_g in a period; 0 for a genre without items.
  double genre_weight(std::size_t period, std::size_t genre) const { return genre_weights_[period * kGenres + genre]; }
  /// w_i / |G_i| in a period.
  float share(std::size_t period, std::size_t item) const { return shares_(period, item); }
  /// Steps 1 and 2 of a choice are a pick each.
  std::span<const AliasSlot> genre_items(std::size_t period, std::size_t genre) const {
    const std::size_t size = offsets_[genre + 1] - offsets_[genre];
    return std::span(slots_).subspan(period * offsets_[kGenres] + offsets_[genre], size);
  }

  static std::uint64_t memory(std::size_t count, std::size_t dim);

 private:
  void draw_genres(std::uint64_t seed);
  void draw_items(double drift, Context& context);
  void centre_quality();
  void fill_tables(Context& context);

  std::size_t dim_ = 0;
  Matrix<float> vectors_;
  std::vector<float> popularity_, popularity_drift_;
  std::vector<std::uint32_t> genres_;
  std::vector<std::uint16_t> years_;
  Matrix<float> genre_tastes_;
  Matrix<float> shares_;  // [periods × items]
  std::vector<double> genre_weights_;
  std::vector<std::size_t> offsets_;  // of genres, among the slots of one period
  std::vector<AliasSlot> slots_;
};

}  // namespace gusto
