#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"
#include "gusto/models/biased_mf.h"
#include "gusto/models/task.h"

namespace gusto {

/// What stochastic gradient descent learned, in units of the training values.
struct MfFactors {
  double mean = 0;      ///< μ
  Matrix<float> users;  ///< [users × dim]
  Matrix<float> items;  ///< [items × dim]
  std::vector<float> user_bias;
  std::vector<float> item_bias;
  double error = 0;   ///< mean squared training error of the last epoch, as it was met
  double spread = 1;  ///< standard deviation of the training values; 1 for top-n
};

/// The learning step of BiasedMfModel, which describes it. Values are brought to mean 0 and spread 1 while learning, so
/// that step size and regularisation mean the same on any rating scale.
/// Errors     cancelled; not_finite, with the epoch, if learning diverges
/// Repeatable same bits at any number of threads
MfFactors train_mf(const Dataset& data, Task task, const BiasedMfOptions& options, Context& context);

}  // namespace gusto
