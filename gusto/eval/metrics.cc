#include "gusto/eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gusto/base/error.h"
#include "gusto/eval/metric_formulas.h"

namespace gusto {
namespace {

double discount(std::size_t position) { return 1 / std::log2(static_cast<double>(position) + 2); }

double best_hits(const Hits& hits) { return static_cast<double>(std::min(hits.k, hits.test_items)); }

double hit_count(const Hits& hits) { return static_cast<double>(hits.positions.size()); }

}  // namespace

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
