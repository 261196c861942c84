#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/model.h"

namespace gusto {

/// A user's vector and bias z = (w, b) from a history, all items held: the maximum a posteriori under the Gaussian that
/// the learned users themselves follow (empirical Bayes). With y_i = (q_i, 1) and a center c, where that user's vector
/// is expected,
///
///   z = m_c + (Σ_i y_i y_iᵀ + σ² S⁻¹)⁻¹ Σ_i y_i (r_ui − μ − b_i − y_i·m_c),   m_c = m + (c, 0)
///
/// m, S are mean and covariance of the learned (w − c, b), S shrunk to independent coordinates where users are few; σ²
/// is the mean squared training error. For top-n every event has the value 1 and its strength s_ui as a weight in both
/// sums, and every item counts as 0 too, with weight negatives · n_u / items, where n_u = Σ_i s_ui.
///
/// Source   the prior as in Salakhutdinov & Mnih: BPMF, ICML 2008
/// Cost     solve(): events · dim² + dim³ / 3
/// Threads  const members may be called concurrently
class UserRefit {
 public:
  /// The items' side, which is borrowed: rows (q_i, 1, b_i), and μ.
  struct Items {
    MatrixView<const float> rows;
    double mean = 0;
  };

  /// Finds m and S from the users with events. `offsets` are w − c [users × dim], `biases` b; `error` is the training
  /// error and `stddev` the deviation of the training values, of which σ² is at least a small share.
  void learn(Context& context, const Dataset& data, Task task, double negatives, const Items& items,
             const Matrix<float>& offsets, std::span<const float> biases, double error, double stddev);

  /// z, dim + 1 long; no center is a center of 0.
  std::vector<double> solve(std::span<const HistoryEvent> history, std::span<const float> center = {}) const;

  /// Why z·y_i − c·q_i is what it is: typical taste, each event, and for top-n the items not chosen.
  std::vector<Contribution> explain(std::span<const HistoryEvent> history, std::span<const float> center,
                                    ItemRow item) const;

  void save(TensorWriter& out) const;
  void load(const TensorFile& in, Task task, double negatives, const Strength& strength, const Items& items);

 private:
  struct Equations {
    Matrix<double> left;
    std::vector<double> right;
    std::vector<double> targets;  // of each event: its value less what is expected, times its strength
    double rest = 0;              // of top-n: the weight of each item as one not chosen
  };
  Equations equations(std::span<const HistoryEvent> history, std::span<const float> center) const;
  std::span<const float> side(std::size_t item) const { return items_.rows.row(item).first(mean_.size()); }
  /// μ + b_i + y_i·m_c.
  double expected(std::size_t item, std::span<const float> center) const;
  /// Of top-n: Σ over all items of −y_i · expected(i).
  std::vector<double> all_targets(std::span<const float> center) const;

  Task task_ = Task::ratings;
  double negatives_ = 0;
  Strength strength_;
  Items items_;
  std::vector<double> mean_;         // m
  Matrix<double> precision_;         // σ² S⁻¹
  Matrix<float> all_items_;          // of top-n: Σ over all items of y_i y_iᵀ
  std::vector<double> all_targets_;  // of top-n, with a center of 0
};

}  // namespace gusto
