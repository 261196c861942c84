#include "gusto/models/als.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/models/baseline.h"
#include "gusto/models/rating_rows.h"

namespace gusto {
namespace {

constexpr std::size_t kRowBlock = 16;
constexpr int kAutomaticBlock = 64;

}  // namespace

constexpr ModelInfo kAlsInfo{
    .name = "als",
    .summary = "Biases and vectors of ratings, by least squares, one side after the other.",
    .about =
        "Alternating least squares with weighted regularization (ALS-WR, Zhou et al. 2008), with biases: users' "
        "vectors "
        "are solved for exactly given the items', then the items', and so on; a row is pulled to 0 by as much as it "
        "has "
        "events. No step size to choose, and new people are folded in exactly. For top-n it is the classical implicit "
        "form, in which every item that was not chosen counts a little as a 0; ials is the better kept of the two.",
    .fields = kAlsFields,
    .abilities = {.personalised = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true},
    .make = &make_with<AlsModel>,
};

std::uint64_t AlsModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const std::uint64_t width = padded_width(dim() + 1);
  const std::uint64_t rows = data.user_count() + data.item_count();
  const std::uint64_t most_rows = std::max(data.user_count(), data.item_count());
  const std::uint64_t floats = (2 * rows + data.item_count()) * width + (most_rows / 2048 + 4) * width * width +
                               threads * (width * (width + 4) + 4 * most_rows);
  return data.event_count() * 8 + floats * sizeof(float);
}

AlsModel::Side AlsModel::start(std::size_t rows, std::string_view purpose, Context& context) const {
  const std::size_t width = padded_width(dim() + 1);
  Side side{Matrix<float>(rows, width), Matrix<float>(rows, width)};
  const double scale = options().init / std::sqrt(static_cast<double>(dim()));
  parallel_blocks(context, rows, kRowBlock * kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t r = begin; r < end; ++r) {
      Random random(context.seed(), purpose, r);
      for (float& x : side.vectors.row(r).first(dim())) x = static_cast<float>(scale * random.normal());
    }
  });
  update_rows(side);
  return side;
}

void AlsModel::update_rows(Side& side) const {
  for (std::size_t r = 0; r < side.rows.rows(); ++r) {
    std::copy_n(side.vectors.row(r).data(), dim(), side.rows.row(r).data());
    side.rows(r, dim()) = has_biases() ? 1.0F : 0.0F;
  }
}

RowSolver AlsModel::solver(const Side& other, Matrix<float> gram) const {
  const int block = options().block == 0 ? std::min(kAutomaticBlock, options().dim) : options().block;
  // All at once means the bias, too.
  const std::size_t width = block >= options().dim ? dim() + 1 : static_cast<std::size_t>(block);
  return {other.rows.view(), std::move(gram), options().unobserved, width};
}

template <class ForEvents>
void AlsModel::solve_side(const ForEvents& for_events, const Side& other, const RowSolver& solver, bool exactly,
                          Context& context, Side& side) const {
  struct Worker {
    std::vector<std::uint32_t> indexes;
    std::vector<float> targets;
    RowSolver::Workspace workspace;
  };
  std::vector<Worker> workers(context.threads());
  parallel_blocks(context, side.vectors.rows(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned number) {
    Worker& worker = workers[number];
    for (std::size_t r = begin; r < end; ++r) {
      worker.indexes.clear();
      worker.targets.clear();
      for_events(r, [&](std::uint32_t row, float value) {
        worker.indexes.push_back(row);
        worker.targets.push_back(target(value, other.bias(row, dim())));
      });
      const std::span<float> vector = side.vectors.row(r);
      if (worker.indexes.empty()) {
        std::fill(vector.begin(), vector.end(), 0.0F);
        continue;
      }
      const RowSolver::Row row{worker.indexes, worker.targets, reg_of(worker.indexes.size()), {}};
      if (exactly) {
        solver.solve(row, vector, worker.workspace);
      } else {
        solver.sweep(row, vector, worker.workspace);
      }
    }
  });
  update_rows(side);
}

