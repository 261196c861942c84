#include "gusto/models/factors/user_refit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

// The residual variance is taken to be at least this share of the values' variance, so that a training set learned by
// heart doesn't switch the prior off.
constexpr double kLeastRefitNoise = 0.02;

// Directions in which users differ less than this share of the widest count as no wider than that.
constexpr double kLeastRefitVariance = 1e-6;

/// Inverse of a symmetric positive semi-definite matrix, its small eigenvalues raised.
Matrix<double> regular_inverse(const Matrix<double>& a, double scale) {
  const EigenPairs pairs = symmetric_eigen(a.view());
  const double least = std::max(kLeastRefitVariance * pairs.values.front(), 1e-12);
  Matrix<double> inverse(a.rows(), a.rows());
  for (std::size_t d = 0; d < a.rows(); ++d) {
    const double weight = scale / std::max(pairs.values[d], least);
    for (std::size_t r = 0; r < a.rows(); ++r) {
      for (std::size_t c = 0; c < a.rows(); ++c) inverse(r, c) += weight * pairs.vectors(r, d) * pairs.vectors(c, d);
    }
  }
  return inverse;
}

}  // namespace

void UserRefit::learn(Context& context, const Dataset& data, Task task, double negatives, const Items& items,
                      const Matrix<float>& offsets, std::span<const float> biases, double error, double stddev) {
  task_ = task;
  negatives_ = negatives;
  strength_ = strength_of(data, task);
  items_ = items;
  const std::size_t dim = offsets.cols();
  std::size_t active = 0;
  mean_.assign(dim + 1, 0.0);
  Matrix<float> users(data.user_count(), dim + 1);
  const auto is_active = [&](std::size_t u) { return data.history(UserRow(u)).size() > 0; };
  for (std::size_t u = 0; u < users.rows(); ++u) {
    if (!is_active(u)) continue;
    ++active;
    std::copy(offsets.row(u).begin(), offsets.row(u).end(), users.row(u).begin());
    users(u, dim) = biases[u];
    for (std::size_t d = 0; d <= dim; ++d) mean_[d] += users(u, d);
  }
  for (double& m : mean_) m /= static_cast<double>(active);
  for (std::size_t u = 0; u < users.rows(); ++u) {
    if (!is_active(u)) continue;
    for (std::size_t d = 0; d <= dim; ++d) users(u, d) -= static_cast<float>(mean_[d]);
  }
  const Matrix<float> scatter = gram(context, users.view());
  const double shrink = static_cast<double>(dim + 1) / static_cast<double>(dim + 1 + active);
  Matrix<double> covariance(dim + 1, dim + 1);
  for (std::size_t r = 0; r <= dim; ++r) {
    for (std::size_t c = 0; c <= dim; ++c) {
      covariance(r, c) = scatter(r, c) / static_cast<double>(active) * (r == c ? 1 : 1 - shrink);
    }
  }
  precision_ = regular_inverse(covariance, std::max(error, kLeastRefitNoise * stddev * stddev));

  if (task != Task::top_n) return;
  all_items_ = gram(context, items.rows.first_columns(dim + 1));
  all_targets_.assign(dim + 1, 0.0);
  for (std::size_t i = 0; i < items.rows.rows; ++i) {
    const double target = -expected(i, {});
    for (std::size_t d = 0; d <= dim; ++d) all_targets_[d] += target * items.rows(i, d);
  }
}

double UserRefit::expected(std::size_t item, std::span<const float> center) const {
  const std::span<const float> y = side(item);
  double sum = items_.mean + items_.rows(item, y.size());
  for (std::size_t d = 0; d < y.size(); ++d) sum += y[d] * mean_[d];
  for (std::size_t d = 0; d < center.size(); ++d) sum += static_cast<double>(y[d]) * static_cast<double>(center[d]);
  return sum;
}

std::vector<double> UserRefit::all_targets(std::span<const float> center) const {
  std::vector<double> targets = all_targets_;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    for (std::size_t c = 0; c < center.size(); ++c) {
      targets[r] -= static_cast<double>(all_items_(r, c)) * static_cast<double>(center[c]);
    }
  }
  return targets;
}

