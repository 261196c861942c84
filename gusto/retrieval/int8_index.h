#pragma once

/// Search by inner product among vectors of 8-bit numbers, re-ranked by the float vectors.
///
/// Each item is rounded to a scale of its own and 127 steps either side of zero, each query likewise. By Cauchy and
/// Schwarz a score differs from that of the rounded vectors x̂, q̂ by at most
///
///   |q·x − q̂·x̂| ≤ ‖q‖ ‖x − x̂‖ + ‖q − q̂‖ ‖x̂‖
///
/// so a scan of a quarter of the bytes gives a lower and an upper bound of every score. An item whose upper bound is
/// below the k-th best lower bound cannot be in the list; the scores of those that are left, some k more, are computed
/// from the float vectors. The lists are those of exact search, to the bit: rounding costs time where scores lie close,
/// never recall.

#include <memory>

#include "gusto/retrieval/exact_index.h"
#include "gusto/retrieval/int8_kernels.h"

namespace gusto {

/// Memory   items · (width + 12) bytes, beside the float vectors, which stay where they are
/// Threads  const members may be called concurrently
class Int8Index {
 public:
  /// items [n × width] must outlive the index.
  Int8Index(MatrixView<const float> items, Context& context);

  std::uint64_t bytes() const { return panels_.bytes.size() + 3 * panels_.scales.size() * sizeof(float); }

  /// For search_vectors(). The filter must outlive what is returned.
  std::unique_ptr<VectorScan> scan(const PreparedFilter& filter, std::size_t k) const;

 private:
  MatrixView<const float> items_;
  Int8Panels panels_;
};

}  // namespace gusto
