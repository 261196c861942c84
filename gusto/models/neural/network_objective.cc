#include "gusto/models/neural/network_objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/models/shared/choices.h"
#include "gusto/nn/losses.h"
#include "gusto/nn/ops.h"

namespace gusto {
namespace {

double logit(double share) {
  const double held = std::clamp(share, 0.01, 0.99);
  return std::log(held / (1 - held));
}

NetworkLoss chosen_for(Task task, NetworkLoss loss) {
  if (loss == NetworkLoss::automatic) return task == Task::ratings ? NetworkLoss::squared : NetworkLoss::logistic;
  if (loss == NetworkLoss::bpr && task != Task::top_n) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The loss bpr ranks items, and the task is {}.", to_string(task)),
                "Use task top-n, or another loss.");
  }
  return loss;
}

// A network that has learned its training set by heart still leaves new users to their prior to this degree.
constexpr double kLeastNoise = 0.02;

}  // namespace

float NetworkOutput::predict(float z) const {
  if (!sigmoid) return static_cast<float>(unit * static_cast<double>(z));
  return static_cast<float>(low + (high - low) / (1 + std::exp(-static_cast<double>(z))));
}

NetworkObjective::NetworkObjective(const Dataset& data, Task task, const NetworkOptions& options, bool linear_output)
    : task_(task),
      loss_(chosen_for(task, options.loss)),
      strength_(strength_of(data, task)),
      like_threshold_(options.like_threshold),
      negatives_(task == Task::top_n ? static_cast<std::size_t>(options.negatives) : 0) {
  if (task == Task::top_n) {
    center_ = loss_ == NetworkLoss::bpr ? 0 : logit(1.0 / (1 + options.negatives));
    return;
  }
  const auto count = static_cast<double>(data.event_count());
  if (task == Task::likes) {
    const auto likes =
        std::count_if(data.values().begin(), data.values().end(), [&](float v) { return target(v) == 1; });
    center_ = logit(static_cast<double>(likes) / count);
    return;
  }
  const double mean = std::accumulate(data.values().begin(), data.values().end(), 0.0) / count;
  double variance = 0;
  for (const float value : data.values()) variance += (value - mean) * (value - mean);
  const double stddev = std::sqrt(variance / count);
  output_.sigmoid = !linear_output || loss_ == NetworkLoss::logistic;
  output_.unit = stddev > 0 ? stddev : 1;
  output_.low = static_cast<double>(data.scale().low);
  output_.high = static_cast<double>(data.scale().high);
  if (output_.low == output_.high) {  // a range of one value has no sigmoid
    output_.low -= 1;
    output_.high += 1;
  }
  center_ = output_.sigmoid ? logit((mean - output_.low) / (output_.high - output_.low)) : mean / output_.unit;
}

float NetworkObjective::target(float value) const {
  if (task_ == Task::top_n) return 1;
  // As values are stored, so that 4.1 reaches 4.1.
  if (task_ == Task::likes) return value >= static_cast<float>(like_threshold_) ? 1.0F : 0.0F;
  if (loss_ == NetworkLoss::logistic) {
    return static_cast<float>((static_cast<double>(value) - output_.low) / (output_.high - output_.low));
  }
  return static_cast<float>(static_cast<double>(value) / output_.unit);
}

nn::Var NetworkObjective::record(nn::Var z, std::span<const float> targets, float scale) const {
  if (loss_ == NetworkLoss::logistic || loss_ == NetworkLoss::bpr) return nn::logistic_loss(z, targets, scale);
  nn::Var prediction = z;
  if (on_probability()) {
    prediction = nn::sigmoid(z);
  } else if (output_.sigmoid) {
    prediction = nn::scaled_sigmoid(z, static_cast<float>(output_.low / output_.unit),
                                    static_cast<float>(output_.high / output_.unit));
  }
  switch (loss_) {
    case NetworkLoss::absolute: return nn::absolute_loss(prediction, targets, scale);
    case NetworkLoss::huber: return nn::huber_loss(prediction, targets, 1, scale);
    default: return nn::squared_loss(prediction, targets, scale);
  }
}

double NetworkObjective::error(float z, float target) const {
  if (on_probability()) {
    const double x = target > 0.5F ? -static_cast<double>(z) : static_cast<double>(z);
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  const double value = loss_ == NetworkLoss::logistic
                           ? output_.low + (output_.high - output_.low) * static_cast<double>(target)
                           : output_.unit * static_cast<double>(target);
  const double error = static_cast<double>(output_.predict(z)) - value;
  return loss_ == NetworkLoss::absolute ? std::abs(error) : error * error;
}

ProgressMetric NetworkObjective::metric(double mean_error) const {
  if (on_probability()) return {"log-loss", mean_error};
  if (loss_ == NetworkLoss::absolute) return {"mae", mean_error};
  return {"rmse", std::sqrt(mean_error)};
}

double NetworkObjective::noise(double mean, bool is_error) const {
  if (loss_ == NetworkLoss::logistic || loss_ == NetworkLoss::bpr) return 1;
  // Squared loss is 2σ² times the negative log likelihood of a Gaussian, half of it that of huber's; absolute loss b
  // times that of a Laplacian.
  const double unit = loss_ == NetworkLoss::absolute ? output_.unit : output_.unit * output_.unit;
  double level = is_error && !on_probability() ? mean / unit : mean;
  if (loss_ == NetworkLoss::huber) level *= is_error ? 1 : 2;
  level = std::max(level, kLeastNoise);
  return loss_ == NetworkLoss::squared ? 2 * level : level;
}

}  // namespace gusto
