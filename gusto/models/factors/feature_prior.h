#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/tensor_file.h"
#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/models/shared/sparse_rows.h"
#include "gusto/nn/encoder.h"

namespace gusto {

/// What features say of the vectors of one side: row r is expected at m_r = Σ_f x_rf b_f, a sum over its feature
/// values.
///
/// fit() minimizes, given all vectors w_r and their weights ω_r (0: left out),
///
///   Σ_r ω_r ‖w_r − Σ_f x_rf b_f‖² + reg · Σ_f ‖b_f‖²
///
/// by conjugate gradients from where b stands; value 0 is a constant, x = 1 for all.
/// Cost     fit: per iteration 4 · values · width operations; (rows + values + 3 · distinct values · width) numbers
/// Threads  const members may be called concurrently
/// Repeatable same bits at any number of threads
class FeaturePrior {
 public:
  FeaturePrior() = default;
  /// `values` distinct ones of which the rows have some; vectors are `width` long.
  FeaturePrior(SparseRows rows, std::size_t values, std::size_t width);

  void fit(Context& context, const Matrix<float>& vectors, std::span<const float> row_weights, double reg,
           int iterations);

  /// m_r of a row that it was made with, or of anyone with these values.
  void expect(std::size_t row, std::span<float> out) const;
  void expect(std::span<const std::uint32_t> ids, std::span<const float> weights, std::span<float> out) const;

  /// Drops the rows that it was made with, which fit() and expect(row) need, and nothing else does.
  void forget_rows() {
    rows_ = {};
    by_value_ = {};
  }

  const Matrix<float>& vectors() const { return vectors_; }
  /// Takes back vectors() of the same shape.
  void set_vectors(Matrix<float> vectors) { vectors_ = std::move(vectors); }

 private:
  /// out = Xᵀ Ω X p + reg · p.
  void apply(Context& context, std::span<const float> row_weights, float reg, const Matrix<float>& p,
             Matrix<float>& rows, Matrix<float>& out) const;
  void gather(Context& context, const Matrix<float>& rows, Matrix<float>& out) const;

  SparseRows rows_;
  SparseRows by_value_;
  Matrix<float> vectors_;  // b
};

/// The features of both sides, as rows of numbers: a constant, then the values of each field that is asked for.
class SideFeatures {
 public:
  /// Fields as nn::parse_fields takes them; "auto": numbers, and what groups rows. Those of ids, times and histories
  /// are no features. Errors   those of nn::Schema::learn; invalid_option, naming the option, for a field that is no
  /// feature of its side
  SideFeatures(const Dataset& data, std::string_view user_fields, std::string_view item_fields);
  /// Reads what save() wrote, for the data that it was learned from.
  SideFeatures(const Dataset& data, const TensorFile& in);
  void save(TensorWriter& out) const;
  /// Bytes that both sides' rows, and priors of vectors that wide, will need at most. Errors as in construction
  static std::uint64_t memory_need(const Dataset& data, std::string_view user_fields, std::string_view item_fields,
                                   std::uint64_t width);

  /// Whether there is any field of that side.
  bool has(nn::Side side) const;
  /// How many distinct values that side has, with the constant.
  std::size_t values(nn::Side side) const;
  SparseRows rows(nn::Side side) const;

  /// A user's values: the query's features before a known user's own.
  struct QueryUser {
    std::vector<std::uint32_t> ids;
    std::vector<float> weights;
    std::vector<std::string_view> fields;  ///< which field each belongs to
  };
  QueryUser query_user(const Query& query) const;

 private:
  void number_values();
  std::size_t item_count_, user_count_;
  std::unique_ptr<nn::Encoder> encoder_;
  std::vector<std::size_t> first_;  // by slot: its values' first number
  std::size_t user_values_ = 1, item_values_ = 1;
};

}  // namespace gusto
