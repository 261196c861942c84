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
inline constexpr double kTasteStddev = 0.72;

/// MovieLens' names of genres, in the alphabet's order.
extern const std::array<std::string_view, kGenres> kGenreNames;

/// One place of an alias table: this item where a uniform 32-bit number is below the threshold, else the other.
struct AliasSlot {
  std::uint32_t threshold;
  std::uint32_t item;
  std::uint32_t other;
};
/// Fills slots, whose items are set, so that pick_alias() has chances in proportion to the weights (Walker 1977, Vose
/// 1991). Weights are not negative, and not all of them are 0.
void build_alias(std::span<const double> weights, std::span<AliasSlot> slots);
inline std::uint32_t pick_alias(std::span<const AliasSlot> slots, std::uint64_t bits) {
  const AliasSlot& slot = slots[((bits >> 32) * slots.size()) >> 32];
  return static_cast<std::uint32_t>(bits) < slot.threshold ? slot.item : slot.other;
}

/// The items of a genre in a period, the most popular first.
struct GenreList {
  std::span<const std::uint32_t> items;
  /// Of the items from each place on, the sum of w_i / |G_i|: one more than items, from W_g to 0.
  std::span<const double> rest;
  /// guide[b], b = 0 … items.size(): the place at which `rest` falls to b / items.size() of W_g or below, less 1.
  std::span<const std::uint32_t> guide;

  /// To pick an item from a place on, in proportion to popularity: three steps, so that many picks can wait for memory
  /// side by side. The rest from there is above 0; uniform is in [0, 1).
  struct Aim {
    double at;         ///< in [0, rest[from])
    std::size_t part;  ///< of the guide
    std::uint32_t low, high;
  };
  Aim aim(std::size_t from, double uniform) const;
  void narrow(Aim& aim) const;
  std::uint32_t pick(const Aim& aim) const;
};

/// The inner product of padded vectors, always added up in the same order.
inline float padded_dot(const float* a, const float* b, std::size_t width) {
  std::array<float, 8> sums{};
  for (std::size_t k = 0; k < width; k += 8) {
    for (std::size_t j = 0; j < 8; ++j) sums[j] += a[k + j] * b[k + j];
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// Items' draws, and tables by which they are chosen. Shapes in brackets.
class SimulatedItems {
 public:
  SimulatedItems() = default;
  /// Error(canceled)
  SimulatedItems(std::size_t count, std::size_t dim, double drift, double tail, std::uint64_t seed, Context& context);

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
  double genre_weight(std::size_t period, std::size_t genre) const { return genre_list(period, genre).rest[0]; }
  /// w_i / |G_i| in a period.
  float share(std::size_t period, std::size_t item) const { return shares_(period, item); }
  /// All items in a period, the most popular first.
  std::span<const std::uint32_t> ranking(std::size_t period) const { return ranking_.row(period); }
  GenreList genre_list(std::size_t period, std::size_t genre) const;
  /// How many of the 2^level most popular items in a period have the genre: they come first in its list.
  std::uint32_t head(std::size_t period, std::size_t level, std::size_t genre) const {
    return heads_[(period * levels_ + level) * kGenres + genre];
  }

  static std::uint64_t memory(std::size_t count, std::size_t dim);

 private:
  void draw_genres(std::uint64_t seed);
  void draw_items(double drift, double tail, std::uint64_t seed, Context& context);
  void center_quality();
  void rank(Context& context);
  void fill_period(std::size_t period);

  std::size_t dim_ = 0;
  Matrix<float> vectors_;
  std::vector<float> popularity_, popularity_drift_;
  std::vector<std::uint32_t> genres_;
  std::vector<std::uint16_t> years_;
  Matrix<float> genre_tastes_;
  Matrix<float> shares_;  // [periods × items]
  std::size_t levels_ = 0;
  Matrix<std::uint32_t> ranking_;     // [periods × items]
  std::vector<std::size_t> offsets_;  // of genres, in the lists of one period laid end to end
  std::vector<std::uint32_t> lists_;
  std::vector<double> rests_;          // one more a genre than the list has
  std::vector<std::uint32_t> guides_;  // the same
  std::vector<std::uint32_t> heads_;   // [periods × levels × genres]
};

}  // namespace gusto
