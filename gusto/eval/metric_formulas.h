#pragma once

/// The formulas of docs/reference/metrics.md on plain numbers: of one event, of one user's list, and the area under the
/// curve.
///
/// Everything here is a pure function and may be called concurrently.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gusto {

// Of one event.

constexpr double squared_error(double predicted, double actual) { return (predicted - actual) * (predicted - actual); }
constexpr double absolute_error(double predicted, double actual) {
  return predicted < actual ? actual - predicted : predicted - actual;
}
/// −log p of what happened, p held inside [2⁻⁵², 1 − 2⁻⁵²].
double log_loss(double probability, bool liked);
/// 1 if probability ≥ ½ says what happened, else 0.
constexpr double accuracy(double probability, bool liked) { return (probability >= 0.5) == liked ? 1 : 0; }

// The area under the ROC curve.

/// Probability that a random liked event scores above a random other one, a tie counting half; and what each event
/// adds.
struct AreaUnderCurve {
  double value = 0;
  std::uint64_t liked = 0;
  std::uint64_t other = 0;
  /// Placement values: of a liked event the share of other events that score below it, of another event the share of
  /// liked ones that score above it, ties counting half. The mean of either kind is `value`.
  std::vector<double> placements;
};

/// Source   DeLong, DeLong, Clarke-Pearson: Comparing the areas under two or more correlated ROC curves, 1988
/// Cost     O(n log n)
/// Errors   not_finite, for a NaN score; with no liked or no other event, value is 0 and placements are 0
AreaUnderCurve area_under_curve(std::span<const float> scores, std::span<const std::uint8_t> liked);

// Of one user's list.

/// Where a list has hits. A list shorter than k, because fewer candidates were left, is measured as it is.
struct Hits {
  std::span<const std::uint32_t> positions;  ///< 0-based positions of test items in the list, ascending, all below k
  std::size_t test_items = 0;                ///< the user's test items, at least 1
  std::size_t k = 0;                         ///< list length asked for
};

double hit_rate(const Hits& hits);    ///< 1 if there is a hit
double precision(const Hits& hits);   ///< hits / k
double recall(const Hits& hits);      ///< hits / test items
double recall_min(const Hits& hits);  ///< hits / min(k, test items)
double ndcg(const Hits& hits);        ///< Σ_hits 1/log2(p + 2), divided by that of min(k, test items) hits on top
double average_precision(const Hits& hits);  ///< Σ_hits precision up to the hit, divided by min(k, test items)
double reciprocal_rank(const Hits& hits);    ///< 1 / (p + 1) of the first hit

}  // namespace gusto
