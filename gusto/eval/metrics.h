#pragma once

/// The table of metrics, and the formulas of docs/reference/metrics.md on plain numbers: of one event, of one user's list,
/// and the area under the curve.
///
/// Everything here is a pure function and may be called concurrently.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gusto/models/task.h"

namespace gusto {

// What metrics are functions of, see gusto/eval/metric_inputs.h.
struct AllLists;
struct ScoredEvents;
struct SetFigure;
struct UserList;

/// What a metric says; the sections of docs/reference/metrics.md.
enum class MetricCategory {
  accuracy,         ///< how right predictions are
  calibration,      ///< how right probabilities are
  ranking,          ///< how well what is liked is told from the rest
  beyond_accuracy,  ///< what lists are like, whether or not they hit
  sampled_ranking,  ///< as ranking, among the candidates that a split gives each user, and only measured there
};

/// Of ratings: the mean over test events of this, or the root of that mean.
struct ErrorMean {
  double (*of)(double predicted, double actual);
  bool root = false;
};
/// Of likes: the mean over test events of this.
struct ProbabilityMean {
  double (*of)(double probability, bool liked);
};
/// Of likes: all test events at once. Nothing where the metric does not exist.
struct EventSetMetric {
  std::optional<SetFigure> (*of)(const ScoredEvents& events);
};
/// Of top-n: the mean over users of this; those for whom there is nothing are left out.
struct ListMean {
  std::optional<double> (*of)(const UserList& list);
};
/// Of top-n: the sum over users of this, divided by the number of all test events. Lists keep the items that were seen.
struct SeenListRatio {
  double (*of)(const UserList& list);
};
/// Of top-n: the lists of all users at once. Nothing where the metric does not exist.
struct ListSetMetric {
  std::optional<SetFigure> (*of)(const AllLists& lists);
};
using MetricFunction = std::variant<ErrorMean, ProbabilityMean, EventSetMetric, ListMean, SeenListRatio, ListSetMetric>;

/// What a metric is for where results are shown.
enum class MetricRole {
  plain,
  primary,  ///< models are ranked by the first one of the task that is measured
  second,   ///< shown beside the primary one
};

/// One row of the table of metrics.
struct MetricInfo {
  std::string_view name;  ///< without "@k"
  Task task;
  MetricCategory category;
  bool at_k;              ///< measured once for every list length, and then called name@k
  bool higher_is_better;  ///< for those that are neither good nor bad, what is usually wished for
  std::string_view help;  ///< one line
  MetricFunction measure;
  MetricRole role = MetricRole::plain;

  constexpr bool sampled() const { return category == MetricCategory::sampled_ranking; }
};
using MetricTable = std::span<const MetricInfo>;

/// All metrics of gusto, in the order of docs/reference/metrics.md. Whoever has metrics of their own gives a table of their
/// own to EvaluateOptions, and to the functions below.
MetricTable metric_table();

/// The table's row of "ndcg@10" or "ndcg". Error(invalid_option) with the nearest name.
const MetricInfo& find_metric(std::string_view name, MetricTable table = metric_table());

/// "ndcg@10", or "rmse" for a metric without list lengths.
std::string metric_name(const MetricInfo& metric, std::size_t k);

/// Which values of a metric are better: "higher" or "lower".
constexpr std::string_view better_word(bool higher_is_better) { return higher_is_better ? "higher" : "lower"; }

/// Names of all metrics of a task at these list lengths, in the table's order, lengths in the order given.
std::vector<std::string> metric_names(Task task, std::span<const std::size_t> k, MetricTable table = metric_table());

/// Those of metric_names() that `wanted` names; all if it is empty. "ndcg" stands for ndcg at every length.
/// Errors   invalid_option, for a name that is unknown, of another task, or at a length that is not measured
std::vector<std::string> select_metrics(Task task, std::span<const std::size_t> k, std::span<const std::string> wanted,
                                        MetricTable table = metric_table());

/// What models are ranked by: the task's first primary metric at the first length that is among the names (rmse, auc, ndcg or
/// else sampled-ndcg), or the first name if none is.
std::string primary_metric(Task task, std::span<const std::size_t> k, std::span<const std::string> names,
                           MetricTable table = metric_table());

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

/// Probability that a random liked event scores above a random other one, a tie counting half; and what each event adds.
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
