#include "gusto/eval/list_metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace gusto {
namespace {

std::vector<std::uint64_t> count_items(const ItemLists& lists, std::size_t k, std::size_t item_count) {
  std::vector<std::uint64_t> counts(item_count);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const ItemRow item : lists.top(i, k)) ++counts[item.index];
  }
  return counts;
}

}  // namespace

std::span<const ItemRow> ItemLists::top(std::size_t i, std::size_t k) const {
  const std::span<const ItemRow> list = items.subspan(offsets[i], offsets[i + 1] - offsets[i]);
  return list.first(std::min(k, list.size()));
}

SetFigure coverage(const AllLists& all) {
  const auto& [lists, k, candidates, item_count] = all;
  const std::vector<std::uint64_t> counts = count_items(lists, k, item_count);
  const auto size = static_cast<double>(candidates.size());
  const auto shown = std::count_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count > 0; });

  std::vector<double> influence(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const ItemRow item : lists.top(i, k)) influence[i] += counts[item.index] == 1 ? 1 : 0;
  }
  const auto n = static_cast<double>(lists.size());
  const double mean = std::accumulate(influence.begin(), influence.end(), 0.0) / n;
  for (double& alone : influence) alone = (n - 1) / n * (alone - mean) / size;
  return {static_cast<double>(shown) / size, std::move(influence)};
}

SetFigure gini(const AllLists& all) {
  const auto& [lists, k, candidates, item_count] = all;
  const std::vector<std::uint64_t> counts = count_items(lists, k, item_count);
  std::vector<ItemRow> order(candidates.begin(), candidates.end());
  std::sort(order.begin(), order.end(),
            [&](ItemRow a, ItemRow b) { return std::pair(counts[a.index], a) < std::pair(counts[b.index], b); });

  // weight of an item: (2·rank − n − 1) / n, equal counts sharing their mean rank
  const auto n = static_cast<double>(order.size());
  std::vector<double> weight(item_count);
  double total = 0, weighted = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && counts[order[end].index] == counts[order[begin].index]) ++end;
    const double shared = (static_cast<double>(begin + 1 + end) - n - 1) / n;
    for (std::size_t i = begin; i < end; ++i) {
      const auto count = static_cast<double>(counts[order[i].index]);
      weight[order[i].index] = shared;
      total += count;
      weighted += shared * count;
    }
    begin = end;
  }
  const double value = total > 0 ? weighted / total : 0;

  std::vector<double> influence(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const ItemRow item : lists.top(i, k)) influence[i] += (weight[item.index] - value) / total;
  }
  return {value, std::move(influence)};
}

std::vector<double> self_information(const Dataset& train) {
  const std::span<const std::uint64_t> offsets = train.offsets();
  std::size_t users = 0;
  for (std::size_t u = 0; u < train.user_count(); ++u) users += offsets[u + 1] > offsets[u] ? 1 : 0;

  std::vector<std::uint64_t> counts(train.item_count());
  for (const ItemRow item : train.items()) ++counts[item.index];
  std::vector<double> bits(counts.size());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = std::log2(static_cast<double>(users + 1) / static_cast<double>(counts[i] + 1));
  }
  return bits;
}

std::vector<bool> popular_head(const Dataset& train, std::span<const ItemRow> candidates) {
  std::vector<std::uint64_t> counts(train.item_count());
  for (const ItemRow item : train.items()) ++counts[item.index];
  std::vector<ItemRow> order(candidates.begin(), candidates.end());
  std::sort(order.begin(), order.end(), [&](ItemRow a, ItemRow b) {
    return counts[a.index] != counts[b.index] ? counts[a.index] > counts[b.index] : a < b;
  });
  order.resize((order.size() + 9) / 10);
  std::vector<bool> head(counts.size());
  for (const ItemRow item : order) head[item.index] = true;
  return head;
}

std::optional<double> intra_list_diversity(const FeatureSets& features, std::span<const ItemRow> list) {
  std::vector<ItemRow> described;
  double sum = 0;
  for (const ItemRow item : list) {
    if (features[item].empty()) continue;
    for (const ItemRow earlier : described) sum += features.distance(earlier, item);
    described.push_back(item);
  }
  if (described.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(described.size());
  return sum / (n * (n - 1) / 2);
}

}  // namespace gusto
