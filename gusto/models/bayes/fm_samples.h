#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/bayes/fm_features.h"
#include "gusto/models/bayes/fm_sampler.h"

namespace gusto {

/// A part of an event's output in each kept sample: what it adds by itself, and the factors by which it goes together with
/// other parts.
struct FmPart {
  std::vector<float> linear;   ///< [samples]
  std::vector<float> factors;  ///< [samples · dim]
};

/// Where an event of a new user lies.
struct FmPlace {
  std::size_t item = 0;
  std::optional<std::size_t> day{};
};

/// Writes the targets of a new user's events in a sample, given the machine's outputs for them.
using FmTargets = std::function<void(std::size_t sample, std::size_t round, std::span<const float> outputs,
                                     std::span<float> targets)>;

/// Samples of a factorization machine's posterior that are kept to answer with, side by side: what a row adds up over its
/// columns, and what it takes to add up and draw a new user's row.
///
/// Memory   (rows + users' columns) · samples · (dim + 1) · 4 bytes
/// Threads  const members may be called concurrently
class FmSamples {
 public:
  FmSamples() = default;
  /// Room for that many samples.
  FmSamples(std::span<const FmBlock> blocks, std::size_t dim, std::size_t samples);

  /// Takes the sampler's state as the sample of that number.
  void keep(std::size_t sample, const FmSampler& sampler, float offset, Context& context);

  std::size_t count() const { return offsets_.size(); }
  std::size_t dim() const { return dim_; }
  /// 1/α of each sample.
  std::span<const float> noise() const { return noise_; }

  /// What every output begins with.
  FmPart start() const { return {offsets_, std::vector<float>(count() * dim_)}; }
  /// Adds a block's row to `part`, and what the two have to do with each other; no row stands for what rows of the block are
  /// drawn about.
  void join(FmPart& part, std::size_t block, std::optional<std::size_t> row) const;
  void join(FmPart& part, const FmPart& more) const;
  /// out[s] = the machine's output in each sample for an item, all else being in `rest`.
  void outputs(const FmPart& rest, std::size_t item, std::span<float> out) const;
  MatrixView<const float> linear(std::size_t block) const { return blocks_[block].linear.view(); }
  MatrixView<const float> factors(std::size_t block) const { return blocks_[block].factors.view(); }

  /// A new user's row.
  struct Newcomer {
    FmPart mean;   ///< in each sample, its mean given the events
    FmPart drawn;  ///< and a draw
  };
  /// The row of someone who switches these columns on and has events at those places: in each sample drawn from its exact
  /// distribution given all that the sample holds. Where targets depend on outputs, the two are drawn in turn, `rounds` times.
  /// Cost     O(samples · (events · dim² + rounds · dim³))
  Newcomer newcomer(std::span<const FmEntry> columns, std::span<const FmPlace> events, std::size_t rounds,
                    const FmTargets& targets, const FmFeatures& features) const;

  void save(TensorWriter& out, std::span<const FmBlock> blocks) const;
  /// Errors   corrupt_file
  static FmSamples load(const TensorFile& in, std::span<const FmBlock> blocks, std::size_t dim);

 private:
  struct Block {
    Matrix<float> linear;      // [rows × samples]
    Matrix<float> factors;     // [rows × samples · dim]; none for linear blocks
    Matrix<float> prior_mean;  // of rows' own columns: [samples × (1 + dim)]
  };
  std::size_t dim_ = 0;
  std::vector<Block> blocks_;
  Matrix<float> prior_precision_;  // of users' own columns: [samples × (1 + dim)]
  Matrix<float> column_weights_;   // of the columns that users share: [columns × samples]
  Matrix<float> column_factors_;   // [columns × samples · dim]
  std::vector<float> offsets_, noise_;
};

}  // namespace gusto
