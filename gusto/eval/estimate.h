#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/data/rows.h"

namespace gusto {

/// A metric's value with what is needed to say how sure it is.
///
/// Users are the sampled units. influence[i] is what users[i] adds to the estimate's deviation: leaving the user out
/// changes the estimate by about −influence[i], and Σ influence = 0. For a mean over n users of x_u it is exactly
/// (x_u − mean) / n; for a ratio Σa_u / Σb_u it is (a_u − ratio · b_u) / Σb; for a root or an area it is the
/// first-order term. So
///   standard error   = sqrt( n / (n−1) · Σ influence² )
///   a bootstrap draw = mean + Σ (w_u − 1) · influence_u, with w multinomial
/// and two models' difference is tested with the difference of their influences (paired over users).
struct Estimate {
  std::string metric;  ///< "rmse", "ndcg@10"
  double mean = 0;
  double stderr_ = 0;  ///< 0 with fewer than two users, who say nothing about how users differ
  std::uint64_t user_count = 0;
  bool higher_is_better = true;
  std::vector<UserRow> users;     ///< ascending
  std::vector<double> influence;  ///< parallel to users
};

/// Mean over users, or over whatever else belongs to users, of x_u; and the ratio Σa_u / Σb_u, or its root.
Estimate mean_estimate(std::string metric, std::span<const UserRow> users, std::span<const double> values,
                       bool higher_is_better);
Estimate ratio_estimate(std::string metric, std::span<const UserRow> users, std::span<const double> numerators,
                        std::span<const double> denominators, bool higher_is_better, bool root = false);

/// An estimate whose influences were worked out elsewhere; users ascend, influences sum to 0. The influences of a user
/// who comes several times, here as above, add up.
Estimate influence_estimate(std::string metric, double mean, std::vector<UserRow> users, std::vector<double> influence,
                            bool higher_is_better);

/// The mean over folds of one metric; influences of a user in several folds add up, divided by the folds.
Estimate average_folds(std::span<const Estimate> folds);

/// How far one model's estimate lies from another's, and between what bounds the difference is likely to be.
struct Difference {
  double mean = 0;  ///< a − b
  double low = 0;   ///< 2.5th percentile of the draws
  double high = 0;  ///< 97.5th percentile
  /// Whether 0 lies outside [low, high]. With fewer than two users nothing is.
  bool distinguishable = false;
};

}  // namespace gusto
