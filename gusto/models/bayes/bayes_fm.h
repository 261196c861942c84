#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/models/bayes/fm_features.h"
#include "gusto/models/bayes/fm_samples.h"
#include "gusto/models/model_info.h"

namespace gusto {

enum class FmSets { automatic, none, user, item, both };
inline constexpr std::string_view kFmSetsNames[] = {"auto", "none", "user", "item", "both"};

enum class FmTarget { automatic, gaussian, probit };
inline constexpr std::string_view kFmTargetNames[] = {"auto", "gaussian", "probit"};

enum class FmTime { automatic, none, day, user_day, both };
inline constexpr std::string_view kFmTimeNames[] = {"auto", "none", "day", "user-day", "both"};

struct BayesFmOptions {
  int dim = 0;
  int epochs = 0;
  double burn_in = 0.2;
  int samples = 50;
  FmTarget output = FmTarget::automatic;
  FmSets implicit = FmSets::automatic;
  FmTime time = FmTime::automatic;
  std::string fields = "auto";
  double init = 0.1;
  double negatives = 3;
  double like_threshold = 4;
};
inline constexpr auto kBayesFmFields = fields(
    field<&BayesFmOptions::dim>("dim", between(0, 1024), search_log(8, 64),
                                "Number of factors; 0: 32, fewer where users or items are few."),
    field<&BayesFmOptions::epochs>(
        "epochs", between(0, 100000), search_none(),
        "Sweeps over the training events, burn-in included; 0: 200, for top-n 20 of few, 60 of "
        "50,000 and more."),
    field<&BayesFmOptions::burn_in>("burn_in", between(0, 0.9), search_none(),
                                    "Share of the sweeps that come before the first sample is kept."),
    field<&BayesFmOptions::samples>(
        "samples", between(1, 10000), search_none(),
        "Samples kept to answer with, evenly spread; fewer are smaller and faster, more are "
        "more exact."),
    choice<&BayesFmOptions::output>(
        "output", kFmTargetNames,
        "How values come about: with normal noise, or as ordered levels by a probit. auto: "
        "levels, if there are at most 20; for top-n two. Likes are two levels in any case."),
    choice<&BayesFmOptions::implicit>(
        "implicit", kFmSetsNames,
        "Whose sets count as features: of the user, the items they rated; of the item, who "
        "rated it. auto: both, for top-n none."),
    choice<&BayesFmOptions::time>(
        "time", kFmTimeNames, "What of the time counts: the day, or the user on that day. auto: both, for top-n none."),
    text<&BayesFmOptions::fields>(
        "fields",
        "Features of users and items that count, separated by commas; auto: all that rows have "
        "in common; empty: none."),
    field<&BayesFmOptions::init>("init", between(0, 10), search_none(),
                                 "Standard deviation of the factors at the start."),
    field<&BayesFmOptions::negatives>("negatives", between(0.1, 100), search_log(1, 10),
                                      "Top-n: items drawn at random against each event, as not chosen."),
    field<&BayesFmOptions::like_threshold>("like_threshold", {}, search_none(),
                                           "Likes: a value of at least this is a like."));
extern const ModelInfo kBayesFmInfo;

/// Predicts by a Bayesian factorization machine: the mean over samples of its posterior, drawn by Gibbs sampling.
///
///   ŷ(x) = w_0 + Σ_j w_j x_j + Σ_{j<l} x_j x_l v_j · v_l,   with x of an event: user, item, and as options say the
///   items the user rated and the users who rated the item (1/√n each), the day, the user on that day, features of user
///   and item
///
/// Output     gaussian: values, standardized, are ŷ with normal noise. probit: they are levels, distinguished by cut
///            points between which ŷ with noise of variance 1 falls (ProbitOutput); predictions are the levels' mean.
///            Likes are two levels, and predictions the probability of the upper one.
/// Learning   FmSampler: all weights, factors, their means and variances in each group, and the noise are drawn in
///            turn; there is no strength of regularization to choose
/// Predicts   the mean of ŷ over the samples kept. Its standard deviation adds up how these differ and the noise; a
///            day, or a user's day, that training has not seen counts by its mean in predictions, and is drawn in each
///            sample for the standard deviation. Someone asked for without a time is as on a day that training has not
///            seen, or if it had events without a time, as on theirs (FmFeatures).
/// New users  the own column of someone with a history is drawn in each sample from its distribution given the rest
///            (FmSamples::new_user), for levels together with the latents of their events, some rounds in turn. That is
///            exact for normal noise where users' days do not count and training has seen each event's day. Else it is
///            approximate: what unknown days add counts as more noise, independent in each event, and for levels the
///            rounds are few.
/// top_n      all events have value 1; against each, `negatives` items that the user has no event with are drawn once,
///            with value 0. By default these are two levels, and items are ranked by ŷ itself, the mean over samples of
///            what lies above the cut point
/// Source     Rendle: Factorization machines with libFM, ACM TIST 2012; Scaling factorization machines to relational
///            data, VLDB 2013; Rendle, Zhang, Koren: On the difficulty of evaluating baselines, 2019; Salakhutdinov,
///            Mnih: Bayesian probabilistic matrix factorization, ICML 2008. Samples are kept, not only the predictions
///            of a test set that is known beforehand.
/// State      per block and kept sample: linear parts and factors of rows; the users' columns; float32
/// Cost       O(epochs · events · dim); (users + items + days + columns that users share) · samples · (dim + 1) · 4
///            bytes
/// Errors     those of Model; not_finite if sampling diverges; invalid_option for a time asked for where events have
///            none, fields that FmFeatures refuses, more than 200 levels, and more events than fm_events counts
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class BayesFmModel final : public ModelWith<BayesFmOptions, kBayesFmInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;
  bool ranks_new_items() const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_predict_stddev(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out,
                         std::span<float> stddev) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;

