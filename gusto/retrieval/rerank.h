#pragma once

/// Re-ranking: from candidates, best first, to a list in which what was already picked counts.
///
/// Each place goes to the open candidate i with the largest
///
///   value(i | S) = (1 − a − b − c) · relevance(i) − a · similarity(i, S) − b · divergence(S + i) − c · popularity(i)
///
/// where S is what was picked before it, and a, b and c are the shares that diversity, calibration and popularity have
/// in the decision; what they leave is relevance's. Equal values go to the earlier candidate, so that with shares of 0
/// and relevances that descend the order stays. With one share alone this is
///   a   maximal marginal relevance, λ = 1 − a: Carbonell, Goldstein: The use of MMR, diversity-based reranking for
///       reordering documents and producing summaries, SIGIR 1998. similarity(i, S) is the largest to any item of S, 0
///       if S is empty
///   b   calibrated recommendations, λ = b: Steck: Calibrated recommendations, RecSys 2018; the greedy list for
///       (1 − λ) · Σ relevance − λ · KL(p ‖ q̃). p: the user's mix; q: the list's; q̃ = 0.99 q + 0.01 p. Items weigh
///       the same, wherever in the history or the list they are
///   c   a penalty for popular items
/// Caps leave out every candidate that would exceed one.
///
/// Everything here is a pure function and may be called concurrently.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/data/feature_sets.h"
#include "gusto/data/features.h"
#include "gusto/data/rows.h"
#include "gusto/retrieval/request.h"

namespace gusto {

/// out[i] = similarity of candidate i to candidate `picked`, both by position; at most 1, which is that of equal ones.
using SimilarityRow = std::function<void(std::size_t picked, std::span<float> out)>;

/// 1 − Jaccard distance of the items' features; two items without any have similarity 0. Borrows both.
SimilarityRow feature_similarity(const FeatureSets& features, std::span<const ItemRow> items);

/// Cosine of the items' vectors [items of the catalog × width]; 0 for a vector of zeros. Copies the candidates'
/// vectors.
/// Cost     each row: one product of a vector and a matrix, 2 · candidates · width operations
SimilarityRow vector_similarity(MatrixView<const float> vectors, std::span<const ItemRow> items);

/// The share that each value of a field has among items: an item's n values weigh 1/n each, and an item without any
/// counts for a value of its own, the last. [values + 1], sums to 1; all 0 if there are no items.
/// Errors   invalid_option, if the field is neither categorical nor multi-valued
std::vector<double> feature_mix(const FeatureField& field, std::span<const ItemRow> items);

/// "At most 3 of one genre": no value of the field comes more than `most` times. Items without a value are free.
struct FeatureCap {
  const FeatureField* field = nullptr;
  std::size_t most = 1;
};

/// What to re-rank, and how. Everything is borrowed.
struct RerankInput {
  std::span<const ItemRow> items{};    ///< candidates, best first, each once
  std::span<const float> relevance{};  ///< of each, finite; comparable with the terms if in [0, 1]
  std::size_t k = 0;

  double diversity = 0;  ///< a
  SimilarityRow similarity{};

  double calibration = 0;  ///< b
  const FeatureField* field = nullptr;
  std::span<const double> mix{};  ///< p, as feature_mix gives it; empty or all 0: divergence is 0

  double popularity_penalty = 0;        ///< c
  std::span<const float> popularity{};  ///< of each candidate, in [0, 1]

  std::span<const FeatureCap> caps{};
};

/// The re-ranked list; short where candidates or caps leave no more.
/// Errors   invalid_option, if a share is not in [0, 1] or they sum to more than 1, or a field for calibration or a cap
///          is neither categorical nor multi-valued; internal, if a span has the wrong length
/// Cost     O(k · candidates · values of an item), and k rows of similarities
std::vector<RerankedItem> rerank(const RerankInput& input);

/// Error(invalid_option) if a share is not in [0, 1] or they sum to more than 1.
void check_rerank_shares(double diversity, double calibration, double popularity_penalty);

}  // namespace gusto