UserRefit::Equations UserRefit::equations(std::span<const HistoryEvent> history, std::span<const float> center) const {
  const std::size_t width = mean_.size();
  Equations equations{precision_, std::vector<double>(width), std::vector<double>(history.size()), 0};
  Matrix<float> rows(history.size(), width);
  double count = 0;
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::size_t i = history[e].item.index;
    const std::span<const float> y = side(i);
    const float strength = strength_.of(history[e].value);
    axpy(std::sqrt(strength), y, rows.row(e));
    count += static_cast<double>(strength);
    const double value = task_ == Task::top_n ? 1.0 : static_cast<double>(history[e].value);
    equations.targets[e] = static_cast<double>(strength) * (value - expected(i, center));
    for (std::size_t d = 0; d < width; ++d) equations.right[d] += equations.targets[e] * y[d];
  }
  Matrix<float> products(width, width);
  if (!history.empty()) gemm(Transpose::yes, Transpose::no, 1, rows.view(), rows.view(), 0, products.view());
  for (std::size_t n = 0; n < products.values().size(); ++n) equations.left.values()[n] += products.values()[n];
  if (task_ == Task::top_n) {
    const auto items = static_cast<double>(items_.rows.rows);
    equations.rest = negatives_ * count / items;
    for (std::size_t n = 0; n < products.values().size(); ++n) {
      equations.left.values()[n] += equations.rest * all_items_.values()[n];
    }
    const std::vector<double> targets = all_targets(center);
    for (std::size_t d = 0; d < width; ++d) equations.right[d] += equations.rest * targets[d];
  }
  return equations;
}

std::vector<double> UserRefit::solve(std::span<const HistoryEvent> history, std::span<const float> center) const {
  Equations system = equations(history, center);
  solve_spd(system.left.view(), system.right);
  for (std::size_t d = 0; d < mean_.size(); ++d) system.right[d] += mean_[d];
  for (std::size_t d = 0; d < center.size(); ++d) system.right[d] += static_cast<double>(center[d]);
  return std::move(system.right);
}

std::vector<Contribution> UserRefit::explain(std::span<const HistoryEvent> history, std::span<const float> center,
                                             ItemRow item) const {
  // z·y = y·m_c + Σ_j (yᵀ H⁻¹ y_j) t_j: linear in what each event of the history adds.
  const std::span<const float> y = side(item.index);
  Equations system = equations(history, center);
  std::vector<double> reach(y.begin(), y.end());
  solve_spd(system.left.view(), reach);
  double typical = 0;
  for (std::size_t d = 0; d < y.size(); ++d) typical += y[d] * mean_[d];
  std::vector<Contribution> parts = {{.label = "typical taste", .item = {}, .user = {}, .amount = typical}};
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::span<const float> other = side(history[e].item.index);
    double closeness = 0;
    for (std::size_t d = 0; d < other.size(); ++d) closeness += other[d] * reach[d];
    parts.push_back({.label = "", .item = history[e].item, .user = {}, .amount = closeness * system.targets[e]});
  }
  if (task_ == Task::top_n) {
    const std::vector<double> targets = all_targets(center);
    double rest = 0;
    for (std::size_t d = 0; d < reach.size(); ++d) rest += system.rest * targets[d] * reach[d];
    parts.push_back({.label = "items not chosen", .item = {}, .user = {}, .amount = rest});
  }
  return parts;
}

void UserRefit::save(TensorWriter& out) const {
  out.add("prior_mean", mean_);
  out.add("prior_precision", precision_);
  if (task_ == Task::top_n) {
    out.add("all_items", all_items_);
    out.add("all_targets", all_targets_);
  }
}

void UserRefit::load(const TensorFile& in, Task task, double negatives, const Strength& strength, const Items& items) {
  task_ = task;
  negatives_ = negatives;
  strength_ = strength;
  items_ = items;
  const std::size_t width = items.rows.cols - 1;
  mean_ = in.vector<double>("prior_mean", width);
  precision_ = in.matrix<double>("prior_precision", width, width);
  if (task == Task::top_n) {
    all_items_ = in.matrix<float>("all_items", width, width);
    all_targets_ = in.vector<double>("all_targets", width);
  }
}

}  // namespace gusto
