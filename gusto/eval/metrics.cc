#include "gusto/eval/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::array kMetrics{
    MetricInfo{"rmse", Task::ratings, false, false, "root of the mean squared error"},
    MetricInfo{"mae", Task::ratings, false, false, "mean absolute error"},
    MetricInfo{"mse", Task::ratings, false, false, "mean squared error"},
    MetricInfo{"auc", Task::likes, false, true, "chance that a liked event scores above another one"},
    MetricInfo{"log-loss", Task::likes, false, false, "mean of minus the logarithm of what happened's probability"},
    MetricInfo{"accuracy", Task::likes, false, true, "share of events called rightly at probability one half"},
    MetricInfo{"hit-rate", Task::top_n, true, true, "share of users with a hit in their list"},
    MetricInfo{"precision", Task::top_n, true, true, "hits divided by k"},
    MetricInfo{"recall", Task::top_n, true, true, "hits divided by the user's test items"},
    MetricInfo{"recall-min", Task::top_n, true, true, "hits divided by the smaller of k and the user's test items"},
    MetricInfo{"ndcg", Task::top_n, true, true, "hits discounted by position, relative to the best possible list"},
    MetricInfo{"map", Task::top_n, true, true, "average precision, relative to the best possible list"},
    MetricInfo{"mrr", Task::top_n, true, true, "one divided by the position of the first hit"},
    MetricInfo{"topk-accuracy", Task::top_n, true, true, "share of test events in the user's list, seen items kept"},
    MetricInfo{"coverage", Task::top_n, true, true, "share of candidates that are in anybody's list"},
    MetricInfo{"diversity", Task::top_n, true, true, "how little a list's items have in common by their features"},
    MetricInfo{"novelty", Task::top_n, true, true, "self-information of a list's items in bits"},
    MetricInfo{"popularity-share", Task::top_n, true, false, "share of the list that is among the most popular tenth"},
    MetricInfo{"gini", Task::top_n, true, false, "how unequally recommendations are spread over candidates"},
    MetricInfo{"folding", Task::top_n, true, false, "share of the list from foreign groups, above that of test items"},
    MetricInfo{"sampled-hit-rate", Task::top_n, true, true, "hit-rate among given candidates only", true},
    MetricInfo{"sampled-ndcg", Task::top_n, true, true, "ndcg among given candidates only", true},
    MetricInfo{"sampled-mrr", Task::top_n, true, true, "mrr among given candidates only", true},
};

std::string_view base_name(std::string_view name) { return name.substr(0, name.find('@')); }

double discount(std::size_t position) { return 1 / std::log2(static_cast<double>(position) + 2); }

double best_hits(const Hits& hits) { return static_cast<double>(std::min(hits.k, hits.test_items)); }

double hit_count(const Hits& hits) { return static_cast<double>(hits.positions.size()); }

}  // namespace

std::span<const MetricInfo> metric_table() { return kMetrics; }

const MetricInfo& find_metric(std::string_view name) {
  const std::string_view base = base_name(name);
  const auto found =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const MetricInfo& m) { return m.name == base; });
  if (found != kMetrics.end()) return *found;
  std::vector<std::string_view> names;
  for (const MetricInfo& metric : kMetrics) names.push_back(metric.name);
  const auto nearest = nearest_name(base, names);
  throw Error(ErrorCode::invalid_option, fmt::format("There is no metric {}.", quote(name)),
              nearest ? fmt::format("Did you mean {}?", quote(*nearest))
                      : fmt::format("Metrics are {}.", fmt::join(names, ", ")));
}

std::string metric_name(const MetricInfo& metric, std::size_t k) {
  return metric.at_k ? fmt::format("{}@{}", metric.name, k) : std::string(metric.name);
}

std::vector<std::string> metric_names(Task task, std::span<const std::size_t> k) {
  std::vector<std::string> names;
  for (const MetricInfo& metric : kMetrics) {
    if (metric.task != task) continue;
    if (!metric.at_k) names.emplace_back(metric.name);
    if (metric.at_k) {
      for (const std::size_t length : k) names.push_back(metric_name(metric, length));
    }
  }
  return names;
}

