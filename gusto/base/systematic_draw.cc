#include "gusto/base/systematic_draw.h"

#include <cstddef>
#include <numeric>

namespace gusto {

std::vector<std::uint32_t> systematic_draw(std::span<const float> weights, double offset) {
  const std::size_t n = weights.size();
  std::vector<std::uint32_t> drawn;
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0)) return drawn;
  drawn.reserve(n);
  const double step = total / static_cast<double>(n);
  double sum = 0;
  std::size_t last = 0;  // that can be drawn
  for (std::size_t i = 0; i < n; ++i) {
    if (weights[i] == 0) continue;
    last = i;
    sum += static_cast<double>(weights[i]);
    while (drawn.size() < n && (static_cast<double>(drawn.size()) + offset) * step < sum) {
      drawn.push_back(static_cast<std::uint32_t>(i));
    }
  }
  drawn.resize(n, static_cast<std::uint32_t>(last));  // what rounding left at the end
  return drawn;
}

}  // namespace gusto
