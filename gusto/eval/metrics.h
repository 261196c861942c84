#pragma once

/// The table of metrics. Its functions may be called concurrently.

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

/// All metrics of gusto, in the order of docs/reference/metrics.md. Whoever has metrics of their own gives a table of
/// their own to EvaluateOptions, and to the functions below.
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

/// What models are ranked by: the task's first primary metric at the first length that is among the names (rmse, auc,
/// ndcg or else sampled-ndcg), or the first name if none is.
std::string primary_metric(Task task, std::span<const std::size_t> k, std::span<const std::string> names,
                           MetricTable table = metric_table());

}  // namespace gusto
