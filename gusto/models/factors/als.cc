#include "gusto/models/factors/als.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/linalg.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/factor_abilities.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/rating_rows.h"
#include "gusto/models/shared/warm_start.h"

namespace gusto {
constexpr ModelInfo kAlsInfo{
    .name = "als",
    .summary = "Biases and vectors of ratings, by least squares, one side after the other.",
    .about =
        "Alternating least squares with weighted regularization (ALS-WR, Zhou et al. 2008), with biases: users' "
        "vectors "
        "are solved for exactly given the items', then the items', and so on; a row is shrunk to 0 by as much as it "
        "has "
        "events. No step size to choose, and new people are folded in exactly. For top-n it is the classical implicit "
        "form, in which every item that was not chosen counts a little as a 0; ials is the better kept of the two.",
    .fields = kAlsFields,
    .abilities = continuing(kFactorAbilities),
    .make = &make_with<AlsModel>,
};

std::uint64_t AlsModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const std::uint64_t width = padded_width(dim() + 1);
  const std::uint64_t rows = data.user_count() + data.item_count();
  // Of both sides vectors and rows, of items also ranking_ and, while that is made, their biases.
  const std::uint64_t floats = 2 * rows * width + data.item_count() * (dim() + 3);
  return data.event_count() * 8 + data.item_count() * 8 + floats * sizeof(float) +
         alternation_memory(data.user_count(), data.item_count(), width, threads);
}

void AlsModel::set_unit(Scale scale, const Moments& moments) {
  constexpr double kUnits = 4;  // in a scale from 1 to 5
  mean_ = moments.mean;
  const double range = (static_cast<double>(scale.high) - static_cast<double>(scale.low)) / kUnits;
  unit_ = std::min(range, 2 * std::sqrt(moments.variance));
  if (!(unit_ > 0)) unit_ = 1;
}

void AlsModel::update_rows(Side& side) const {
  for (std::size_t r = 0; r < side.rows.rows(); ++r) {
    std::copy_n(side.vectors.row(r).data(), dim(), side.rows.row(r).data());
    side.rows(r, dim()) = has_biases() ? 1.0F : 0.0F;
  }
}

RowSolver AlsModel::solver(const Side& other, Matrix<float> gram) const {
  const std::size_t block = coordinates_at_once(options().block, dim());
  // All at once means the bias, too.
  return {other.rows.view(), std::move(gram), options().unobserved_weight, block == dim() ? dim() + 1 : block};
}

void AlsModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  mean_ = 0;
  unit_ = 1;
  if (!ranks()) set_unit(data.scale(), moments_of(data.values(), context));
  const auto start = [&](std::size_t rows, std::string_view purpose, const auto& learned) {
    const std::size_t width = padded_width(dim() + 1);
    Side side{random_vectors(context, rows, width, dim(), options().init, fit.seed, purpose, learned),
              Matrix<float>(rows, width)};
    update_rows(side);
    return side;
  };
  const auto* const from = static_cast<const AlsModel*>(fit.from);
  const std::optional<WarmStart> known = from != nullptr ? std::optional<WarmStart>({data, *from}) : std::nullopt;
  const bool replaced = known && from->dim() >= dim();
  users_ = start(data.user_count(), "als users",
                 [&](std::size_t u) { return data.history(UserRow(u)).size() > 0 && !(replaced && known->users[u]); });
  items_ = start(data.item_count(), "als items", [&](std::size_t i) {
    return data.item_events(ItemRow(i)).size() > 0 && !(replaced && known->items[i]);
  });
  if (known) {
    copy_side(known->users, *from, from->users_, users_);
    copy_side(known->items, *from, from->items_, items_);
  }
  const std::vector<bool> changed = fit.update ? changed_users(data, *from, *known) : std::vector<bool>();

  const std::size_t epochs = fit.update ? 1 : static_cast<std::size_t>(options().epochs);
  Steps steps(context, info().name, epochs * (data.user_count() + data.item_count()) + data.user_count());
  const Strength strength = strength_of(data, task());
  const auto state = [&](const auto& others, std::span<const float> values, const Side& other, RowProblem& problem) {
    problem.indexes.clear();
    problem.targets.clear();
    problem.weights.clear();
    for (std::size_t e = 0; e < others.size(); ++e) {
      if (strength.used()) problem.weights.push_back(strength.of(values[e]));
      problem.indexes.push_back(others[e].index);
      problem.targets.push_back(target(values[e], other.bias(others[e].index, dim())));
    }
    problem.reg = reg_of(others.size());
  };
  const auto solve_users = [&](const RowSolver& solver, Pass pass, const std::vector<bool>& chosen) {
    const auto of_user = [&](std::size_t u, RowProblem& problem) {
      problem.indexes.clear();
      if (!chosen.empty() && !chosen[u]) return;
      const History history = data.history(UserRow(u));
      state(history.items, history.values, items_, problem);
    };
    solve_side(steps, solver, pass, of_user, users_.vectors);
    update_rows(users_);
  };
  const auto solve_items = [&](const RowSolver& solver, Pass pass) {
    const auto of_item = [&](std::size_t i, RowProblem& problem) {
      const ItemEvents item_events = data.item_events(ItemRow(i));
      state(item_events.users, item_events.values, users_, problem);
    };
    solve_side(steps, solver, pass, of_item, items_.vectors);
    update_rows(items_);
  };
  const auto gram_of = [&](const Side& side) { return ranks() ? gram(context, side.rows.view()) : Matrix<float>(); };
  const std::vector<bool> all;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    solve_users(solver(items_, gram_of(items_)), Pass::sweep, changed);
    solve_items(solver(users_, gram_of(users_)), Pass::sweep);
    ProgressEvent event = steps.event();
    event.epoch = epoch + 1;
    context.progress(event);
  }
  require_finite("item vectors", items_.vectors.values());
  finish(gram_of(items_));
  solve_users(*fold_in_solver_, Pass::solve, all);
  require_finite("user vectors", users_.vectors.values());
}

