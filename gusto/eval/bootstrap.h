#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/eval/estimate.h"

namespace gusto {

/// Two estimates of one metric on the same test events. Borrowed.
struct EstimatePair {
  const Estimate* a = nullptr;
  const Estimate* b = nullptr;
};

struct BootstrapOptions {
  std::size_t draws = 2000;
  std::uint64_t seed = 42;
};

/// Paired bootstrap over users of the difference a − b, for many pairs at once.
///
/// With U the users of all pairs together, a draw takes |U| of them with replacement: w_u times user u. Its difference
/// is
///   a − b + Σ_u (w_u − 1) · (influence_a(u) − influence_b(u))
/// with influence 0 for users that an estimate lacks. The interval runs between the 2.5th and 97.5th percentile of the
/// draws (linear interpolation). Draw d is keyed by (seed, d), so all pairs and all callers with one seed and
/// the same users see the same samples.
///
/// Source     Efron, Tibshirani: An Introduction to the Bootstrap, 1993, ch. 13; the linearised statistic of ch. 22.6
///            makes a draw a sum of rows instead of a re-evaluation
/// Cost       a matrix product of 2 · draws · users · pairs operations in single precision, which tells differences
///            from 0 as well as double would; (users + draws) · pairs · 4 bytes, and users · 128 bytes a thread
/// Errors     invalid_option, if draws is 0; canceled
/// Repeatable same bits at any number of threads, for one CPU level
std::vector<Difference> paired_bootstrap(std::span<const EstimatePair> pairs, Context& context,
                                         const BootstrapOptions& options = {});

}  // namespace gusto
