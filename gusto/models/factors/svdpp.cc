#include "gusto/models/factors/svdpp.h"

#include <cmath>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/factor_abilities.h"
#include "gusto/models/factors/implicit_centers.h"
#include "gusto/models/factors/mf_trainer.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {
namespace {

MfOptions trainer_options(const SvdppOptions& options) {
  MfOptions result;
  result.dim = options.dim;
  result.epochs = options.epochs;
  result.learning_rate = options.learning_rate;
  result.reg = options.reg;
  result.reg_bias = options.reg_bias;
  result.reg_power = options.reg_power;
  result.negatives = options.negatives;
  return result;
}

}  // namespace

constexpr ModelInfo kSvdppInfo{
    .name = "svdpp",
    .summary = "Factors of users who are, in part, the items that they rated.",
    .about =
        "SVD++ (Koren, KDD 2008): r = mu + b_u + b_i + q_i.(p_u + z_u), where z_u is the scaled sum of a vector for "
        "each "
        "item that the user rated, whatever the rating: that somebody rates something says something about their "
        "taste, too. With "
        "asymmetric, users have no vector of their own and are what they rated, and how, so that new ratings count at "
        "once. Learned as biased-mf, with the items' second vectors by conjugate gradients. Helps most for those "
        "with few ratings.",
    .fields = kSvdppFields,
    .abilities = continuing(kFactorAbilities),
    .make = &make_with<SvdppModel>,
};

std::uint64_t SvdppModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const auto width = static_cast<std::uint64_t>(options().dim) + 16;
  const std::uint64_t users = data.user_count();
  const std::uint64_t items = data.item_count();
  const std::uint64_t of_items = options().asymmetric ? 14 : 8;
  return (6 * users + of_items * items) * width * sizeof(float) + data.event_count() * 20 + (users + items) * 32 +
         threads * width * width * 24;
}

void SvdppModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  const double chosen = options().asymmetric ? 50 : 120;
  ImplicitCenters centers(data, task(), dim(), options().asymmetric,
                          options().reg_implicit > 0 ? options().reg_implicit : chosen, options().iterations);
  MfOptions training = trainer_options(options());
  training.epochs = static_cast<int>(passes(training.epochs, fit));
  MfFactors learned = start_of(data, fit, [&](const MfStart* start) {
    if (start != nullptr) go_on(centers, data, static_cast<const SvdppModel&>(*fit.from), *start, context);
    return train_mf(data, task(), training, fit.seed, context, &centers, start);
  });
  implicit_ = centers.vectors(learned.stddev);
  require_finite("implicit vectors", implicit_.values());
  set_factors(std::move(learned), data, context);
}

void SvdppModel::go_on(ImplicitCenters& centers, const Dataset& data, const SvdppModel& from, const MfStart& start,
                       Context& context) const {
  if (has_x() != from.has_x()) {
    throw Error(ErrorCode::invalid_option, "svdpp cannot go on from the other variant of itself.",
                "Leave the option asymmetric as it was.");
  }
  const double variance = task() == Task::top_n ? 1 : moments_of(data.values(), context).variance;
  centers.go_on(start.known.items, from.implicit_, variance > 0 ? std::sqrt(variance) : 1);
}

Matrix<float> SvdppModel::center_parts(std::span<const HistoryEvent> history) const {
  Matrix<float> parts(history.size(), dim());
  const float scale = implicit_scale(history.size());
  const auto excess = [&](const HistoryEvent& event) {
    return static_cast<double>(event.value) - mean_ - ranking_(event.item.index, dim() + 1);
  };
  double sum = 0;
  for (const HistoryEvent& event : history) sum += excess(event);
  const double lean = damped_mean(sum, static_cast<double>(history.size()), ImplicitCenters::kLeanReg);
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::size_t item = history[e].item.index;
    axpy(scale, implicit_.row(item), parts.row(e));
    if (!has_x()) continue;
    axpy(scale * static_cast<float>(excess(history[e]) - lean), implicit_.row(ranking_.rows() + item), parts.row(e));
  }
  return parts;
}

void SvdppModel::save_state(TensorWriter& out) const {
  RefittedFactors::save_state(out);
  out.add("implicit_vectors", implicit_);
}

void SvdppModel::do_load(const TensorFile& in) {
  RefittedFactors::do_load(in);
  implicit_ = in.matrix<float>("implicit_vectors", (has_x() ? 2 : 1) * data().item_count(), dim());
}

}  // namespace gusto
