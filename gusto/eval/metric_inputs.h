#pragma once

/// What metrics are functions of: one user's list, all lists, or all scored test events. Borrowed, for the time of a
/// call.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/feature_sets.h"
#include "gusto/data/rows.h"
#include "gusto/eval/connected_groups.h"
#include "gusto/eval/list_metrics.h"
#include "gusto/eval/metric_formulas.h"
#include "gusto/eval/metrics.h"

namespace gusto {

/// What is known of items and users from the training part and the candidates.
struct ListFacts {
  ListFacts(const Dataset& train, std::span<const ItemRow> candidates)
      : groups(train),
        bits(self_information(train)),
        head(popular_head(train, candidates)),
        features(train.catalog().item_features) {}

  ConnectedGroups groups;
  std::vector<double> bits;  ///< an item's self-information
  std::vector<bool> head;    ///< whether an item is among the most popular tenth
  FeatureSets features;
};

/// What one user was shown, and what they went on to have.
struct UserList {
  UserRow user;
  std::span<const ItemRow> items;  ///< best first, at most k
  Hits hits;
  std::span<const Event> test;  ///< the user's test events, by item
  const ListFacts& facts;
};

/// All users' test events with the model's scores: user i has those from offsets[i] to offsets[i + 1].
struct ScoredEvents {
  std::span<const float> scores;
  std::span<const std::uint8_t> liked;
  std::span<const std::size_t> offsets;
};

}  // namespace gusto
