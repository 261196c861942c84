#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/models/bayes/fm_sampler.h"

namespace gusto {

/// Φ(x), the standard normal distribution function, and its inverse for 0 < p < 1; to about 15 digits.
/// Source   the inverse: Wichura: Algorithm AS 241, Applied Statistics 1988
double normal_below(double x);
double normal_quantile(double p);

/// A standard normal number given that it lies in [low, high], which may be infinite, by inversion of u in [0, 1).
double truncated_normal(double low, double high, double u);

/// Ordered levels 0 … K − 1, seen when a latent z = ŷ + N(0, 1) falls between cut points: level r if c_{r−1} < z ≤ c_r,
/// with c_{−1} = −∞ and c_{K−1} = ∞.
///
/// A sweep draws the cut points given the machine's outputs, with the latents left out, by an independent Metropolis
/// step from the normal distribution about their mode; then all latents. Outputs are rounded to 1/1024 for the cut
/// points, so that they cost as much as there are distinct outputs.
/// Source   Albert, Chib: Sequential ordinal modeling, Biometrics 2001; Cowles 1996 on why latents are left out
/// Cost     O(events) a sweep, about 100 ns each
/// Memory   5 bytes an event; while cut points are drawn, 128 KiB a level, and 12 bytes for each level and output,
///          rounded
/// Errors   not_finite, from draw(), if an output is not a number
/// Threads  an object belongs to one thread at a time; draw() runs on the context's. All functions beside may be called
///          concurrently.
class ProbitOutput final : public FmOutput {
 public:
  /// Bytes that so many events of so many levels need at most.
  static std::uint64_t memory_need(std::uint64_t events, std::uint64_t level_count);

  /// Every one of `level_count` levels comes up.
  ProbitOutput(std::vector<std::uint8_t> levels, std::size_t level_count);
  float target(std::size_t e) const override { return latents_[e]; }
  double draw(std::uint64_t seed, std::size_t sweep, std::span<float> residuals, Context& context) override;
  std::span<const double> cuts() const override { return cuts_; }

 private:
  std::vector<std::uint8_t> levels_;
  std::vector<double> cuts_;
  std::vector<float> latents_;
};

/// How many events of a level have an output, rounded.
struct OutputCount {
  std::uint32_t level;
  float output;
  std::uint32_t count;
};

/// The logarithm of the cut points' likelihood, its slope and the negative of its second derivatives (tridiagonal).
struct CutLikelihood {
  double value = 0;
  std::vector<double> slope;
  std::vector<double> diagonal;
  std::vector<double> beside;  ///< at (r, r + 1)
};
CutLikelihood cut_likelihood(std::span<const OutputCount> counts, std::span<const double> cuts);

/// One Metropolis step for the cut points.
void draw_cuts(std::span<const OutputCount> counts, Random& random, std::vector<double>& cuts);

/// The latent of an event of that level, given its output, the standard deviation of its noise and a uniform number.
float draw_latent(std::span<const float> cuts, std::size_t level, float output, float deviation, double u);

/// The mean of levels' values, and of their squares, given an output.
struct LevelMoments {
  double mean = 0;
  double square = 0;
};
LevelMoments level_moments(std::span<const float> values, std::span<const float> cuts, double output);

}  // namespace gusto
