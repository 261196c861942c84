#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {

/// A weighted sum of a matrix's rows.
class WeightedRows {
 public:
  void clear() {
    indexes_.clear();
    weights_.clear();
  }
  void add(std::size_t row, float weight) {
    indexes_.push_back(static_cast<std::uint32_t>(row));
    weights_.push_back(weight);
  }
  void sum(const Matrix<float>& matrix, std::span<float> out) const;

 private:
  std::vector<std::uint32_t> indexes_;
  std::vector<float> weights_;
};

/// A [users × items], with an entry for each event that is computed when it is read, and its products with dense
/// matrices:
///
///   by scales    A_ui = user_scale[u] · item_scale[i] · s(r_ui)
///   by baseline  A_ui = r_ui − μ − b_u − b_i
///
/// Cost     O(events · columns) a product, by rows of the result, which are cut into blocks
/// Threads  const members may be called concurrently; everything given is borrowed
class TrainingMatrix {
 public:
  TrainingMatrix(const Dataset& data, std::span<const float> user_scale, std::span<const float> item_scale,
                 const Strength& strength = {})
      : data_(data), user_scale_(user_scale), item_scale_(item_scale), strength_(strength) {}
  TrainingMatrix(const Dataset& data, const Baseline& baseline) : data_(data), baseline_(&baseline) {}

  std::size_t rows() const { return data_.user_count(); }
  std::size_t cols() const { return data_.item_count(); }

  /// Y = A X, on all threads of the context, or on this one; x is [items × columns], y [users × columns], overwritten.
  void times(Context& context, const Matrix<float>& x, Matrix<float>& y) const;
  void times(const Matrix<float>& x, Matrix<float>& y) const { times(x, y, 0, rows()); }
  /// X = Aᵀ Y; y is [users × columns], x [items × columns], overwritten.
  void transposed_times(Context& context, const Matrix<float>& y, Matrix<float>& x) const;
  void transposed_times(const Matrix<float>& y, Matrix<float>& x) const { transposed_times(y, x, 0, cols()); }

 private:
  float entry(std::size_t user, std::size_t item, float value) const {
    if (baseline_ == nullptr) return user_scale_[user] * item_scale_[item] * strength_.of(value);
    return value - static_cast<float>(baseline_->mean) - baseline_->user_bias[user] - baseline_->item_bias[item];
  }
  /// Rows [begin, end) of the result.
  void times(const Matrix<float>& x, Matrix<float>& y, std::size_t begin, std::size_t end) const;
  void transposed_times(const Matrix<float>& y, Matrix<float>& x, std::size_t begin, std::size_t end) const;

  const Dataset& data_;
  const Baseline* baseline_ = nullptr;
  std::span<const float> user_scale_;
  std::span<const float> item_scale_;
  Strength strength_;
};

/// The leading right singular vectors of A, as columns [items × dim], and their singular values, largest first.
struct RightSingularVectors {
  Matrix<float> vectors;
  std::vector<float> values;
};

/// Found by randomized subspace iteration on AᵀA, with 8 vectors more than asked for.
///
/// dim        at most the number of items
/// iterations more make the vectors more exact; 0 is a random projection and one step
/// Source     Halko, Martinsson, Tropp: Finding structure with randomness, SIAM Review 2011
/// Cost       O(iterations · (events · dim + (users + items) · dim²)); truncated_svd_memory() bytes
/// Progress   reported as `stage`, which also names the random numbers
/// Repeatable same bits at any number of threads, for one seed and one CPU level
RightSingularVectors truncated_svd(Context& context, const TrainingMatrix& a, std::size_t dim, int iterations,
                                   std::uint64_t seed, std::string_view stage);
/// Its operations, as Model::fit_operations() counts them.
double truncated_svd_operations(const Dataset& data, std::size_t dim, int iterations);
std::uint64_t truncated_svd_memory(std::size_t users, std::size_t items, std::size_t dim, unsigned threads);

}  // namespace gusto
