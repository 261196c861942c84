#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace gusto {

/// Ranges that a feature of numbers is cut into: one for each value if there are few, else by nn::quantile_bounds.
/// Range r is (bounds[r − 1], bounds[r]]; the last has no end.
class NumberRanges {
 public:
  NumberRanges() = default;
  /// Numbers that are NaN count for nothing. Cost  O(n log n)
  NumberRanges(std::span<const double> numbers, std::size_t most);

  std::size_t size() const { return names_.size(); }
  /// The range of a number that is not NaN; one without ranges has none to give.
  std::size_t operator()(double x) const;
  /// "25", "up to 1990", "above 1990, up to 1994", "above 2000".
  const std::string& name(std::size_t range) const { return names_[range]; }

 private:
  std::vector<double> bounds_;
  std::vector<std::string> names_;
};

}  // namespace gusto
