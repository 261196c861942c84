#include "gusto/models/factors/biased_mf.h"

#include "gusto/models/factors/factor_abilities.h"
#include "gusto/models/factors/mf_trainer.h"

namespace gusto {

constexpr ModelInfo kBiasedMfInfo{
    .name = "biased-mf",
    .summary = "Biases and the inner product of learned user and item vectors.",
    .about =
        "Matrix factorization with biases (Koren, Bell, Volinsky 2009): r = mu + b_u + b_i + p_u.q_i, learned by "
        "stochastic gradient descent over blocks, then refitted on the users' side under the Gaussian prior that the "
        "users themselves follow, which is also how new users are folded in. The rating predictor to reach for first. "
        "For top-n it learns from events against items drawn at random.",
    .fields = kBiasedMfFields,
    .abilities = continuing(kFactorAbilities),
    .make = &make_with<BiasedMfModel>,
};

std::uint64_t BiasedMfModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const auto width = static_cast<std::uint64_t>(options().dim) + 16;
  const std::uint64_t rows = data.user_count() + data.item_count();
  const std::uint64_t copies = options().validation > 0 ? 3 : 2;  // in training order, the best epoch's, in row order
  return copies * rows * width * sizeof(float) + data.event_count() * 12 + rows * 24 + threads * width * width * 24;
}

void BiasedMfModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  MfOptions training = options();
  training.epochs = static_cast<int>(passes(training.epochs, fit));
  set_factors(start_of(data, fit,
                       [&](const MfStart* start) {
                         return train_mf(data, task(), training, fit.seed, context, nullptr, start);
                       }),
              data, context);
}

}  // namespace gusto
