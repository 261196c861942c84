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

/// A part of an event's output in each kept sample: what it adds by itself, and the factors by which it goes together
/// with other parts.
struct FmPart {
  std::vector<float> linear;   ///< [samples]
  std::vector<float> factors;  ///< [samples · dim]
};

/// A part of which something is not known: its mean in each sample, and a draw.
struct FmEstimate {
  FmPart mean;
  FmPart drawn;
};

/// Where an event of a new user lies.
struct FmPlace {
  std::size_t item = 0;
  std::optional<std::size_t> day{};
};

/// Writes the targets of a new user's events in a sample, given the machine's outputs for them, and how far targets lie
/// from these by standard deviation.
using FmTargets = std::function<void(std::size_t sample, std::size_t round, std::span<const float> outputs,
                                     std::span<const float> deviations, std::span<float> targets)>;

/// Samples of a factorization machine's posterior that are kept to answer with, side by side: what a row adds up over
/// its columns, and what it takes to add up and draw a row that training has not seen.
///
/// Memory   (rows + columns that users share) · samples · (dim + 1) · 4 bytes
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
  /// Adds a part, and what the two have to do with each other.
  void join(FmPart& part, const FmPart& more) const;
  /// The same of a block's row.
  void join(FmPart& part, std::size_t block, std::size_t row) const;
  /// The same of a row that training has not seen: what rows of the block are drawn about, or a draw, which depends on
  /// the samples and the key alone.
  void join_mean(FmPart& part, std::size_t block) const;
  void join_draw(FmPart& part, std::size_t block, std::uint64_t key) const;
  /// out[s] = the machine's output in each sample for an item, all else being in `rest`.
  void outputs(const FmPart& rest, std::size_t item, std::span<float> out) const;
  MatrixView<const float> linear(std::size_t block) const { return blocks_[block].linear.view(); }
  MatrixView<const float> factors(std::size_t block) const { return blocks_[block].factors.view(); }

  /// The row of someone who switches these columns on and has events at those places: in each sample its mean given the
  /// targets, and a draw. Where targets depend on outputs, the two are drawn in turn, `rounds` times; the mean is that
  /// of the last round.
  /// Exact    given all that the sample holds, if every event's day is known and users' days do not count
  /// Else     approximate: what events' unknown days, and the new user's own ones, add counts as more noise in each
  ///          event, independent from event to event, and without what the new user's own factors have to do with an
  ///          unknown day's
  /// Cost     O(samples · (events · dim² + dim³ + rounds · (events · dim + dim²)))
  FmEstimate new_user(std::span<const FmEntry> columns, std::span<const FmPlace> events, std::size_t rounds,
                      const FmTargets& targets, const FmFeatures& features) const;

  void save(TensorWriter& out, std::span<const FmBlock> blocks) const;
  /// Errors   corrupt_file, also if there is no sample, a number is not finite, or noise or a precision is not above 0
  static FmSamples load(const TensorFile& in, std::span<const FmBlock> blocks, std::size_t dim);

 private:
  struct Block {
    Matrix<float> linear;           // [rows × samples]
    Matrix<float> factors;          // [rows × samples · dim]; none for linear blocks
    Matrix<float> prior_mean;       // of rows' own columns: [samples × (1 + dim)]
    Matrix<float> prior_precision;  // likewise
  };
  /// A part in one sample; no factors in linear blocks.
  struct Slice {
    float linear = 0;
    std::span<const float> factors{};
  };
  /// Adds what one sample holds to a part's linear part and factors there.
  static void add(const Slice& more, float& linear, std::span<float> factors);
  void add(const Slice& more, FmPart& part, std::size_t sample) const;
  Slice slice_of(const FmPart& part, std::size_t sample) const;
  Slice row_of(std::size_t block, std::size_t row, std::size_t sample) const;
  Slice mean_of(std::size_t block, std::size_t sample) const;
  /// How far an unseen row's output lies from that of the mean, squared on average, beside what has these factors.
  double variance_of(std::size_t block, std::size_t sample, std::span<const float> factors) const;
  /// What columns that users share add up to.
  FmPart shared_part(std::span<const FmEntry> columns) const;
  void check_loaded() const;

  std::size_t dim_ = 0;
  std::vector<Block> blocks_;
  Matrix<float> column_weights_;  // of the columns that users share: [columns × samples]
  Matrix<float> column_factors_;  // [columns × samples · dim]
  std::vector<float> offsets_, noise_;
};

}  // namespace gusto
