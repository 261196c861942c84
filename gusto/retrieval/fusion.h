#pragma once

/// Bringing scores together that are not comparable: those of one model for different users, or of different models.
///
/// Everything here is a pure function and may be called concurrently.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/retrieval/top_lists.h"

namespace gusto {

/// How the scores of one user's c candidates become relevances in [0, 1], 1 for the best.
enum class ScoreScale {
  min_max,  ///< (s − min) / (max − min)
  rank,     ///< 1 − (r − 1) / (c − 1), with the place r from 1; equal scores share the mean of their places
  softmax,  ///< exp(s − max): the probability under a softmax of the scores, in units of the best candidate's
};
inline constexpr std::array<std::string_view, 3> kScoreScaleNames{"min-max", "rank", "softmax"};

/// Relevances of scores, in their order. Equal scores alone, and a single one, are 1 each.
/// Input    finite scores
/// Cost     O(c); rank: O(c log c)
std::vector<float> relevances(std::span<const float> scores, ScoreScale scale);

/// How the lists of several sources become one.
enum class Merge {
  reciprocal_rank,  ///< by Σ 1 / (60 + place), over the lists that have the item
  best_rank,        ///< by the item's best place in any list: the lists take turns
};
inline constexpr std::array<std::string_view, 2> kMergeNames{"reciprocal-rank", "best-rank"};

/// An item of a merged list.
struct MergedItem {
  ItemRow item;
  std::size_t list = 0;   ///< where it has its best place, the first of several
  std::size_t place = 1;  ///< that place, from 1
  float score = 0;        ///< its score there
  double merged = 0;      ///< what the merged list is ordered by: Σ 1 / (60 + place), or 1 / best place
};

/// Merges lists, each ordered from its best item and with no item twice. Best first; equal items are in order of their
/// best place, then of the list that it is in.
///
/// Source   reciprocal-rank: Cormack, Clarke, Büttcher: Reciprocal rank fusion outperforms Condorcet and individual
///          rank learning methods, SIGIR 2009, with their constant of 60
/// Cost     O(n log n) for n entries in all
std::vector<MergedItem> merge_lists(std::span<const std::vector<ScoredItem>> lists, Merge merge);

}  // namespace gusto