std::vector<std::string> select_metrics(Task task, std::span<const std::size_t> k,
                                        std::span<const std::string> wanted) {
  std::vector<std::string> names = metric_names(task, k);
  if (wanted.empty()) return names;
  for (const std::string& name : wanted) {
    const MetricInfo& metric = find_metric(name);
    if (metric.task != task) {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("Metric {} belongs to the task {}, and the task is {}.", quote(name),
                              to_string(metric.task), to_string(task)),
                  fmt::format("Metrics of {} are {}.", to_string(task), fmt::join(names, ", ")));
    }
    if (name != metric.name && std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(ErrorCode::invalid_option, fmt::format("Metric {} is not among those measured.", quote(name)),
                  fmt::format("These are {}.", fmt::join(names, ", ")));
    }
  }
  std::erase_if(names, [&](const std::string& name) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const std::string& w) { return w == name || w == base_name(name); });
  });
  return names;
}

std::string primary_metric(Task task, std::span<const std::size_t> k, std::span<const std::string> names) {
  const auto measured = [&](const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string usual;
  switch (task) {
    case Task::ratings: usual = "rmse"; break;
    case Task::likes: usual = "auc"; break;
    case Task::top_n:
      if (k.empty()) break;
      usual = metric_name(find_metric("ndcg"), k.front());
      if (!measured(usual)) usual = metric_name(find_metric("sampled-ndcg"), k.front());
      break;
  }
  return measured(usual) ? usual : names.front();
}

double log_loss(double probability, bool liked) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const double p = std::clamp(probability, kEpsilon, 1 - kEpsilon);
  return liked ? -std::log(p) : -std::log1p(-p);
}

AreaUnderCurve area_under_curve(std::span<const float> scores, std::span<const std::uint8_t> liked) {
  AreaUnderCurve area;
  area.placements.resize(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) throw Error(ErrorCode::not_finite, "A score is not a number.");
    ++(liked[i] != 0 ? area.liked : area.other);
  }
  if (area.liked == 0 || area.other == 0) return area;

  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  const auto liked_count = static_cast<double>(area.liked);
  const auto other_count = static_cast<double>(area.other);
  std::uint64_t liked_below = 0, other_below = 0;
  double sum = 0;  // a multiple of ½ until the division, so exact
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    std::uint64_t liked_here = 0, other_here = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      ++(liked[order[end]] != 0 ? liked_here : other_here);
    }
    const double below = static_cast<double>(other_below) + static_cast<double>(other_here) / 2;
    const double above = static_cast<double>(area.liked - liked_below) - static_cast<double>(liked_here) / 2;
    for (std::size_t i = begin; i < end; ++i) {
      area.placements[order[i]] = liked[order[i]] != 0 ? below / other_count : above / liked_count;
    }
    sum += below * static_cast<double>(liked_here);
    liked_below += liked_here;
    other_below += other_here;
    begin = end;
  }
  area.value = sum / liked_count / other_count;
  return area;
}

double hit_rate(const Hits& hits) { return hits.positions.empty() ? 0 : 1; }

double precision(const Hits& hits) { return hit_count(hits) / static_cast<double>(hits.k); }

double recall(const Hits& hits) { return hit_count(hits) / static_cast<double>(hits.test_items); }

double recall_min(const Hits& hits) { return hit_count(hits) / best_hits(hits); }

double ndcg(const Hits& hits) {
  double gain = 0, ideal = 0;
  for (const std::uint32_t position : hits.positions) gain += discount(position);
  for (std::size_t position = 0; position < std::min(hits.k, hits.test_items); ++position) ideal += discount(position);
  return gain / ideal;
}

double average_precision(const Hits& hits) {
  double sum = 0, found = 0;
  for (const std::uint32_t position : hits.positions) sum += ++found / (static_cast<double>(position) + 1);
  return sum / best_hits(hits);
}

double reciprocal_rank(const Hits& hits) {
  return hits.positions.empty() ? 0 : 1 / (static_cast<double>(hits.positions.front()) + 1);
}

}  // namespace gusto
