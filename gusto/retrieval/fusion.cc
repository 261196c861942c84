#include "gusto/retrieval/fusion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace gusto {
namespace {

std::vector<float> by_rank(std::span<const float> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<float> result(scores.size());
  const auto last = static_cast<double>(scores.size() - 1);
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) ++end;
    const double place = static_cast<double>(begin + end - 1) / 2;  // from 0
    for (; begin < end; ++begin) result[order[begin]] = static_cast<float>(1 - place / last);
  }
  return result;
}

}  // namespace

std::vector<float> relevances(std::span<const float> scores, ScoreScale scale) {
  std::vector<float> result(scores.size(), 1.0F);
  if (scores.empty()) return result;
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  if (*low == *high) return result;
  if (scale == ScoreScale::rank) return by_rank(scores);
  // In double, where the difference of two floats cannot overflow.
  const double best = *high;
  const double range = best - *low;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double below = best - scores[i];
    result[i] = static_cast<float>(scale == ScoreScale::softmax ? std::exp(-below) : 1 - below / range);
  }
  return result;
}

std::vector<MergedItem> merge_lists(std::span<const std::vector<ScoredItem>> lists, Merge merge) {
  constexpr double kRankOffset = 60;
  std::vector<MergedItem> result;
  std::unordered_map<ItemRow, std::size_t> positions;
  for (std::size_t l = 0; l < lists.size(); ++l) {
    for (std::size_t p = 0; p < lists[l].size(); ++p) {
      const ScoredItem& entry = lists[l][p];
      const auto [found, added] = positions.try_emplace(entry.item, result.size());
      if (added) result.push_back({entry.item, l, p + 1, entry.score, 0});
      MergedItem& item = result[found->second];
      if (p + 1 < item.place) item = {entry.item, l, p + 1, entry.score, item.merged};
      item.merged += 1 / (kRankOffset + static_cast<double>(p + 1));
    }
  }
  if (merge == Merge::best_rank) {
    for (MergedItem& item : result) item.merged = 1 / static_cast<double>(item.place);
  }
  // No two items have the same best place in the same list.
  std::sort(result.begin(), result.end(), [](const MergedItem& a, const MergedItem& b) {
    return std::tie(b.merged, a.place, a.list) < std::tie(a.merged, b.place, b.list);
  });
  return result;
}

}  // namespace gusto
