#pragma once

/// Vector kernels that look up rows of a table, dispatched once per call to the best instructions of the processor
/// (Highway). All run on the calling thread and may be called concurrently.

#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"
#include "gusto/nn/bag.h"

namespace gusto::nn::kernels {

/// The largest; 0 of none.
std::uint32_t largest(std::span<const std::uint32_t> ids);

/// out_r = table_{ids[r]}. Rows of the table are fetched some steps ahead.
void gather(MatrixView<const float> table, std::span<const std::uint32_t> ids, MatrixView<float> out);

/// A table whose ids go on in a second matrix: id ≥ rows stands for row id − rows of `extra_rows`.
struct ExtendedTable {
  MatrixView<const float> rows;
  MatrixView<const float> extra_rows;
};

/// out_r = Σ_e weight_e · row id_e over the entries of example r, added up in order of e; zeros where there are none.
void sum_bags(const ExtendedTable& table, const Bag& bag, MatrixView<float> out);

}  // namespace gusto::nn::kernels
