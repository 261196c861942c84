#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/models/model_info.h"

namespace gusto {

enum class PopularityMethod { count, weighted_rating, recent };
inline constexpr std::array<std::string_view, 3> kPopularityMethodNames{"count", "weighted-rating", "recent"};

struct PopularityOptions {
  PopularityMethod method = PopularityMethod::count;
  double prior_count = 2;
  double window_days = 90;
};
inline constexpr auto kPopularityFields = fields(
    choice<&PopularityOptions::method>("method", kPopularityMethodNames,
                                       "What ranks: number of events, Bayesian rating, or number of late events."),
    field<&PopularityOptions::prior_count>(
        "prior_count", between(0, 1e9), search_log(1, 1000),
        "Average ratings added to each item's own: 2 predicts well, 50 ranks by rating well."),
    field<&PopularityOptions::window_days>("window_days", between(0.001, 36500), search_log(1, 1000),
                                           "Days before the latest training event that method recent counts."));
extern const ModelInfo kPopularityInfo;

/// Recommends what most people chose, the same to everyone.
///
/// With n_i an item's events, r̄_i the mean of their values, μ the mean of all values and m = prior_count:
/// predicts   w_i = (n_i r̄_i + m μ) / (n_i + m), for ratings and likes
/// ranks by   count: n_i, or the sum of strengths where events differ in them; weighted-rating: w_i; recent: the same
///            as count, of the window_days before the latest training event, the instant at their start left out
/// Source     weighted-rating is IMDb's formula for its Top 250: a Bayesian mean with a prior of m votes at μ
/// Defaults   prior_count is best for prediction on a random tenth of the training parts of ml-1m and of ml-100k's
///            u1–u5; lists by weighted-rating take a larger one, or a few kind ratings make a best film
/// State      event_counts [items], uint32; value_sums [items] and global_mean, float64; recent_counts [items], uint32,
///            with method recent; strength_sums [items], float64, where events differ in strength
/// Cost       O(events), one pass; 36 bytes an item
/// Errors     those of Model; invalid_option, if method is recent and events have no times
/// Repeatable same bits at any number of threads; no random numbers
class PopularityModel final : public ModelWith<PopularityOptions, kPopularityInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  void count_recent(const Dataset& data);
  /// What the items' own ratings, and the prior, add to the weighted rating.
  double own_part(std::size_t item) const;
  double prior_part(std::size_t item) const;
  /// Fills ratings_ and scores_ from the counts.
  void derive();

  double mean_ = 0;
  std::vector<std::uint32_t> counts_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> recent_;  // empty unless method is recent
  std::vector<double> strengths_;      // of an item's events, or of its recent ones; empty: all count the same
  std::vector<float> ratings_;
  std::vector<float> scores_;
};

}  // namespace gusto
