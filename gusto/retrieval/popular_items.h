#pragma once

/// What stands in where a model has nothing to say.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/models/model.h"
#include "gusto/retrieval/search_filter.h"
#include "gusto/retrieval/top_lists.h"

namespace gusto {

/// All items of a data set, those of most events first, ties to the lower row.
///
/// State    two numbers an item
/// Threads  const members may be called concurrently
class PopularItems {
 public:
  explicit PopularItems(const Dataset& data);

  /// By row.
  std::span<const std::uint32_t> counts() const { return counts_; }
  /// The first `count` of those that have events, are open and not among `seen`, which ascends; scores are numbers of
  /// events.
  std::vector<ScoredItem> best(std::size_t count, const std::vector<bool>& open, std::span<const ItemRow> seen) const;

 private:
  std::vector<ItemRow> order_;
  std::vector<std::uint32_t> counts_;
};

/// Whether each item may appear to someone who has seen nothing.
std::vector<bool> open_items(const SearchFilter& filter, std::size_t item_count);

/// What a query's user has seen: history and, of a known user, training events. Ascending, each once.
std::vector<ItemRow> seen_items(const Dataset& data, const Query& query);

/// Whether the query is about a user without any event, whom the model can't know by anything else: what it learned of
/// such a user is where it began.
bool stands_for_nobody(const Model& model, const Query& query);

/// Whether the model gives all that it may recommend the same score: it knows nothing of the user, and only the rows
/// make an order. The list is its best; items of equal scores there may still be better than those below.
bool tells_nothing(const Model& model, const Query& query, const SearchFilter& filter,
                   std::span<const ScoredItem> list);

}  // namespace gusto
