#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/model_info.h"
#include "gusto/models/simple/segments.h"

namespace gusto {

enum class ChartMethod { by_task, count, weighted_rating };
inline constexpr std::array<std::string_view, 3> kChartMethodNames{"auto", "count", "weighted-rating"};

struct DemographicOptions {
  std::string segments = "auto";
  ChartMethod method = ChartMethod::by_task;
  std::string smoothing_feature;
  double shrinkage = 100;
  double prior_count = 2;
  double reg_user = 5;
};
inline constexpr auto kDemographicFields = fields(
    text<&DemographicOptions::segments>("segments",
                                        "How users are sorted: \"gender, age, gender*age\"; auto is every feature that "
                                        "sorts them, and every pair."),
    choice<&DemographicOptions::method>(
        "method", kChartMethodNames,
        "What ranks: number of events, or Bayesian rating; auto: the one for top-n, the other "
        "for ratings and likes."),
    renamed(text<&DemographicOptions::smoothing_feature>(
                "smoothing_feature",
                "A feature of items, such as genres: what a segment thinks of an item is drawn to "
                "what it thinks of these. Empty: to the whole at once."),
            "per"),
    field<&DemographicOptions::shrinkage>("shrinkage", between(0.01, 1e9), search_log(1, 300),
                                          "Events in a segment at which its own say on an item counts half."),
    field<&DemographicOptions::prior_count>(
        "prior_count", between(0, 1e9), search_log(1, 1000),
        "Average ratings added to each item's own: 2 predicts well, 50 ranks by rating well."),
    field<&DemographicOptions::reg_user>("reg_user", between(0, 1e6), search_log(0.1, 100),
                                         "Ratings, likes: shrinks the user's own bias as that many average ratings "
                                         "would."));
extern const ModelInfo kDemographicInfo;

/// Recommends what people like the user chose and liked: popularity by gender, age, occupation and their pairs.
///
/// Users are sorted in several ways (Segments); s_w is the user's segment by way w. All that a segment says is relative
/// to what is expected of it, which is the whole's, and for gender*age what gender and age say already.
/// counts     n_i events of item i, N of all, O_si of segment s with it, N_s of segment s, or their strengths summed
///              up: E_si = N_s n_i / N · Π_{v parent of w} R_vi,   R_wi = (O_si + shrinkage) / (E_si + shrinkage)
///              score = ln(n_i + ½) + Σ_w ln R_wi
/// ratings    w_i = (Σ r + prior_count μ) / (n_i + prior_count), the weighted rating. With e what is left of a rating,
/// way
///            after way, d_s = Σ e / (N_s + shrinkage) and d_si = Σ (e − d_s) / (O_si + shrinkage):
///              ŷ_ui = w_i + Σ_w (d_s + d_si) + b_u,   b_u = Σ_i e_ui / (n_u + reg_user), 0 for somebody without
///              history
///            By weighted-rating these rank, too.
/// per        a field of items with values g, item i having |G_i| of them. Then R_si and d_si are drawn to those of the
///            item's values instead of 1 and 0: with O_sg = Σ_{i∋g} O_si / |G_i|, and E_sg, d_sg likewise,
///              R_sg = (O_sg + shrinkage) / (E_sg + shrinkage),   E_si is multiplied by R_sG = Π_{g∈G_i}
///              R_sg^(1/|G_i|), as is R_si;   and μ in w_i is the mean of the values' own weighted ratings
/// Source     weighted ratings as in popularity.h; ratios of observed to expected counts with a gamma prior are
///            DuMouchel's (The American Statistician 1999); ways are combined as a naive Bayes classifier combines
///            features
/// State      for every way a table [segments × items] of ln R, and for ratings of d; float32
/// Cost       fit: O(events · ways + segments · items); memory: 4 bytes a segment and item, for ratings 8, and 4 an
///            event
/// Errors     those of Model and Segments; not_found, for a `smoothing_feature` that items don't have;
///            invalid_option, for one without values
/// Repeatable same bits at any number of threads; no random numbers
class DemographicModel final : public ModelWith<DemographicOptions, kDemographicInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  using QueryUser = std::vector<std::optional<std::uint32_t>>;  // segments, by way

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  bool counts(Task task) const {
    if (options().method == ChartMethod::by_task) return task == Task::top_n;
    return options().method == ChartMethod::count;
  }
  bool counts() const { return counts(task()); }
  bool rates(Task task) const { return task != Task::top_n || !counts(task); }
  const FeatureField* groups(const Catalog& catalog) const;
  /// How much events count in popularity: alike, where ratings rank.
  Strength chart_strength(const Dataset& data) const;
  /// n_i.
  double chosen(std::size_t item) const { return strengths_.empty() ? counts_[item] : strengths_[item]; }
  void sum_up(const Dataset& data);
  /// From counts_: strengths_ and popularity_.
  void weigh_popularity(const Dataset& data);
  void fit_counts(const Dataset& data, std::size_t way, Context& context);
  void fit_ratings(const Dataset& data, std::size_t way, std::span<float> left, Context& context);
  double rating(const QueryUser& query_user, std::size_t item) const;
  double own_bias(const QueryUser& query_user, const Query& query) const;

  Segments segments_;
  std::vector<std::uint32_t> counts_;
  std::vector<double> strengths_;                  // by item, summed up; empty where all events count the same
  std::vector<float> popularity_;                  // ln(n_i + ½)
  std::vector<float> ratings_;                     // w_i
  std::vector<Matrix<float>> count_ratios_;        // by way, ln R [segments × items]; none unless counts rank
  std::vector<Matrix<float>> rating_differences_;  // by way, d [segments × items]; none unless ratings are asked for
};

}  // namespace gusto
