#include "gusto/models/biased_mf.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/models/mf_trainer.h"

namespace gusto {
namespace {

constexpr std::size_t kUserBlock = 8;

// The residual variance is taken to be at least this share of the values' variance, so that a training set learned by
// heart doesn't switch the prior off.
constexpr double kLeastNoise = 0.02;

// Directions in which users differ less than this share of the widest count as no wider than that.
constexpr double kLeastVariance = 1e-6;

/// Inverse of a symmetric positive semi-definite matrix, its small eigenvalues raised.
Matrix<double> regular_inverse(const Matrix<double>& a, double scale) {
  const EigenPairs pairs = symmetric_eigen(a.view());
  const double least = std::max(kLeastVariance * pairs.values.front(), 1e-12);
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

constexpr ModelInfo kBiasedMfInfo{
    .name = "biased-mf",
    .summary = "Biases and the inner product of learned user and item vectors.",
    .about =
        "Matrix factorization with biases (Koren, Bell, Volinsky 2009): r = mu + b_u + b_i + p_u.q_i, learned by "
        "stochastic gradient descent over blocks, then refitted on the users' side under the Gaussian prior that the "
        "users themselves follow, which is also how new users are folded in. The rating predictor to reach for first. "
        "For top-n it learns from events against items drawn at random.",
    .fields = kBiasedMfFields,
    .abilities = {.personalised = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true},
    .make = &make_with<BiasedMfModel>,
};

std::uint64_t BiasedMfModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const auto width = static_cast<std::uint64_t>(options().dim) + 16;
  const std::uint64_t rows = data.user_count() + data.item_count();
  const std::uint64_t copies = options().validation > 0 ? 3 : 2;  // in training order, the best epoch's, in row order
  return copies * rows * width * sizeof(float) + data.event_count() * 12 + rows * 24 + threads * width * width * 24;
}

void BiasedMfModel::do_fit(const Dataset& data, Context& context) {
  MfFactors learned = train_mf(data, task(), options(), context);
  const std::size_t dim = learned.items.cols();
  mean_ = learned.mean;
  item_factors_ = std::move(learned.items);
  item_bias_ = std::move(learned.item_bias);
  require_finite("item vectors", item_factors_.values());
  require_finite("user vectors", learned.users.values());

  // The prior: how the learned (p_u, b_u) are spread, shrunk towards independent coordinates where users are few.
  std::size_t active = 0;
  prior_mean_.assign(dim + 1, 0.0);
  Matrix<float> users(data.user_count(), dim + 1);
  const auto is_active = [&](std::size_t u) { return data.history(UserRow(u)).size() > 0; };
  for (std::size_t u = 0; u < users.rows(); ++u) {
    if (!is_active(u)) continue;
    ++active;
    std::copy(learned.users.row(u).begin(), learned.users.row(u).end(), users.row(u).begin());
    users(u, dim) = learned.user_bias[u];
    for (std::size_t d = 0; d <= dim; ++d) prior_mean_[d] += users(u, d);
  }
  for (double& m : prior_mean_) m /= static_cast<double>(active);
  for (std::size_t u = 0; u < users.rows(); ++u) {
    if (!is_active(u)) continue;
    for (std::size_t d = 0; d <= dim; ++d) users(u, d) -= static_cast<float>(prior_mean_[d]);
  }
  const Matrix<float> scatter = gram(context, users.view());
  const double shrink = static_cast<double>(dim + 1) / static_cast<double>(dim + 1 + active);
  Matrix<double> covariance(dim + 1, dim + 1);
  for (std::size_t r = 0; r <= dim; ++r) {
    for (std::size_t c = 0; c <= dim; ++c) {
      covariance(r, c) = scatter(r, c) / static_cast<double>(active) * (r == c ? 1 : 1 - shrink);
    }
  }
  const double noise = std::max(learned.error, kLeastNoise * learned.spread * learned.spread);
  prior_precision_ = regular_inverse(covariance, noise);

  prepare_ranking();
  if (task() == Task::top_n) sum_all_items(context);
  users_ = Matrix<float>(data.user_count(), dim + 1);
  parallel_blocks(context, data.user_count(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<HistoryEvent> events;
    for (std::size_t u = begin; u < end; ++u) {
      const History history = data.history(UserRow(u));
      events.resize(history.size());
      for (std::size_t e = 0; e < events.size(); ++e) events[e] = {history.items[e], history.values[e]};
      const std::vector<double> z = fold_in(events);
      std::transform(z.begin(), z.end(), users_.row(u).begin(), [](double x) { return static_cast<float>(x); });
    }
  });
  require_finite("user vectors", users_.values());
}

void BiasedMfModel::prepare_ranking() {
  const std::size_t dim = item_factors_.cols();
  ranking_ = Matrix<float>(item_factors_.rows(), dim + 2);
  for (std::size_t i = 0; i < ranking_.rows(); ++i) {
    std::copy(item_factors_.row(i).begin(), item_factors_.row(i).end(), ranking_.row(i).begin());
    ranking_(i, dim) = 1;
    ranking_(i, dim + 1) = item_bias_[i];
  }
}

double BiasedMfModel::offset(std::size_t item) const {
  const std::span<const float> y = item_side(item);
  double sum = mean_ + item_bias_[item];
  for (std::size_t d = 0; d < y.size(); ++d) sum += y[d] * prior_mean_[d];
  return sum;
}

void BiasedMfModel::sum_all_items(Context& context) {
  const std::size_t width = prior_mean_.size();
  const MatrixView<const float> ranking = ranking_.view();
  all_items_ = gram(context, MatrixView<const float>(ranking.data, ranking.rows, width, ranking.stride));
  all_targets_.assign(width, 0.0);
  for (std::size_t i = 0; i < ranking.rows; ++i) {
    const double target = -offset(i);
    for (std::size_t d = 0; d < width; ++d) all_targets_[d] += target * ranking(i, d);
  }
}

BiasedMfModel::Equations BiasedMfModel::equations(std::span<const HistoryEvent> history) const {
  const std::size_t width = prior_mean_.size();
  Equations equations{prior_precision_, std::vector<double>(width), std::vector<double>(history.size()), 0};
  Matrix<float> rows(history.size(), width);
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::size_t i = history[e].item.index;
    const std::span<const float> y = item_side(i);
    std::copy(y.begin(), y.end(), rows.row(e).begin());
    const double value = task() == Task::top_n ? 1.0 : static_cast<double>(history[e].value);
    equations.targets[e] = value - offset(i);
    for (std::size_t d = 0; d < width; ++d) equations.right[d] += equations.targets[e] * y[d];
  }
  Matrix<float> products(width, width);
  if (!history.empty()) gemm(Transpose::yes, Transpose::no, 1, rows.view(), rows.view(), 0, products.view());
  for (std::size_t n = 0; n < products.values().size(); ++n) equations.left.values()[n] += products.values()[n];
  if (task() == Task::top_n) {
    const auto items = static_cast<double>(item_bias_.size());
    equations.rest = options().negatives * static_cast<double>(history.size()) / items;
    for (std::size_t n = 0; n < products.values().size(); ++n) {
      equations.left.values()[n] += equations.rest * all_items_.values()[n];
    }
    for (std::size_t d = 0; d < width; ++d) equations.right[d] += equations.rest * all_targets_[d];
  }
  return equations;
}

std::vector<double> BiasedMfModel::fold_in(std::span<const HistoryEvent> history) const {
  Equations system = equations(history);
  solve_spd(system.left.view(), system.right);
  for (std::size_t d = 0; d < prior_mean_.size(); ++d) system.right[d] += prior_mean_[d];
  return std::move(system.right);
}

void BiasedMfModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  const std::size_t dim = item_factors_.cols();
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (is_training_user(queries[q])) {
      const std::span<const float> user = users_.row(queries[q].user->index);
      std::copy(user.begin(), user.end(), out.row(q).begin());
    } else {
      const std::vector<double> z = fold_in(queries[q].history);
      std::transform(z.begin(), z.end(), out.row(q).begin(), [](double x) { return static_cast<float>(x); });
    }
    out(q, dim) += static_cast<float>(mean_);
    out(q, dim + 1) = 1;
  }
}

void BiasedMfModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  cosine_to_rows(item_factors_.view(), item_factors_.row(item.index), out);
}

void BiasedMfModel::do_user_similarity(const Query& query, std::span<float> out) const {
  const std::size_t dim = item_factors_.cols();
  Matrix<float> vector(1, ranking_.cols());
  do_query_vectors({&query, 1}, vector.view());
  cosine_to_rows(MatrixView<const float>(users_.values().data(), users_.rows(), dim, dim + 1), vector.row(0).first(dim),
                 out);
}

std::vector<Contribution> BiasedMfModel::do_explain(const Query& query, ItemRow item) const {
  // ŷ = μ + b_i + y_i·m + Σ_j (y_iᵀ H⁻¹ y_j) t_j: linear in what each event of the history adds.
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  const std::span<const float> y = item_side(item.index);
  Equations system = equations(history);
  std::vector<double> reach(y.begin(), y.end());
  solve_spd(system.left.view(), reach);
  const double typical = offset(item.index) - mean_ - item_bias_[item.index];
  std::vector<Contribution> parts = {{.label = "global mean", .item = {}, .user = {}, .amount = mean_},
                                     {.label = "item bias", .item = {}, .user = {}, .amount = item_bias_[item.index]},
                                     {.label = "typical taste", .item = {}, .user = {}, .amount = typical}};
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::span<const float> other = item_side(history[e].item.index);
    double closeness = 0;
    for (std::size_t d = 0; d < other.size(); ++d) closeness += other[d] * reach[d];
    parts.push_back({.label = "", .item = history[e].item, .user = {}, .amount = closeness * system.targets[e]});
  }
  if (task() == Task::top_n) {
    double rest = 0;
    for (std::size_t d = 0; d < reach.size(); ++d) rest += system.rest * all_targets_[d] * reach[d];
    parts.push_back({.label = "items not chosen", .item = {}, .user = {}, .amount = rest});
  }
  return parts;
}

void BiasedMfModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", item_factors_);
  out.add("item_bias", item_bias_);
  out.add("user_vectors", users_);
  out.add("global_mean", std::span<const double>(&mean_, 1));
  out.add("prior_mean", prior_mean_);
  out.add("prior_precision", prior_precision_);
  if (task() == Task::top_n) {
    out.add("all_items", all_items_);
    out.add("all_targets", all_targets_);
  }
}

void BiasedMfModel::do_load(const TensorFile& in) {
  const auto dim = static_cast<std::size_t>(options().dim);
  item_factors_ = in.matrix<float>("item_vectors", data().item_count(), dim);
  item_bias_ = in.vector<float>("item_bias", data().item_count());
  users_ = in.matrix<float>("user_vectors", data().user_count(), dim + 1);
  mean_ = in.vector<double>("global_mean", 1).front();
  prior_mean_ = in.vector<double>("prior_mean", dim + 1);
  prior_precision_ = in.matrix<double>("prior_precision", dim + 1, dim + 1);
  if (task() == Task::top_n) {
    all_items_ = in.matrix<float>("all_items", dim + 1, dim + 1);
    all_targets_ = in.vector<double>("all_targets", dim + 1);
  }
  prepare_ranking();
}

}  // namespace gusto
