#include "gusto/data/same_ids.h"

namespace gusto {

std::vector<std::optional<std::uint32_t>> same_ids(const Vocabulary& from, const Vocabulary& to) {
  std::vector<std::optional<std::uint32_t>> rows(from.size());
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = to.find(from[row]);
  return rows;
}

}  // namespace gusto
