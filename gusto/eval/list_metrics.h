#pragma once

/// Beyond accuracy: what recommendations are like, whether or not they hit. Formulas: docs/reference/metrics.md.
///
/// Everything here is a pure function of its arguments and may be called concurrently.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/feature_sets.h"
#include "gusto/data/rows.h"

namespace gusto {

/// Lists of several users, end to end: users[i] got items[offsets[i] … offsets[i + 1]), best first. Borrowed.
struct ItemLists {
  std::span<const UserRow> users;
  std::span<const std::uint64_t> offsets;
  std::span<const ItemRow> items;

  std::size_t size() const { return users.size(); }
  /// The first k of a user's list, or all of it.
  std::span<const ItemRow> top(std::size_t i, std::size_t k) const;
};

/// What is measured on all users' lists at once.
struct AllLists {
  ItemLists lists;
  std::size_t k;  ///< list length asked for
  std::span<const ItemRow> candidates;
  std::size_t item_count;  ///< of the catalog
};

/// A figure of all users at once, and the influence of each on it (see Estimate), in the order of the lists or events.
struct SetFigure {
  double value = 0;
  std::vector<double> influence;
};

/// Share of candidates that appear in at least one list.
///
/// Influence by leaving one user out, exactly: with a_u the candidates that only u's list shows, and n users,
/// (n − 1) / n · (a_u − mean a) / candidates, which makes the standard error the jackknife's.
SetFigure coverage(const AllLists& all);

/// Gini coefficient of how often each candidate was recommended: with counts c ascending, n candidates and C = Σc,
/// G = Σ_i (2i − n − 1) · c_i / (n · C), i from 1. 0: all equally often; near 1: a few get everything.
///
/// Influence of first order: Σ_{i in u's list} ((2 r_i − n − 1) / n − G) / C, where r_i is i's rank by count, equal
/// counts sharing the mean of their ranks.
SetFigure gini(const AllLists& all);

/// For each item the bits of its self-information in the training part, −log2((n_i + 1) / (n + 1)), with n_i of the
/// n users with training events having it. An item that nobody has gets log2(n + 1).
std::vector<double> self_information(const Dataset& train);

/// For each item whether it is in the head: the ceil(candidates / 10) candidates with the most training events, equal
/// counts in order of item row.
std::vector<bool> popular_head(const Dataset& train, std::span<const ItemRow> candidates);

/// The mean distance over all pairs of a list's items; items without features are passed over, and nothing is said
/// where fewer than two are left.
/// Cost     O(list² · features)
std::optional<double> intra_list_diversity(const FeatureSets& features, std::span<const ItemRow> list);

}  // namespace gusto
