#pragma once

/// Which items a batch of users is trained against.
///
/// The softmax over a large catalog is estimated from a sample. With E_j the number of times that item j is expected in
/// the sample and n_j that it is there, n_j / E_j has mean 1, so log n_j − log E_j added to j's logit makes the sum
/// over the sample an unbiased estimate of the sum over the catalog (Bengio & Senécal 2008; Yi et al., RecSys 2019).
/// The target itself is always there, once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"

namespace gusto::nn {

enum class Sampling {
  full,        ///< every item
  in_batch,    ///< the batch's own targets, and `negatives` drawn uniformly
  uniform,     ///< `negatives` items, each as likely
  popularity,  ///< `negatives` items in proportion to a power of their number of events (Mikolov et al. 2013)
  hard,        ///< `negatives` items in proportion to their present softmax, out of a larger pool drawn uniformly
  none,        ///< nothing but targets
};
inline constexpr std::array<std::string_view, 6> kSamplingNames = {"full",       "in-batch", "uniform",
                                                                   "popularity", "hard",     "none"};

/// What happens where a candidate is no negative in truth.
enum class Hits {
  keep,     ///< it counts all the same
  target,   ///< further copies of a user's target don't count
  history,  ///< nor do other items that the user has events with
};
inline constexpr std::array<std::string_view, 3> kHitsNames = {"keep", "target", "history"};

struct SamplingOptions {
  Sampling sampling = Sampling::full;
  std::size_t negatives = 0;
  double power = 0.75;    ///< of popularity
  double correction = 1;  ///< share of −log E_j that is added
  Hits accidental_hits = Hits::target;
};

/// A batch's candidates.
struct Candidates {
  std::vector<std::uint32_t> items;  ///< item rows, ascending
  std::vector<float> counts;         ///< how often each counts as somebody else's candidate: n_j
  std::vector<float> others;  ///< what that adds to its logit: log n_j − correction · log E_j, −∞ for n_j = 0
  std::vector<std::uint32_t> targets;  ///< by user: the candidate wanted
  std::vector<float> own;              ///< by user: what is added to that one's logit; empty for 0
};

/// Draws candidates.
///
/// Cost     O(targets + negatives · log items) a batch, or O(items) for all; hard: also the pool's scores
/// Repeatable draws are keyed by (key, number of the draw)
class CandidateSampler {
 public:
  /// How many items of the pool of hard negatives there are for one that is taken.
  static constexpr std::size_t kPool = 8;
  /// Share of hard negatives that is drawn uniformly from the pool, which bounds the corrections.
  static constexpr double kUniformShare = 0.1;

  /// frequencies: events of each item row. Items without events are no candidates. wanted: how often each is a target
  /// in an epoch.
  CandidateSampler(std::span<const std::uint32_t> frequencies, std::span<const std::uint32_t> wanted,
                   const SamplingOptions& options);

  /// Item rows that may be candidates, ascending.
  std::span<const std::uint32_t> catalog() const { return catalog_; }
  /// The most candidates that so many targets lead to.
  std::size_t most(std::size_t targets) const;

  /// Mean over a few users of their softmax over the items of a pool. [items] each
  using PoolShares = std::function<void(std::span<const std::uint32_t> items, std::span<const float> offsets,
                                        std::span<float> shares)>;
  /// `shares` is called for hard negatives only, with what corrects the pool's logits.
  void draw(std::span<const std::uint32_t> targets, std::uint64_t key, const PoolShares& shares, Candidates& out);

 private:
  struct Draw {
    double count = 0;
    double expected = 0;
  };
  std::uint32_t draw_item(std::uint64_t key, std::size_t n) const;
  void draw_hard(std::uint64_t key, const PoolShares& shares);
  Draw& slot(std::uint32_t item);

  SamplingOptions options_;
  std::vector<std::uint32_t> catalog_;
  std::vector<double> wanted_;      // by row: share of the targets
  std::vector<double> cumulative_;  // by place in the catalog: share of draws up to it
  std::vector<double> chance_;      // by row: of one draw
  // Of the present batch: each item's place among those met, and what is known of it.
  std::vector<std::uint32_t> place_;
  std::vector<std::uint32_t> met_;
  std::vector<Draw> draws_;
};

}  // namespace gusto::nn
