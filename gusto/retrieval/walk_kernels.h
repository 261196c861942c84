#pragma once

/// The inner loop of walks through graphs of vectors. Its plain reference version is in hnsw_index_test.cc.
/// Dispatched once a list.

#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"

namespace gusto {

/// out[n] = Σ_w query[w] · vectors(rows[n], w), added up in an order that depends only on the width and the CPU level.
/// All rows are fetched before the first is read.
void row_products(MatrixView<const float> vectors, std::span<const std::uint32_t> rows, const float* query, float* out);

}  // namespace gusto
