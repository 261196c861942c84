#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/refitted_factors.h"
#include "gusto/models/model_info.h"

namespace gusto {

class ImplicitCenters;

struct SvdppOptions {
  int dim = 64;
  int epochs = 40;
  bool asymmetric = false;
  double learning_rate = 0;
  double reg = 0;
  double reg_implicit = 0;
  double reg_bias = 0.06;
  double reg_power = 0.5;
  int iterations = 1;
  double negatives = 5;
};
inline constexpr auto kSvdppFields = fields(
    field<&SvdppOptions::dim>("dim", between(1, 4096), search_log(8, 128), "Length of each user and item vector."),
    field<&SvdppOptions::epochs>("epochs", between(1, 10000), search_log(10, 100), "Passes over the training events."),
    field<&SvdppOptions::asymmetric>("asymmetric", "Users are what they rated, and how, with no vector of their own."),
    field<&SvdppOptions::learning_rate>("learning_rate", between(0, 1), search_log(0.005, 0.2),
                                        "Step size at the start; 0 chooses by the task: 0.023, for top-n 0.1."),
    field<&SvdppOptions::reg>(
        "reg", between(0, 10), search_log(0.003, 0.2),
        "Regularization of the vectors, as the mean over events; 0 chooses by the task: 0.05, for top-n "
        "0.01."),
    field<&SvdppOptions::reg_implicit>(
        "reg_implicit", between(0, 1e6), search_log(20, 1000),
        "Regularization of the implicit item vectors; 0 chooses by the variant: 120, asymmetric 50."),
    field<&SvdppOptions::reg_bias>("reg_bias", between(0, 10), search_log(0.01, 0.2), "Regularization of the biases."),
    field<&SvdppOptions::reg_power>(
        "reg_power", between(0, 1), search_linear(0, 1),
        "How much weaker regularization is on rows with many events: reg / events^reg_power."),
    field<&SvdppOptions::iterations>("iterations", between(1, 100), search_none(),
                                     "Steps of conjugate gradients, in each epoch, to what having an item says."),
    field<&SvdppOptions::negatives>("negatives", between(0.1, 100), search_log(1, 10),
                                    "Top-n: items drawn at random against each event, as not chosen."));
extern const ModelInfo kSvdppInfo;

/// Predicts by biases and the inner product of item vectors with users who are, in part, what they rated.
///
///   ŷ_ui = μ + b_u + b_i + q_i · (p_u + z_u),   z_u = n_u^(−1/2) Σ_{j rated by u} y_j
///
/// Asymmetric   no p_u, and z_u = n_u^(−1/2) Σ_j (y_j + e_uj x_j), e_uj how much more u liked j than expected
///              (implicit_centers.h): a new rating counts at once, without learning
/// Learning     as biased-mf (mf_trainer.h), with users' vectors shrunk to z_u, and y and x by conjugate gradients
///              after each epoch; then users are refitted about z_u (refitted_factors.h)
/// top_n        as biased-mf: events have value 1 and are met by their strengths, `negatives` drawn items have 0; in
///              z_u all events count the same
/// Goes on      from vectors and biases of the other model; an update makes a tenth of the epochs
/// Source       Koren: Factorization meets the neighborhood, KDD 2008 (SVD++ and Asymmetric-SVD); differs in learning y
///              and x by conjugate gradients, in epochs instead of events, which is free of order and step size; and in
///              the refit
/// State        that of RefittedFactors, and implicit_vectors [items or 2 items × dim], float32
/// Cost         O(epochs · events · dim · (iterations + 1) + events · dim² + users · dim³ / 3);
///              (6 users + 8 items, 14 if asymmetric) · dim · 4 + events · 20 bytes
/// Errors       those of Model; not_finite if learning diverges, with the epoch
/// Repeatable   same bits at any number of threads, for one seed and one CPU level
class SvdppModel final : public ModelWith<SvdppOptions, kSvdppInfo, RefittedFactors> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  std::size_t dim() const override { return static_cast<std::size_t>(options().dim); }
  double negatives() const override { return options().negatives; }
  Matrix<float> center_parts(std::span<const HistoryEvent> history) const override;

  void go_on(ImplicitCenters& centers, const Dataset& data, const SvdppModel& from, const MfStart& start,
             Context& context) const;
  bool has_x() const { return options().asymmetric && task() != Task::top_n; }

  Matrix<float> implicit_;  // y, then x
};

}  // namespace gusto