void AlsModel::copy_side(std::span<const std::optional<std::uint32_t>> known, const AlsModel& from, const Side& learned,
                         Side& side) const {
  copy_rows(known, learned.vectors.view(), std::min(dim(), from.dim()), side.vectors.view());
  for (std::size_t r = 0; r < known.size(); ++r) {
    if (known[r]) side.vectors(r, dim()) = learned.bias(*known[r], from.dim());
  }
  update_rows(side);
}

void AlsModel::finish(Matrix<float> gram) {
  fold_in_solver_.emplace(solver(items_, std::move(gram)));
  ranking_ = rating_rows(items_.vectors, dim(), column(items_.vectors, dim()));
}

RowProblem AlsModel::problem_of(std::span<const HistoryEvent> history) const {
  RowProblem problem;
  const Strength strength = strength_of(data(), task());
  for (const HistoryEvent& event : history) {
    if (strength.used()) problem.weights.push_back(strength.of(event.value));
    problem.indexes.push_back(event.item.index);
    problem.targets.push_back(target(event.value, items_.bias(event.item.index, dim())));
  }
  problem.reg = reg_of(history.size());
  return problem;
}

void AlsModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  Matrix<float> vectors(queries.size(), users_.vectors.cols());
  std::vector<std::size_t> source(queries.size());  // the first of the same query user
  RowQueue queue(*fold_in_solver_, Pass::solve);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    source[q] = q;
    if (q > 0 && same_query_user(queries[q], queries[q - 1])) {
      source[q] = source[q - 1];
    } else if (is_training_user(queries[q])) {
      const std::span<const float> own = users_.vectors.row(queries[q].user->index);
      std::copy(own.begin(), own.end(), vectors.row(q).begin());
    } else {
      queue.problem() = problem_of(queries[q].history);
      if (!queue.problem().indexes.empty()) queue.add(vectors.row(q));
    }
  }
  queue.finish();
  const auto unit = static_cast<float>(unit_);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<const float> vector = vectors.row(source[q]);
    std::transform(vector.begin(), vector.begin() + static_cast<std::ptrdiff_t>(dim()), out.row(q).begin(),
                   [&](float v) { return unit * v; });
    out(q, dim()) = unit * vector[dim()] + static_cast<float>(mean_);
    out(q, dim() + 1) = unit;
  }
}

void AlsModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors().first_columns(dim());
  cosine_to_rows(vectors, vectors.row(item.index), out);
}

void AlsModel::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, ranking_.cols());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.vectors.view().first_columns(dim()), own.row(0).first(dim()), out);
}

std::vector<Contribution> AlsModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  std::vector<Contribution> parts;
  if (!ranks()) parts.push_back({.label = "global mean", .item = {}, .user = {}, .amount = mean_});
  if (has_biases()) {
    parts.push_back({.label = "item bias", .item = {}, .user = {}, .amount = unit_ * items_.bias(item.index, dim())});
  }
  if (history.empty()) return parts;
  // (p_u, b_u) = A⁻¹ Σ_j t_j (q_j, 1): linear in what each event adds.
  const RowProblem problem = problem_of(history);
  const std::vector<double> reach = fold_in_solver_->reach(problem.row(), items_.rows.row(item.index).first(dim() + 1));
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::span<const float> y = items_.rows.row(problem.indexes[e]);
    const double weight = problem.weights.empty() ? 1.0 : static_cast<double>(problem.weights[e]);
    const double closeness = std::inner_product(reach.begin(), reach.end(), y.begin(), 0.0);
    const double asked = problem.targets[e];
    parts.push_back({.label = "", .item = history[e].item, .user = {}, .amount = unit_ * closeness * asked * weight});
  }
  return parts;
}

void AlsModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(items_.vectors, items_.vectors.rows(), dim() + 1));
  out.add("user_vectors", resized(users_.vectors, users_.vectors.rows(), dim() + 1));
  out.add("global_mean", std::span<const double>(&mean_, 1));
  if (unit_ != 1) out.add("unit", std::span<const double>(&unit_, 1));
}

void AlsModel::do_load(const TensorFile& in) {
  const std::size_t width = padded_width(dim() + 1);
  const auto load = [&](std::string_view name, std::size_t rows) {
    Side side{resized(in.matrix<float>(name, rows, dim() + 1), rows, width), Matrix<float>(rows, width)};
    update_rows(side);
    return side;
  };
  items_ = load("item_vectors", data().item_count());
  users_ = load("user_vectors", data().user_count());
  mean_ = in.vector<double>("global_mean", 1).front();
  unit_ = in.has("unit") ? in.vector<double>("unit", 1).front() : 1.0;
  Context context({.threads = 1});
  finish(ranks() ? gram(context, items_.rows.view()) : Matrix<float>());
}

}  // namespace gusto
