#pragma once

/// The inner loops of the factorization machine's Gibbs sampler (Highway, dispatched once a call).
///
/// Each has a plain reference version in fm_kernels_test.cc or fm_sampler_test.cc. All run on the calling thread and
/// may be called concurrently on separate outputs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gusto {

/// The most blocks that a machine has.
inline constexpr std::size_t kMostFmBlocks = 4;

/// out[n] = independent standard normal numbers, a pure function of (key, n): Box–Muller in float32 on SplitMix64's
/// bits. No number lies further out than 5.8.
void fm_normals(std::uint64_t key, std::span<float> out);

/// Which rows of other blocks each of some events refers to.
struct FmLookup {
  std::size_t blocks = 0;
  std::array<const std::uint32_t*, kMostFmBlocks> rows{};  ///< by block, then event
};

/// Lays out side by side what the coordinates of one row are multiplied by:
///   h[0][e] = 1,  h[1 + f][e] = Σ_c tables[c][rows[c][e]][f],  and zeros from events to fm_padded(events)
/// Shapes   tables [rows × width], width a multiple of 4; h [1 + width × fm_padded(events)]
void fm_gather(const FmLookup& at, std::span<const float* const> tables, std::size_t width, std::size_t events,
               float* h);
/// Room for that many events, a multiple of the longest register.
constexpr std::size_t fm_padded(std::size_t events) { return (events + 15) / 16 * 16; }

/// What the coordinates θ of a row are drawn from: independent normals.
struct FmPriorView {
  std::span<const float> mean;
  std::span<const float> precision;
};

/// One Gibbs step for each coordinate of θ in turn, where events have the residuals r = y − … − Σ_c θ_c h_c:
///   p = λ_c + α Σ_e h_c²,   θ_c ← (λ_c μ_c + α Σ_e h_c (r + θ_c h_c)) / p + z_c / √p,   r brought up to date
/// h and residuals as fm_gather lays them out: `padded` long, zeros beyond the events.
void fm_sample_row(const FmPriorView& prior, float noise_precision, std::span<const float> normals, const float* h,
                   std::size_t padded, float* residuals, std::span<float> theta);

/// Of a row b and one factor f, what its columns need to know of its events: with R_e = Σ of the other blocks' factors,
/// count n, Σ R, Σ R², Σ r, Σ R r; the row's own factor q = Σ_j x_bj v_jf; and by how much r must still be lowered once
/// columns have changed, R_e · slope + shift.
struct FmRowSums {
  float count = 0;
  float sum = 0;
  float squares = 0;
  float residual = 0;
  float product = 0;
  float factor = 0;
  float slope = 0;
  float shift = 0;
};

/// For rows [row_begin, row_end) of a block, whose events lie at [begin[b], begin[b + 1]): lowers residuals by what is
/// still due for the factor before, then adds up for the next one. `previous` and `next` point to each other block's
/// factors of that one f, by row; null for the linear weights, which are multiplied by nothing.
void fm_shift_and_sum(const FmLookup& at, const float* const* previous, const float* const* next,
                      std::span<const std::uint64_t> begin, std::size_t row_begin, std::size_t row_end,
                      float* residuals, std::span<FmRowSums> sums);

/// Columns that a block's rows share, column-wise: column j is switched on by x in rows[offsets[j] … offsets[j + 1]).
struct FmColumns {
  std::span<const std::uint64_t> offsets;
  std::span<const std::uint32_t> rows;
  std::span<const float> weights;
};

/// One Gibbs step for the factor f of each column [begin, end) in turn; v, normals by column. An event's prediction
/// depends on v_j by h = x (R_e + q − x v_j).
void fm_sample_columns(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                       float noise_precision, const float* normals, float* v, std::span<FmRowSums> sums);
/// The same for the linear weights, h = x.
void fm_sample_weights(const FmColumns& columns, std::size_t begin, std::size_t end, float mean, float precision,
                       float noise_precision, const float* normals, float* w, std::span<FmRowSums> sums);

/// out[s] = Σ_f a[s·dim + f] · b[s·dim + f].
void fm_dots(const float* a, const float* b, std::size_t dim, std::span<float> out);

}  // namespace gusto
