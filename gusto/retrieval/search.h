#pragma once

/// Exact top-k: the items with the highest scores, for batches of queries, fused with filters.
///
/// Models with item vectors are scored by blocked matrix products, tile by tile; others a few queries at a time. A
/// whole [users × items] matrix never exists. Ties go to the lower item row.

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/rows.h"
#include "gusto/models/model.h"

namespace gusto {

struct ScoredItem {
  ItemRow item;
  float score;
};

/// For each query its items, best first; short where fewer were left.
struct TopLists {
  std::vector<std::uint64_t> offsets{0};  ///< queries + 1
  std::vector<ScoredItem> entries;

  std::size_t size() const { return offsets.size() - 1; }
  std::span<const ScoredItem> operator[](std::size_t query) const {
    return std::span(entries).subspan(offsets[query], offsets[query + 1] - offsets[query]);
  }
};

/// Which items may appear.
struct SearchFilter {
  bool exclude_seen = true;            ///< the items of the query's history (a training user's: those trained on)
  std::span<const ItemRow> allowed{};  ///< if not empty, nothing else
  std::span<const ItemRow> denied{};   ///< never these
};

/// The k best items for every query under a filter.
///
/// Cost     2·queries·items·width operations for models with vectors, and one pass over
///          the scores; a few MiB a thread
/// Errors   as Model::score; cancelled
TopLists search(const Model& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context);

/// The same under several filters at once, scoring once: result[f] belongs to filters[f].
std::vector<TopLists> search(const Model& model, std::span<const Query> queries, std::size_t k,
                             std::span<const SearchFilter> filters, Context& context);

/// The k largest of scores (entries that are −infinity are left out), best first, ties to the lower row.
std::vector<ScoredItem> top_k(std::span<const float> scores, std::size_t k);

}  // namespace gusto
