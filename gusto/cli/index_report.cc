#include "gusto/cli/index_report.h"

#include <fmt/core.h>

namespace gusto::cli {

std::string describe_index(const Index& index) {
  const IndexQuality& quality = index.quality();
  if (quality.queries == 0) return std::string(to_string(index.kind()));
  return fmt::format("{}: finds {:.1f} % of the 10 best, {:.1f} % of the 100 best", to_string(index.kind()),
                     100 * quality.recall_at_10, 100 * quality.recall_at_100);
}

}  // namespace gusto::cli
