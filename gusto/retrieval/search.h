#pragma once

/// Exact top-k for a model: the items with the highest scores, for batches of queries, fused with filters.
///
/// Models with item vectors are searched as gusto/retrieval/exact_index.h tells; others are scored a few queries at a
/// time. A whole [users × items] matrix never exists. Ties go to the lower item row. An answer has the same bits
/// whoever else asks at the same time.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/models/model.h"
#include "gusto/retrieval/search_filter.h"
#include "gusto/retrieval/top_lists.h"

namespace gusto {

/// The k best items for every query under a filter. Items that the model does not rank (Model::unranked_items) are in
/// no list.
///
/// Cost     2·queries·items·width operations for models with vectors; a few MiB a thread
/// Errors   as Model::score; canceled
TopLists search(const Model& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context);

/// The same under several filters at once, scoring once: result[f] belongs to filters[f].
/// With a stage, its progress is told, a step for each query.
std::vector<TopLists> search(const Model& model, std::span<const Query> queries, std::size_t k,
                             std::span<const SearchFilter> filters, Context& context, std::string_view stage = {});

/// How many queries a model without vectors is asked at once: its whole rows of scores stay within some MiB.
std::size_t scored_queries(std::size_t item_count);

/// The k largest of scores (entries that are −infinity are left out), best first, ties to the lower row.
std::vector<ScoredItem> top_k(std::span<const float> scores, std::size_t k);

}  // namespace gusto
