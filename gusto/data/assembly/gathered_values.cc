#include "gusto/data/assembly/gathered_values.h"

#include <algorithm>
#include <limits>

namespace gusto {

FeatureField GatheredValues::finish(std::string name, std::size_t rows) && {
  constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();
  FeatureField field;
  field.name = std::move(name);
  field.kind = FeatureKind::multi;
  std::stable_sort(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::uint32_t> last_row(values_.size(), kNoRow);
  field.offsets.reserve(rows + 1);
  field.offsets.push_back(0);
  auto next = pairs_.begin();
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (; next != pairs_.end() && next->first == row; ++next) {
      if (std::exchange(last_row[next->second], row) != row) field.ids.push_back(next->second);
    }
    field.offsets.push_back(field.ids.size());
  }
  field.values = std::move(values_);
  return field;
}

}  // namespace gusto
