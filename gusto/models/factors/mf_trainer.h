#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"
#include "gusto/models/factors/mf_options.h"
#include "gusto/models/shared/warm_start.h"
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
  double stddev = 1;  ///< standard deviation of the training values; 1 for top-n
};

/// Where users' vectors are shrunk to instead of 0, learned along with the factors.
class MfCenters {
 public:
  /// What is learned so far. Vectors are by place, padded with zeros; values are brought to mean 0 and standard
  /// deviation 1.
  struct State {
    Matrix<float>& users;
    const Matrix<float>& items;
    std::span<const float> user_bias, item_bias;
    std::span<const std::uint32_t> user_place, item_place;  ///< by row
    double mean = 0;
    double stddev = 1;
    double negatives = 0;  ///< of top-n, else 0
  };
  virtual ~MfCenters() = default;
  /// For messages and progress.
  virtual std::string_view name() const = 0;
  /// Before the first epoch, where descent begins with users who have been learned: finds their centers.
  virtual void begin(Context& context, const State& state) = 0;
  /// After each epoch: learns from what is learned so far; users move along with their centers.
  virtual void improve(Context& context, const State& state) = 0;
  /// By place, as wide as vectors are padded. Called concurrently.
  virtual std::span<const float> of(std::size_t user_place) const = 0;
  /// Whether users are at their centers, and nowhere else.
  virtual bool only_centers() const = 0;
};

/// What descent begins with, in place of what is drawn: of the rows that have some there, vectors and biases in units
/// of the training values.
struct MfStart {
  const WarmStart& known;
  MatrixView<const float> users;  ///< (vector, bias)
  MatrixView<const float> items;  ///< (vector, 1, bias), as rating_rows() has them
};

/// The learning step of BiasedMfModel, which describes it. Values are brought to mean 0 and standard deviation 1 while
/// learning, so that step size and regularization mean the same on any rating scale.
/// With centers, users are shrunk to these instead of 0: after a block's n events of a user, which the descent takes to
/// be drawn to 0, the user moves by (1 − (1 − η λ_u)^n) times the center, which makes up for it.
/// Errors     canceled; not_finite, with the epoch, if learning diverges
/// Repeatable same bits at any number of threads
MfFactors train_mf(const Dataset& data, Task task, const MfOptions& options, std::uint64_t seed, Context& context,
                   MfCenters* centers = nullptr, const MfStart* start = nullptr);

}  // namespace gusto
