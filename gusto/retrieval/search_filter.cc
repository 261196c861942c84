#include "gusto/retrieval/search_filter.h"

#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

// Looking up one item costs a cache line for each of its numbers, of which a scan gets sixteen.
constexpr std::size_t kPickShare = 16;

std::uint32_t checked(ItemRow item, std::size_t item_count) {
  if (item.index < item_count) return item.index;
  throw Error(ErrorCode::invalid_input,
              fmt::format("A filter names item row {}, and there are {} items.", item.index, item_count));
}

}  // namespace

PreparedFilter::PreparedFilter(const SearchFilter& filter, std::size_t item_count,
                               std::span<const std::uint64_t> unranked)
    : exclude_seen_(filter.exclude_seen),
      picks_(!filter.allowed.empty() && filter.allowed.size() <= item_count / kPickShare) {
  for (const ItemRow item : filter.allowed) checked(item, item_count);
  for (const ItemRow item : filter.denied) checked(item, item_count);
  if (picks_) {
    for (const ItemRow item : filter.allowed) picked_.push_back(item.index);
    std::sort(picked_.begin(), picked_.end());
    picked_.erase(std::unique(picked_.begin(), picked_.end()), picked_.end());
    std::vector<std::uint32_t> denied;
    for (const ItemRow item : filter.denied) denied.push_back(item.index);
    std::sort(denied.begin(), denied.end());
    std::erase_if(picked_, [&](std::uint32_t row) {
      const bool is_unranked = !unranked.empty() && ((unranked[row / 64] >> (row % 64)) & 1U) != 0;
      return is_unranked || std::binary_search(denied.begin(), denied.end(), row);
    });
    return;
  }
  if (filter.allowed.empty() && filter.denied.empty() && unranked.empty()) return;
  const auto bit = [](ItemRow item) { return std::uint64_t{1} << (item.index % 64); };
  banned_.assign((item_count + 63) / 64, filter.allowed.empty() ? 0 : ~std::uint64_t{0});
  for (const ItemRow item : filter.allowed) banned_[item.index / 64] &= ~bit(item);
  for (const ItemRow item : filter.denied) banned_[item.index / 64] |= bit(item);
  for (std::size_t word = 0; word < unranked.size(); ++word) banned_[word] |= unranked[word];
  if (item_count % 64 != 0) banned_.back() |= ~std::uint64_t{0} << (item_count % 64);
}

}  // namespace gusto
