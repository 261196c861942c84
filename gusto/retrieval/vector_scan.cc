#include "gusto/retrieval/vector_scan.h"

#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/error.h"

namespace gusto {

TopLists search_vectors(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
                        const std::function<std::unique_ptr<VectorScan>()>& make_scan, Context& context) {
  std::vector<std::vector<ScoredItem>> lists(queries.rows);
  std::vector<std::unique_ptr<VectorScan>> scans(context.threads());
  parallel_blocks(context, queries.rows, kScanQueries, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!scans[worker]) scans[worker] = make_scan();
    scans[worker]->run(queries.slice(begin, end), seen.empty() ? seen : seen.subspan(begin, end - begin),
                       std::span(lists).subspan(begin, end - begin));
  });
  TopLists joined;
  for (const std::vector<ScoredItem>& list : lists) joined.add(list);
  return joined;
}

void refuse_score(float score, std::uint32_t row) {
  throw Error(ErrorCode::not_finite, fmt::format("The score of item row {} is {}.", row, score),
              "Vectors hold a number that is not finite, or ones so large that their product overflows.");
}

}  // namespace gusto
