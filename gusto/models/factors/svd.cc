#include "gusto/models/factors/svd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/factor_abilities.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/data_shape.h"
#include "gusto/models/shared/training_matrix.h"

namespace gusto {
namespace {

constexpr std::size_t kMostDim = 128;  // that is chosen without being asked for

}  // namespace

constexpr ModelInfo kSvdInfo{
    .name = "svd",
    .summary = "Truncated singular value decomposition of ratings, or of who chose what.",
    .about =
        "PureSVD (Cremonesi, Koren, Turrin, RecSys 2010): keeps the strongest directions of the training matrix and "
        "projects the user's row on them, s_u = a_u V V^T. For ratings the matrix holds what user and item biases "
        "leave over; for top-n it holds ones, damped by powers of the user's and the item's number of events. Fast, "
        "closed, one choice to make (dim), and anyone with a history gets an exact answer at once.",
    .fields = kSvdFields,
    .abilities = kFactorAbilities,
    .make = &make_with<SvdModel>,
};

struct SvdModel::QueryUser {
  float bias;   // of ratings and likes
  float scale;  // of top-n
};

std::size_t SvdModel::dim(Task task, const Dataset& data) const {
  std::size_t wanted = static_cast<std::size_t>(options().dim);
  if (wanted == 0) {
    const std::size_t rank = std::min(kMostDim, fitting_rank(shape_of(data)));
    wanted = task == Task::top_n ? rank : (rank + 1) / 2;
  }
  return std::min(wanted, data.item_count());
}

double SvdModel::fit_operations(const Dataset& data, Task task) const {
  return truncated_svd_operations(data, dim(task, data), options().iterations);
}

std::uint64_t SvdModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  // The data set's view by item; biases or scales, and where each item's events begin, while that view is made.
  const std::uint64_t by_item = data.event_count() * 8 + (data.user_count() + data.item_count()) * 32;
  const std::size_t width = dim(task, data);
  const std::uint64_t ranking = data.item_count() * (width + 2) * sizeof(float);
  return by_item + truncated_svd_memory(data.user_count(), data.item_count(), width, threads) + ranking;
}

void SvdModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  const std::size_t users = data.user_count();
  const std::size_t items = data.item_count();
  std::vector<float> user_scale;
  const Strength strength = strength_of(data, task());
  if (centered()) {
    baseline_ = fit_baseline(data, {}, context);
    item_scale_.clear();
  } else {
    baseline_ = {0, std::vector<float>(users), std::vector<float>(items)};
    user_scale = user_scales(data, options().user_power, strength);
    item_scale_ = item_scales(data, options().item_power, strength);
  }
  const TrainingMatrix matrix =
      centered() ? TrainingMatrix(data, baseline_) : TrainingMatrix(data, user_scale, item_scale_, strength);
  RightSingularVectors found =
      truncated_svd(context, matrix, dim(task(), data), options().iterations, fit.seed, info().name);
  vectors_ = std::move(found.vectors);
  singular_values_ = std::move(found.values);
  require_finite("item vectors", vectors_.values());
  prepare_ranking();
}

void SvdModel::prepare_ranking() {
  const std::size_t dim = vectors_.cols();
  ranking_ = Matrix<float>(vectors_.rows(), centered() ? dim + 2 : dim);
  for (std::size_t i = 0; i < vectors_.rows(); ++i) {
    const std::span<float> row = ranking_.row(i);
    const float scale = centered() ? 1.0F : (item_scale_[i] > 0 ? 1 / item_scale_[i] : 0.0F);
    std::transform(vectors_.row(i).begin(), vectors_.row(i).end(), row.begin(), [&](float v) { return scale * v; });
    if (centered()) {
      row[dim] = baseline_.item_bias[i];
      row[dim + 1] = 1;
    }
  }
}

SvdModel::QueryUser SvdModel::query_user(std::span<const HistoryEvent> history) const {
  if (centered()) return {baseline_.fold_in(history, BaselineOptions{}.reg_user), 1};
  const Strength strength = strength_of(data(), task());
  double total = 0;
  for (const HistoryEvent& event : history) total += static_cast<double>(strength.of(event.value));
  return {0, count_scale(total, options().user_power)};
}

float SvdModel::entry(const QueryUser& query_user, const HistoryEvent& event) const {
  const std::size_t i = event.item.index;
  if (!centered()) return query_user.scale * item_scale_[i] * strength_of(data(), task()).of(event.value);
  return event.value - static_cast<float>(baseline_.mean) - query_user.bias - baseline_.item_bias[i];
}

void SvdModel::project(const QueryUser& query_user, std::span<const HistoryEvent> history, std::span<float> out) const {
  WeightedRows rows;
  for (const HistoryEvent& event : history) rows.add(event.item.index, entry(query_user, event));
  rows.sum(vectors_, out);
}

void SvdModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  const std::size_t dim = vectors_.cols();
  std::vector<HistoryEvent> storage;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<const HistoryEvent> history = history_of(queries[q], storage);
    const QueryUser who = query_user(history);
    project(who, history, out.row(q).first(dim));
    if (!centered()) continue;
    out(q, dim) = 1;
    out(q, dim + 1) = static_cast<float>(baseline_.mean) + who.bias;
  }
}

void SvdModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  cosine_to_rows(vectors_.view(), vectors_.row(item.index), out);
}

void SvdModel::do_user_similarity(const Query& query, std::span<float> out) const {
  const std::size_t dim = vectors_.cols();
  std::vector<HistoryEvent> storage;
  Matrix<float> users(data().user_count(), dim);
  for (std::size_t u = 0; u < users.rows(); ++u) {
    const std::span<const HistoryEvent> history = history_of(Query::known(UserRow(u)), storage);
    project(query_user(history), history, users.row(u));
  }
  std::vector<float> own(dim);
  const std::span<const HistoryEvent> history = history_of(query, storage);
  project(query_user(history), history, own);
  cosine_to_rows(users.view(), own, out);
}

std::vector<Contribution> SvdModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  const QueryUser who = query_user(history);
  std::vector<Contribution> parts;
  if (centered()) parts = baseline_.explain(who.bias, item);
  for (const HistoryEvent& event : history) {
    const float closeness = dot(vectors_.row(event.item.index), ranking_.row(item.index).first(vectors_.cols()));
    parts.push_back({.label = "", .item = event.item, .user = {}, .amount = entry(who, event) * closeness});
  }
  return parts;
}

void SvdModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", vectors_);
  out.add("singular_values", singular_values_);
  out.add("item_scale", item_scale_);
  baseline_.save(out);
}

void SvdModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  const std::size_t kept = in.count<float>("singular_values");
  vectors_ = in.matrix<float>("item_vectors", items, kept);
  singular_values_ = in.vector<float>("singular_values", kept);
  item_scale_ = in.vector<float>("item_scale", centered() ? 0 : items);
  baseline_ = Baseline::load(in, data().user_count(), items);
  prepare_ranking();
}

}  // namespace gusto
