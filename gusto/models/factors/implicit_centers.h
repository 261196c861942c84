#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/mf_trainer.h"

namespace gusto {

/// n^(−1/2), 0 for no history.
inline float implicit_scale(std::size_t events) {
  return events == 0 ? 0.0F : 1 / std::sqrt(static_cast<float>(events));
}

/// Where a history says that its owner's vector is:
///
///   z = n^(−1/2) Σ_j (y_j + e_j x_j)   over the n items j of the history
///
/// y_j tells what it means to have item j at all, and, in the asymmetric variant, x_j what it means to like it more, or
/// less, than expected by e_j = r_j − μ − b_j − b̃, where b̃ is the damped mean of r_j − μ − b_j over the history, so
/// that z depends on nothing that must be learned for its owner.
///
/// Learning   after each epoch of train_mf a few steps of conjugate gradients on the squared errors as a function of y
///            and x, all else held, with a regularization of reg ‖y_j‖² + reg ‖x_j‖²; users move along with their
///            centers
/// Cost       a step: about 8 · events · dim multiplications, 12 with x
/// Repeatable same bits at any number of threads
class ImplicitCenters final : public MfCenters {
 public:
  /// Events that b̃ is damped by.
  static constexpr double kLeanReg = 5;

  ImplicitCenters(const Dataset& data, Task task, std::size_t dim, bool asymmetric, double reg, int steps);

  std::string_view name() const override { return "svdpp"; }
  void begin(Context& context, const State& state) override;
  void improve(Context& context, const State& state) override;
  std::span<const float> of(std::size_t user_place) const override { return centers_.row(user_place); }
  bool only_centers() const override { return asymmetric_; }

  /// Begins with what another one's vectors() gave, of the items that it knew. `stddev` is that of these data's values.
  void go_on(std::span<const std::optional<std::uint32_t>> known, const Matrix<float>& learned, double stddev);
  /// y, and below it x if there is one, [items or 2 items × dim]: y in units of the training values.
  Matrix<float> vectors(double stddev) const;

 private:
  /// Whether there is x: all values of top-n are the same.
  bool has_x() const { return asymmetric_ && !ranks_; }
  float weight_of_value(const State& state, std::size_t user, std::size_t item, float value) const;
  void weigh_users(const State& state);
  /// By user: Σ over the history of its items' rows of `vectors`.
  void sum_centers(Context& context, const State& state, const Matrix<float>& vectors, Matrix<float>& out) const;
  /// The transposed sum, of by_user_: by item.
  void gather(Context& context, const State& state, Matrix<float>& out) const;
  /// Centers follow the vectors, and users their centers.
  void move_users(Context& context, const State& state);
  template <class VectorOf>
  void for_users(Context& context, const State& state, const VectorOf& visit);

  const Dataset& data_;
  bool ranks_, asymmetric_;
  std::size_t dim_;
  float reg_;
  int steps_;
  std::vector<float> scale_;  // n_u^(−1/2), by row
  std::vector<float> lean_;   // b̃, by row; of x
  Matrix<float> vectors_;     // y, then x; padded
  Matrix<float> centers_;     // by place
  Matrix<float> by_user_;     // by row
};

}  // namespace gusto