  FmInputs inputs(Task task) const;
  struct Sweeps {
    std::size_t total;
    std::size_t burn_in;  // of these, before the first sample is kept
    std::size_t kept;
  };
  std::size_t dim(const Dataset& data, Task task) const;
  Sweeps sweeps(const Dataset& data, Task task, const FitOptions& fit) const;
  /// Users and items as they are in the last sample of the model to go on from.
  FmSampler::Start start_of(const Dataset& data, const FitOptions& fit) const;
  /// How many levels values may have, none if they are numbers with noise.
  std::size_t most_levels(Task task) const;
  void require_times(const Dataset& data) const;
  /// Learns what targets are like, and takes them.
  std::unique_ptr<FmOutput> output_of(std::vector<float> targets, Context& context);
  void check_loaded() const;
  void prepare_ranking();
  /// A user's part of outputs; mean and draw are the same for a training user.
  FmEstimate query_user(const Query& query) const;
  FmEstimate new_user(const Query& query) const;
  /// Adds the time of asking: a day that training has not seen by its mean, or drawn.
  FmPart at_time(FmPart part, const Query& query, bool drawn) const;
  /// Calls body(i, means, draws) with the outputs in all samples for each query and its item: given the means of all
  /// that is not in the samples, and, if they are wanted, given draws.
  template <class Body>
  void for_outputs(std::span<const Query> queries, std::span<const ItemRow> items, bool drawn, const Body& body) const;
  /// The value expected, and its variance, given outputs in all samples.
  struct Expectation {
    double mean;
    double variance;
  };
  Expectation expectation(std::span<const float> outputs) const;
  /// Whether values are levels; then these are they, ascending.
  bool by_levels() const { return !levels_.empty(); }
  /// Whether answers are ŷ itself, not the levels' mean: the order of both is nearly the same, and that of ŷ is quick.
  bool by_output() const { return !by_levels() || (task() == Task::top_n && levels_.size() == 2); }
  /// What is added to the mean output of the samples, in its unit, to give an answer.
  double offset() const;
  std::vector<float> choose_levels(std::span<const float> values) const;
  std::size_t level_of(float value) const;
  /// What the probit's latents, or the Gaussian's targets, are about.
  float target_of(float value) const { return static_cast<float>((static_cast<double>(value) - mean_) / scale_); }

  double mean_ = 0;  // of the training values, where they are no levels
  double scale_ = 1;
  std::vector<float> levels_;
  Matrix<float> cuts_;  // [samples × (levels − 1)]
  std::optional<FmFeatures> features_;
  FmSamples samples_;
  std::vector<float> item_linear_;  // each item's mean over samples
};

}  // namespace gusto
