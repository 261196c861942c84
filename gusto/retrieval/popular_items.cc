#include "gusto/retrieval/popular_items.h"

#include <algorithm>

#include "gusto/models/model_info.h"

namespace gusto {

PopularItems::PopularItems(const Dataset& data) : order_(data.item_count()), counts_(data.item_count()) {
  for (const ItemRow item : data.items()) ++counts_[item.index];
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = ItemRow(i);
  std::stable_sort(order_.begin(), order_.end(),
                   [this](ItemRow a, ItemRow b) { return counts_[a.index] > counts_[b.index]; });
}

std::vector<ScoredItem> PopularItems::best(std::size_t count, const std::vector<bool>& open,
                                           std::span<const ItemRow> seen) const {
  std::vector<ScoredItem> list;
  for (const ItemRow item : order_) {
    if (list.size() == count || counts_[item.index] == 0) break;
    if (!open[item.index] || std::binary_search(seen.begin(), seen.end(), item)) continue;
    list.push_back({item, static_cast<float>(counts_[item.index])});
  }
  return list;
}

std::vector<bool> open_items(const SearchFilter& filter, std::size_t item_count) {
  std::vector<bool> open(item_count, filter.allowed.empty());
  for (const ItemRow item : filter.allowed) open[item.index] = true;
  for (const ItemRow item : filter.denied) open[item.index] = false;
  return open;
}

std::vector<ItemRow> seen_items(const Dataset& data, const Query& query) {
  std::vector<ItemRow> seen;
  for (const HistoryEvent& event : query.history) seen.push_back(event.item);
  if (query.user) {
    const auto items = data.history(*query.user).items;
    seen.insert(seen.end(), items.begin(), items.end());
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  return seen;
}

bool stands_for_nobody(const Model& model, const Query& query) {
  return query.user && query.history.empty() && model.data().history(*query.user).size() == 0 &&
         model.info().abilities.fold_in == FoldIn::none;
}

bool tells_nothing(const Model& model, const Query& query, const SearchFilter& filter,
                   std::span<const ScoredItem> list) {
  if (list.size() < 2 || list.front().score != list.back().score) return false;
  std::vector<bool> open = open_items(filter, model.data().item_count());
  if (filter.exclude_seen) {
    for (const ItemRow item : seen_items(model.data(), query)) open[item.index] = false;
  }
  std::vector<ItemRow> items;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i] && model.ranks(ItemRow(i))) items.emplace_back(i);
  }
  std::vector<float> scores(items.size());
  model.score_items(query, items, scores);
  return std::all_of(scores.begin(), scores.end(), [&](float score) { return score == scores.front(); });
}

}  // namespace gusto
