#pragma once

/// The inner loop of search among vectors of 8-bit numbers: bounds on scores, compared with a threshold while they are
/// still in registers.
///
/// A panel holds kPanelItems items side by side, four numbers of an item together: byte number (w / 4 · kPanelItems +
/// i) · 4 + w mod 4 is number w of item i, plus 128. A register lane so holds the sum of one item (VNNI's dot product
/// of four bytes where the processor has it, products of 16 bits elsewhere; the sums are whole numbers and the same).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/retrieval/panel_kernels.h"

namespace gusto {

/// The width in bytes of a row, so that it is made of whole groups of four.
constexpr std::size_t int8_width(std::size_t width) { return (width + 3) / 4 * 4; }

/// Items as 8-bit numbers: x ≈ scale · b. Arrays are as long as the panels have items.
struct Int8Panels {
  std::size_t width = 0;  ///< of the vectors
  AlignedVector<std::uint8_t> bytes;
  AlignedVector<float> scales;
  AlignedVector<float> residuals;  ///< an upper bound of ‖x − scale · b‖, with room for the rounding of sums
  AlignedVector<float> norms;      ///< of scale · b
};

/// Four numbers of a query, in the forms in which they are multiplied.
struct Int8Word {
  std::int32_t bytes;  ///< all four
  std::int32_t even;   ///< the first and the third, as 16-bit numbers
  std::int32_t odd;    ///< the second and the fourth
};

/// A query q as 8-bit numbers: q ≈ scale · b. Everything else is in units of that scale.
struct Int8Query {
  std::vector<Int8Word> words;  ///< of b
  std::int32_t total = 0;       ///< Σ b
  float norm = 0;               ///< ‖q‖
  float residual = 0;           ///< ‖q − scale · b‖
};

/// The words and the total of b, which is int8_width(width) long.
Int8Query int8_query(std::span<const std::int8_t> bytes, float norm, float residual);

/// Finds the items whose upper bound of the score is not below the threshold:
///
///   bound = scale_i · Σ_w b_q[w] · b_i[w] + ‖q‖ · ‖x_i − scale_i b_i‖ + ‖q − scale b_q‖ · ‖scale_i b_i‖
///
/// in units of the query's scale. A threshold of NaN lets all bounds pass, and a bound that is NaN always passes.
/// `hits` gets positions from the first panel's first item on, and the bounds; both have room for
/// all items of the panels, and kPanelItems more (whole vectors are stored).
void scan_int8(const Int8Panels& items, std::size_t first_panel, std::size_t panel_count, const Int8Query& query,
               float threshold, PanelHits& hits);

}  // namespace gusto
