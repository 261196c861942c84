#include <algorithm>
#include <array>
#include <optional>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/metric_formulas.h"
#include "gusto/eval/metric_inputs.h"
#include "gusto/eval/metrics.h"

namespace gusto {
namespace {

template <double (*Formula)(const Hits&)>
std::optional<double> of_hits(const UserList& list) {
  return Formula(list.hits);
}

double hits_in_list(const UserList& list) { return static_cast<double>(list.hits.positions.size()); }

template <class Value>
std::optional<double> mean_over(std::span<const ItemRow> items, Value value) {
  if (items.empty()) return std::nullopt;
  double sum = 0;
  for (const ItemRow item : items) sum += value(item);
  return sum / static_cast<double>(items.size());
}

std::optional<double> list_diversity(const UserList& list) {
  return intra_list_diversity(list.facts.features, list.items);
}

std::optional<double> list_novelty(const UserList& list) {
  return mean_over(list.items, [&](ItemRow item) { return list.facts.bits[item.index]; });
}

std::optional<double> head_share(const UserList& list) {
  return mean_over(list.items, [&](ItemRow item) { return list.facts.head[item.index] ? 1.0 : 0.0; });
}

// How much more of the list than of the test items comes from foreign groups.
std::optional<double> list_folding(const UserList& list) {
  const ConnectedGroups& groups = list.facts.groups;
  if (groups.count() < 2 || !groups.of(list.user)) return std::nullopt;
  const auto foreign = [&](ItemRow item) { return groups.foreign(list.user, item) ? 1.0 : 0.0; };
  const std::optional<double> listed = mean_over(list.items, foreign);
  if (!listed) return std::nullopt;
  std::vector<ItemRow> test;
  for (const Event& event : list.test) test.push_back(event.item);
  return *listed - *mean_over(test, foreign);
}

// The area's influences: a user's placement values against the means of the two kinds of event.
std::optional<SetFigure> area_of(const ScoredEvents& events) {
  const AreaUnderCurve area = area_under_curve(events.scores, events.liked);
  if (area.liked == 0 || area.other == 0) return std::nullopt;
  SetFigure figure{area.value, std::vector<double>(events.offsets.size() - 1)};
  for (std::size_t u = 0; u < figure.influence.size(); ++u) {
    for (std::size_t i = events.offsets[u]; i < events.offsets[u + 1]; ++i) {
      const auto kind = static_cast<double>(events.liked[i] != 0 ? area.liked : area.other);
      figure.influence[u] += (area.placements[i] - area.value) / kind;
    }
  }
  return figure;
}

std::optional<SetFigure> coverage_of(const AllLists& lists) { return coverage(lists); }
std::optional<SetFigure> gini_of(const AllLists& lists) { return gini(lists); }

constexpr auto kAccuracy = MetricCategory::accuracy;
constexpr auto kRanking = MetricCategory::ranking;
constexpr auto kBeyond = MetricCategory::beyond_accuracy;
constexpr auto kSampled = MetricCategory::sampled_ranking;

constexpr std::array kMetrics{
    MetricInfo{"rmse", Task::ratings, kAccuracy, false, false, "root of the mean squared error",
               ErrorMean{squared_error, true}, MetricRole::primary},
    MetricInfo{"mae", Task::ratings, kAccuracy, false, false, "mean absolute error", ErrorMean{absolute_error}},
    MetricInfo{"mse", Task::ratings, kAccuracy, false, false, "mean squared error", ErrorMean{squared_error}},
    MetricInfo{"auc", Task::likes, kRanking, false, true, "chance that a liked event scores above another one",
               EventSetMetric{area_of}, MetricRole::primary},
    MetricInfo{"log-loss", Task::likes, MetricCategory::calibration, false, false,
               "mean of minus the logarithm of what happened's probability", ProbabilityMean{log_loss}},
    MetricInfo{"accuracy", Task::likes, kAccuracy, false, true,
               "share of events called rightly at probability one half", ProbabilityMean{accuracy}},
    MetricInfo{"hit-rate", Task::top_n, kRanking, true, true, "share of users with a hit in their list",
               ListMean{of_hits<hit_rate>}},
    MetricInfo{"precision", Task::top_n, kRanking, true, true, "hits divided by k", ListMean{of_hits<precision>}},
    MetricInfo{"recall", Task::top_n, kRanking, true, true, "hits divided by the user's test items",
               ListMean{of_hits<recall>}, MetricRole::second},
    MetricInfo{"recall-min", Task::top_n, kRanking, true, true,
               "hits divided by the smaller of k and the user's test items", ListMean{of_hits<recall_min>}},
    MetricInfo{"ndcg", Task::top_n, kRanking, true, true,
               "hits discounted by position, relative to the best possible list", ListMean{of_hits<ndcg>},
               MetricRole::primary},
    MetricInfo{"map", Task::top_n, kRanking, true, true, "average precision, relative to the best possible list",
               ListMean{of_hits<average_precision>}},
    MetricInfo{"mrr", Task::top_n, kRanking, true, true, "one divided by the position of the first hit",
               ListMean{of_hits<reciprocal_rank>}},
    MetricInfo{"topk-accuracy", Task::top_n, kRanking, true, true,
               "share of test events in the user's list, seen items kept", SeenListRatio{hits_in_list}},
    MetricInfo{"coverage", Task::top_n, kBeyond, true, true, "share of candidates that are in anybody's list",
               ListSetMetric{coverage_of}},
    MetricInfo{"diversity", Task::top_n, kBeyond, true, true,
               "how little a list's items have in common by their features", ListMean{list_diversity}},
    MetricInfo{"novelty", Task::top_n, kBeyond, true, true, "self-information of a list's items in bits",
               ListMean{list_novelty}},
    MetricInfo{"popularity-share", Task::top_n, kBeyond, true, false,
               "share of the list that is among the most popular tenth", ListMean{head_share}},
    MetricInfo{"gini", Task::top_n, kBeyond, true, false,
               "how unequally recommendations are distributed over candidates", ListSetMetric{gini_of}},
    MetricInfo{"folding", Task::top_n, kBeyond, true, false,
               "share of the list from groups that share no user with the user's, above that of test items",
               ListMean{list_folding}},
    MetricInfo{"sampled-hit-rate", Task::top_n, kSampled, true, true, "hit-rate among given candidates only",
               ListMean{of_hits<hit_rate>}},
    MetricInfo{"sampled-ndcg", Task::top_n, kSampled, true, true, "ndcg among given candidates only",
               ListMean{of_hits<ndcg>}, MetricRole::primary},
    MetricInfo{"sampled-mrr", Task::top_n, kSampled, true, true, "mrr among given candidates only",
               ListMean{of_hits<reciprocal_rank>}},
};

std::string_view base_name(std::string_view name) { return name.substr(0, name.find('@')); }

}  // namespace

MetricTable metric_table() { return kMetrics; }

const MetricInfo& find_metric(std::string_view name, MetricTable table) {
  const std::string_view base = base_name(name);
  std::vector<std::string_view> names;
  for (const MetricInfo& metric : table) {
    if (metric.name == base) return metric;
    names.push_back(metric.name);
  }
  const auto nearest = nearest_name(base, names);
  throw Error(
      ErrorCode::invalid_option, fmt::format("There is no metric {}.", quote(name)),
      nearest ? fmt::format("Did you mean {}?", quote(*nearest)) : fmt::format("Metrics are {}.", join(names, ", ")));
}

std::string metric_name(const MetricInfo& metric, std::size_t k) {
  return metric.at_k ? fmt::format("{}@{}", metric.name, k) : std::string(metric.name);
}

std::vector<std::string> metric_names(Task task, std::span<const std::size_t> k, MetricTable table) {
  std::vector<std::string> names;
  for (const MetricInfo& metric : table) {
    if (metric.task != task) continue;
    if (!metric.at_k) names.emplace_back(metric.name);
    if (metric.at_k) {
      for (const std::size_t length : k) names.push_back(metric_name(metric, length));
    }
  }
  return names;
}

std::vector<std::string> select_metrics(Task task, std::span<const std::size_t> k, std::span<const std::string> wanted,
                                        MetricTable table) {
  std::vector<std::string> names = metric_names(task, k, table);
  if (wanted.empty()) return names;
  for (const std::string& name : wanted) {
    const MetricInfo& metric = find_metric(name, table);
    if (metric.task != task) {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("Metric {} belongs to the task {}, and the task is {}.", quote(name),
                              to_string(metric.task), to_string(task)),
                  fmt::format("Metrics of {} are {}.", to_string(task), join(names, ", ")));
    }
    if (name != metric.name && std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(ErrorCode::invalid_option, fmt::format("Metric {} is not among those measured.", quote(name)),
                  fmt::format("These are {}.", join(names, ", ")));
    }
  }
  std::erase_if(names, [&](const std::string& name) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const std::string& w) { return w == name || w == base_name(name); });
  });
  return names;
}

std::string primary_metric(Task task, std::span<const std::size_t> k, std::span<const std::string> names,
                           MetricTable table) {
  for (const MetricInfo& metric : table) {
    if (metric.task != task || metric.role != MetricRole::primary || (metric.at_k && k.empty())) continue;
    const std::string name = metric_name(metric, metric.at_k ? k.front() : 0);
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) return name;
  }
  return names.empty() ? std::string() : names.front();
}

}  // namespace gusto
