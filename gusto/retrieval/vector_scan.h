#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/retrieval/top_lists.h"

namespace gusto {

/// Queries that are searched for at once.
inline constexpr std::size_t kScanQueries = 96;

/// One thread's working memory for searching with vectors: made once for a length of list and filters, run for block
/// after block of queries.
class VectorScan {
 public:
  virtual ~VectorScan() = default;

  /// Finds the lists of a block of at most kScanQueries queries [n × width].
  /// seen   for each query the rows of items that are in its history, ascending; not read if no filter leaves them out
  /// out    lists[f · n + q] is that of query q under filter f
  /// Errors not_finite, if a score is
  virtual void run(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
                   std::span<std::vector<ScoredItem>> lists) = 0;
};

/// A walk along one query's seen rows, beside candidates in ascending order.
class SeenCursor {
 public:
  explicit SeenCursor(std::span<const std::uint32_t> rows = {}) : rows_(rows) {}

  bool contains(std::uint32_t row) {
    while (next_ < rows_.size() && rows_[next_] < row) ++next_;
    return next_ < rows_.size() && rows_[next_] == row;
  }

 private:
  std::span<const std::uint32_t> rows_;
  std::size_t next_ = 0;
};

/// Searches for any number of queries, in blocks shared among threads; each thread makes a scan of its own, of one
/// filter.
TopLists search_vectors(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
                        const std::function<std::unique_ptr<VectorScan>()>& make_scan, Context& context);

[[noreturn]] void refuse_score(float score, std::uint32_t row);

/// Error(not_finite), naming the item, if a score is not finite.
inline void require_finite_score(float score, std::uint32_t row) {
  if (!std::isfinite(score)) refuse_score(score, row);
}

}  // namespace gusto
