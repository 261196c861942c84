#include "gusto/models/simple/number_ranges.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "gusto/nn/schema.h"

namespace gusto {

NumberRanges::NumberRanges(std::span<const double> numbers, std::size_t most) {
  std::vector<double> known;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(known), [](double x) { return !std::isnan(x); });
  if (known.empty()) return;
  std::vector<double> values = known;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() <= most) {
    for (const double value : values) names_.push_back(fmt::format("{}", value));
    values.pop_back();
    bounds_ = std::move(values);
    return;
  }
  bounds_ = nn::quantile_bounds(std::move(known), most);
  names_.push_back(bounds_.empty() ? "any" : fmt::format("up to {}", bounds_.front()));
  for (std::size_t r = 1; r < bounds_.size(); ++r) {
    names_.push_back(fmt::format("above {}, up to {}", bounds_[r - 1], bounds_[r]));
  }
  if (!bounds_.empty()) names_.push_back(fmt::format("above {}", bounds_.back()));
}

std::size_t NumberRanges::operator()(double x) const {
  return static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), x) - bounds_.begin());
}

}  // namespace gusto
