#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/models/neural/network_options.h"
#include "gusto/models/task.h"
#include "gusto/nn/tape.h"

namespace gusto {

/// How a network's output z becomes a prediction.
struct NetworkOutput {
  bool sigmoid = true;  ///< low + (high − low) σ(z); otherwise unit · z
  double low = 0, high = 1;
  double unit = 1;

  float predict(float z) const;
};

/// What a network learns from: which loss of which prediction, and the targets.
class NetworkObjective {
 public:
  /// The scale of the output comes from the data's values. Error(invalid_option) if loss and task don't go together.
  NetworkObjective(const Dataset& data, Task task, const NetworkOptions& options, bool linear_output);

  NetworkLoss loss() const { return loss_; }
  /// How much events count.
  const Strength& strength() const { return strength_; }
  const NetworkOutput& output() const { return output_; }
  /// The z at which a prediction is the targets' mean.
  double center() const { return center_; }
  /// What the loss compares with, for an event of that value.
  float target(float value) const;
  /// Top-n: items drawn against each event; 0 for other tasks.
  std::size_t negatives() const { return negatives_; }
  /// What it compares with for an item that was not chosen.
  float not_chosen() const { return 0; }
  /// The sum of the losses of z [rows × 1], times scale.
  nn::Var record(nn::Var z, std::span<const float> targets, float scale) const;
  /// The error by which epochs are compared, of one prediction: squared or absolute, in units of the values, or log
  /// loss.
  double error(float z, float target) const;
  /// A mean error under its usual name.
  ProgressMetric metric(double mean_error) const;
  /// How much a new user's events say against the prior: the factor by which the loss's own units exceed those of a
  /// negative log likelihood, from the mean error (if measured) or the mean loss that training ended with.
  double noise(double mean, bool is_error) const;

 private:
  bool on_probability() const { return task_ != Task::ratings; }

  Task task_;
  NetworkLoss loss_;
  Strength strength_;
  NetworkOutput output_;
  double like_threshold_;
  std::size_t negatives_;
  double center_ = 0;
};

}  // namespace gusto
