#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/split/split.h"
#include "gusto/models/model.h"

namespace gusto {

/// Test events for a model that comes from elsewhere, such as a file, in the model's own rows.
struct TransferredTest {
  Fold fold;                        ///< train: what the model was trained on
  std::vector<ItemRow> candidates;  ///< ascending
  std::uint64_t unknown_users = 0;  ///< test events left out because the model has no such user …
  std::uint64_t unknown_items = 0;  ///< … or knows the user, but has no such item
  /// Candidates, or given negatives, left out because the model has no such item.
  std::uint64_t unknown_candidates = 0;
};

/// Finds the users and items of a data set's test events by id in a model's catalog.
///
/// Errors   invalid_input, if the model was trained on one of the test events, naming the first; empty_dataset, if none
///          is left
/// Cost     O(users + items + test · log history) time
TransferredTest transfer_test(const Model& model, const Catalog& catalog, std::span<const Event> test,
                              std::span<const ItemRow> candidates);

/// The same for a fold's test events, with what it gives their users: candidates, histories, and what is withheld.
TransferredTest transfer_test(const Model& model, const Catalog& catalog, const Fold& fold,
                              std::span<const ItemRow> candidates);

/// The items with an event in a training part or among test events, ascending.
std::vector<ItemRow> items_with_events(const Dataset& train, std::span<const Event> test);

}  // namespace gusto
