#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gusto/models/factors/mf_options.h"
#include "gusto/models/factors/refitted_factors.h"
#include "gusto/models/model_info.h"

namespace gusto {

inline constexpr auto kBiasedMfFields = fields(
    field<&MfOptions::dim>("dim", between(1, 4096), search_log(16, 256), "Length of each user and item vector."),
    field<&MfOptions::epochs>("epochs", between(1, 10000), search_log(10, 100), "Passes over the training events."),
    field<&MfOptions::learning_rate>("learning_rate", between(0, 1), search_log(0.005, 0.2),
                                     "Step size at the start; 0 chooses by the task: 0.023, for top-n 0.1."),
    choice<&MfOptions::schedule>("schedule", kScheduleNames, "How the step size changes: linearly to 0, or constant."),
    field<&MfOptions::reg>("reg", between(0, 10), search_log(0.003, 0.2),
                           "Regularization of the vectors, as the mean over events; 0 chooses by the task: "
                           "0.05, for top-n 0.01."),
    field<&MfOptions::reg_bias>("reg_bias", between(0, 10), search_log(0.01, 0.2), "Regularization of the biases."),
    field<&MfOptions::reg_power>("reg_power", between(0, 1), search_linear(0, 1),
                                 "How much weaker regularization is on rows with many events: reg / events^reg_power."),
    field<&MfOptions::init>("init", between(0, 10), search_log(0.001, 0.3),
                            "Length that vectors start with, about; 0 chooses by the task: 0.02, for top-n 0.1."),
    field<&MfOptions::negatives>("negatives", between(0.1, 100), search_log(1, 10),
                                 "Top-n: items drawn at random against each event, as not chosen."),
    field<&MfOptions::validation>(
        "validation", between(0, 0.5), search_none(),
        "Share of the training events held out to stop early and keep the best epoch; 0: none."),
    field<&MfOptions::patience>("patience", between(1, 1000), search_none(),
                                "Epochs without a better validation error before stopping."));
extern const ModelInfo kBiasedMfInfo;

/// Predicts by biases and the inner product of learned user and item vectors.
///
///   ŷ_ui = μ + b_u + b_i + p_u · q_i
///
/// Learning   stochastic gradient descent on (r_ui − ŷ_ui)² + λ_u ‖p_u‖² + λ_i ‖q_i‖² + reg_bias (b_u² + b_i²) per
///            event, λ_u = reg · n_u^(−reg_power) / mean over events of n^(−reg_power), λ_i likewise.
///            Users and items are cut into B groups each, so that B² blocks of events arise; an epoch is B rounds of B
///            blocks that share no row, and blocks of a round run in parallel. B depends on the data alone.
/// Refit      last, all users' vectors and biases are learned again from the item side (refitted_factors.h)
/// top_n      all events have value 1 and μ is 0; against each event `negatives` items are drawn uniformly with value
///            0, new ones each epoch. An event of strength s is met s times an epoch on average, with its negatives; in
///            the refit every item counts as 0 with weight negatives · n_u / items, n_u being the sum of strengths.
/// Goes on    from vectors and biases of the other model; an update makes a tenth of the epochs
/// Source     Koren, Bell, Volinsky: Matrix factorization techniques, IEEE Computer 2009; blocks as in Gemulla et al.:
///            DSGD, KDD 2011, and LIBMF (Chin et al. 2015)
/// State      that of RefittedFactors
/// Cost       O(epochs · events · dim + events · dim² + users · dim³ / 3);
///            (users + items) · dim · 4 + events · 12 bytes, times 1 + negatives for top-n
/// Errors     those of Model; not_finite if learning diverges, with the epoch
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class BiasedMfModel final : public ModelWith<MfOptions, kBiasedMfInfo, RefittedFactors> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  std::size_t dim() const override { return static_cast<std::size_t>(options().dim); }
  double negatives() const override { return options().negatives; }
};

}  // namespace gusto
