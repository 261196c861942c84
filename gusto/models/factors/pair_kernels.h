#pragma once

/// Stochastic gradient descent on pairs of a chosen and another item, dispatched once per call to the best instructions
/// of the processor (Highway). Its plain reference version is in pair_kernels_test.cc.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gusto {

/// How the other item j of a pair is found, and what the pair is worth.
enum class PairSampling {
  uniform,  ///< the first drawn: softplus(x_j − x_i), BPR
  hard,     ///< the best scored of `trials` drawn ones, the user's own among them left out: the same loss
  warp,     ///< the first of at most `trials` drawn ones with x_j > x_i − 1: rank weight · (1 + x_j − x_i)
};
inline constexpr std::array<std::string_view, 3> kPairSamplingNames{"uniform", "hard", "warp"};

/// An event, as rows of the tables, and how often it counts on average.
struct PairEvent {
  std::uint32_t user;
  std::uint32_t item;
  float strength = 1;
  friend bool operator==(PairEvent, PairEvent) = default;
};

/// What is learned. A row is `width` floats, a multiple of 16; of biases one float an item, or none.
struct PairTables {
  float* users;
  float* items;
  float* biases;
  std::size_t width;
};

struct PairRates {
  float learning_rate;
  float reg;
  float reg_bias;
  PairSampling sampling;
  std::size_t trials;
};

/// A group of users' events with two groups of items, each group's in order of user, then item. The other items are
/// drawn from both groups: rows [begin, end) of each.
struct PairBlock {
  std::array<std::span<const PairEvent>, 2> events;
  std::array<std::uint32_t, 2> begin;
  std::array<std::uint32_t, 2> end;
};

/// One pass over a block's events, user by user, in order. For event (u, i) and the other item j, which is in no event
/// of u here, x = p_u·q + b and the loss's slope s (by sampling: σ(x_j − x_i), or the rank weight),
///
///   p_u += η (s (q_i − q_j) − reg p_u),   q_i += η (s p_u − reg q_i),   q_j += η (−s p_u − reg q_j)   (from the old
///   vectors) b_i += η (s − reg_bias b_i),          b_j += η (−s − reg_bias b_j)
///
/// An event of strength s is met ⌊s + z⌋ times in a row, z drawn from [0, 1), or once if s is 1.
///
/// With the n items of both groups and the t-th drawn item, the rank weight is log(1 + ⌊(n − 1) / t⌋) / log(n). Draws
/// are those of Random(seed, "pairs", key). An event without a pair is left out.
///
/// Returns  how many pairs there were
/// Threads  calls may run at once on blocks that share neither users nor items
/// Source   Rendle et al.: BPR, UAI 2009; Weston, Bengio, Usunier: WSABIE, IJCAI 2011 (WARP); Zhang et al.: Optimizing
///          top-N collaborative filtering via dynamic negative item sampling, SIGIR 2013 (hard)
/// Cost     about 12 · width operations a pair, and 2 · width for each further drawn item
std::size_t descend_pairs(const PairBlock& block, const PairTables& tables, const PairRates& rates, std::uint64_t seed,
                          std::uint64_t key);

}  // namespace gusto
