#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"

namespace gusto::nn {

/// A new random order of n examples for each epoch.
///
/// Blocks of examples are dealt at random into as many hands, and each hand is then shuffled by itself, so that both
/// steps stay in the cache and run in parallel; every order is equally likely. Draws are keyed by (seed, epoch, block).
///
/// With strengths, an epoch is n examples drawn in proportion to them (systematic_draw), in random order: an example of
/// strength s comes s / s̄ times on average, once more or less than another time.
///
/// Cost     O(n), about 5 ns an example; 8 bytes an example, with strengths 16
class EpochOrder {
 public:
  /// Strengths [n], not negative; empty, or all the same: each example comes once.
  explicit EpochOrder(std::vector<float> strengths = {});
  /// Valid until the next call.
  std::span<const std::uint32_t> shuffle(std::size_t n, std::size_t epoch, std::uint64_t seed, Context& context);

 private:
  std::vector<float> strengths_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> hands_;
  std::vector<std::uint32_t> begin_;  // [blocks × hands]: where a block's share of a hand starts
};

}  // namespace gusto::nn