void AlsModel::do_fit(const Dataset& data, Context& context) {
  mean_ = ranks() ? 0.0 : moments_of(data.values(), context).mean;
  users_ = start(data.user_count(), "als users", context);
  items_ = start(data.item_count(), "als items", context);
  const auto of_user = [&](std::size_t u, const auto& add) {
    const History history = data.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) add(history.items[e].index, history.values[e]);
  };
  const auto of_item = [&](std::size_t i, const auto& add) {
    const Audience audience = data.audience(ItemRow(i));
    for (std::size_t e = 0; e < audience.size(); ++e) add(audience.users[e].index, audience.values[e]);
  };
  const auto gram_of = [&](const Side& side) { return ranks() ? gram(context, side.rows.view()) : Matrix<float>(); };
  const auto epochs = static_cast<std::size_t>(options().epochs);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    solve_side(of_user, items_, solver(items_, gram_of(items_)), false, context, users_);
    solve_side(of_item, users_, solver(users_, gram_of(users_)), false, context, items_);
    context.progress(info().name, epoch + 1, epochs);
  }
  require_finite("item vectors", items_.vectors.values());
  finish(gram_of(items_));
  solve_side(of_user, items_, *folding_, true, context, users_);
  require_finite("user vectors", users_.vectors.values());
}

void AlsModel::finish(Matrix<float> gram) {
  all_items_ = std::move(gram);
  folding_.emplace(solver(items_, all_items_));
  ranking_ = rating_rows(items_.vectors, dim(), column(items_.vectors, dim()));
}

void AlsModel::fold_in(std::span<const HistoryEvent> history, std::span<float> out,
                       RowSolver::Workspace& workspace) const {
  std::fill(out.begin(), out.end(), 0.0F);
  if (history.empty()) return;
  std::vector<std::uint32_t> indexes;
  std::vector<float> targets;
  for (const HistoryEvent& event : history) {
    indexes.push_back(event.item.index);
    targets.push_back(target(event.value, items_.bias(event.item.index, dim())));
  }
  folding_->solve({indexes, targets, reg_of(indexes.size()), {}}, out, workspace);
}

void AlsModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  RowSolver::Workspace workspace;
  std::vector<float> vector(users_.vectors.cols());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (q > 0 && same_asker(queries[q], queries[q - 1])) {
      std::copy(out.row(q - 1).begin(), out.row(q - 1).end(), out.row(q).begin());
      continue;
    }
    if (is_training_user(queries[q])) {
      const std::span<const float> own = users_.vectors.row(queries[q].user->index);
      std::copy(own.begin(), own.end(), vector.begin());
    } else {
      fold_in(queries[q].history, vector, workspace);
    }
    std::copy_n(vector.data(), dim(), out.row(q).data());
    out(q, dim()) = vector[dim()] + static_cast<float>(mean_);
    out(q, dim() + 1) = 1;
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
  // (p_u, b_u) = A⁻¹ Σ_j t_j (q_j, 1): linear in what each event adds.
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  std::vector<Contribution> parts;
  if (!ranks()) parts.push_back({.label = "global mean", .item = {}, .user = {}, .amount = mean_});
  parts.push_back({.label = "item bias", .item = {}, .user = {}, .amount = items_.bias(item.index, dim())});
  if (history.empty()) return parts;
  const std::size_t width = dim() + 1;
  Matrix<double> left(width, width);
  for (std::size_t r = 0; r < width; ++r) {
    for (std::size_t c = 0; ranks() && c < width; ++c) {
      left(r, c) = options().unobserved * static_cast<double>(all_items_(r, c));
    }
    left(r, r) += reg_of(history.size());
  }
  for (const HistoryEvent& event : history) {
    const std::span<const float> y = items_.rows.row(event.item.index);
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t c = 0; c < width; ++c) left(r, c) += static_cast<double>(y[r]) * static_cast<double>(y[c]);
    }
  }
  const std::span<const float> own = items_.rows.row(item.index);
  std::vector<double> reach(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(width));
  solve_spd(left.view(), reach);
  for (const HistoryEvent& event : history) {
    const std::span<const float> y = items_.rows.row(event.item.index);
    double closeness = 0;
    for (std::size_t d = 0; d < width; ++d) closeness += static_cast<double>(y[d]) * reach[d];
    const double asked = target(event.value, items_.bias(event.item.index, dim()));
    parts.push_back({.label = "", .item = event.item, .user = {}, .amount = closeness * asked});
  }
  return parts;
}

void AlsModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(items_.vectors, items_.vectors.rows(), dim() + 1));
  out.add("user_vectors", resized(users_.vectors, users_.vectors.rows(), dim() + 1));
  out.add("global_mean", std::span<const double>(&mean_, 1));
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
  Context context({.threads = 1});
  finish(ranks() ? gram(context, items_.rows.view()) : Matrix<float>());
}

}  // namespace gusto
