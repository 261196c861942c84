#include "gusto/models/svd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kOversampling = 8;
constexpr double kMostDim = 128;  // that is chosen without being asked for
constexpr std::size_t kRowBlock = 128;

float power(std::size_t count, double exponent) {
  return count == 0 ? 0.0F : static_cast<float>(std::pow(static_cast<double>(count), -exponent));
}

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
  void sum(const Matrix<float>& matrix, std::span<float> out) const {
    sum_rows(matrix.values().data(), matrix.cols(), indexes_, weights_, out);
  }

 private:
  std::vector<std::uint32_t> indexes_;
  std::vector<float> weights_;
};

/// The training matrix with its entries computed as they are read, row-wise and column-wise.
class TrainingMatrix {
 public:
  TrainingMatrix(const Dataset& data, const Baseline* baseline, std::span<const float> user_scale,
                 std::span<const float> item_scale)
      : data_(data), baseline_(baseline), user_scale_(user_scale), item_scale_(item_scale) {}

  /// Y = A X.
  void times(Context& context, const Matrix<float>& x, Matrix<float>& y) const {
    parallel_blocks(context, data_.user_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      WeightedRows rows;
      for (std::size_t u = begin; u < end; ++u) {
        const History history = data_.history(UserRow(u));
        rows.clear();
        for (std::size_t e = 0; e < history.size(); ++e) {
          const std::size_t i = history.items[e].index;
          rows.add(i, entry(u, i, history.values[e]));
        }
        rows.sum(x, y.row(u));
      }
    });
  }

  /// X = Aᵀ Y.
  void transposed_times(Context& context, const Matrix<float>& y, Matrix<float>& x) const {
    parallel_blocks(context, data_.item_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      WeightedRows rows;
      for (std::size_t i = begin; i < end; ++i) {
        const Audience audience = data_.audience(ItemRow(i));
        rows.clear();
        for (std::size_t e = 0; e < audience.size(); ++e) {
          const std::size_t u = audience.users[e].index;
          rows.add(u, entry(u, i, audience.values[e]));
        }
        rows.sum(y, x.row(i));
      }
    });
  }

 private:
  float entry(std::size_t user, std::size_t item, float value) const {
    if (baseline_ == nullptr) return user_scale_[user] * item_scale_[item];
    return value - static_cast<float>(baseline_->mean) - baseline_->user_bias[user] - baseline_->item_bias[item];
  }

  const Dataset& data_;
  const Baseline* baseline_;  // none for top-n
  std::span<const float> user_scale_;
  std::span<const float> item_scale_;
};

}  // namespace

constexpr ModelInfo kSvdInfo{
    .name = "svd",
    .summary = "Truncated singular value decomposition of ratings, or of who chose what.",
    .about =
        "PureSVD (Cremonesi, Koren, Turrin, RecSys 2010): keeps the strongest directions of the training matrix and "
        "projects the asker's row on them, s_u = a_u V V^T. For ratings the matrix holds what user and item biases "
        "leave over; for top-n it holds ones, damped by powers of the user's and the item's number of events. Fast, "
        "closed, one choice to make (dim), and anyone with a history gets an exact answer at once.",
    .fields = kSvdFields,
    .abilities = {.personalised = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true},
    .make = &make_with<SvdModel>,
};

struct SvdModel::Asker {
  float bias;   // of ratings and likes
  float scale;  // of top-n
};

std::size_t SvdModel::dim(Task task, std::size_t item_count) const {
  std::size_t wanted = static_cast<std::size_t>(options().dim);
  if (wanted == 0) {
    const double root = std::min(kMostDim, std::sqrt(static_cast<double>(item_count)));
    wanted = static_cast<std::size_t>(std::ceil(task == Task::top_n ? root : root / 2));
  }
  return std::min(wanted, item_count);
}

std::uint64_t SvdModel::memory_need(const Dataset& data, Task task, unsigned) const {
  const std::uint64_t width = dim(task, data.item_count()) + kOversampling;
  const std::uint64_t by_item = data.event_count() * 8;
  return by_item + (data.user_count() + 3 * data.item_count()) * width * sizeof(float);
}

void SvdModel::do_fit(const Dataset& data, Context& context) {
  const std::size_t users = data.user_count();
  const std::size_t items = data.item_count();
  std::vector<float> user_scale;
  if (centred()) {
    baseline_ = fit_baseline(data, {}, context);
    item_scale_.clear();
  } else {
    baseline_ = {0, std::vector<float>(users), std::vector<float>(items)};
    user_scale.resize(users);
    for (std::size_t u = 0; u < users; ++u) {
      user_scale[u] = power(data.history(UserRow(u)).size(), options().user_power);
    }
    item_scale_.resize(items);
    for (std::size_t i = 0; i < items; ++i) {
      item_scale_[i] = power(data.audience(ItemRow(i)).size(), options().item_power);
    }
  }
  const TrainingMatrix matrix(data, centred() ? &baseline_ : nullptr, user_scale, item_scale_);

  const std::size_t kept = dim(task(), items);
  const std::size_t width = std::min(kept + kOversampling, items);
  Matrix<float> x(items, width);
  Matrix<float> y(users, width);
  for (std::size_t i = 0; i < items; ++i) {
    Random random(context.seed(), "svd start", i);
    for (float& value : x.row(i)) value = static_cast<float>(random.normal());
  }
  const auto rounds = static_cast<std::size_t>(options().iterations) + 1;
  for (std::size_t round = 0; round < rounds; ++round) {
    context.progress(info().name, round, rounds);
    matrix.times(context, x, y);
    // Here too: AᵀA squares the ratio of singular values, and the smaller ones would drown in rounding.
    orthonormalize(context, y.view());
    matrix.transposed_times(context, y, x);
    orthonormalize(context, x.view());
  }
  matrix.times(context, x, y);

  // Within the span of x, the singular vectors diagonalise (A x)ᵀ (A x).
  const Matrix<float> g = gram(context, y.view());
  Matrix<double> wide(width, width);
  std::copy(g.values().begin(), g.values().end(), wide.values().begin());
  const EigenPairs pairs = symmetric_eigen(wide.view());
  Matrix<float> turn(width, kept);
  singular_values_.resize(kept);
  for (std::size_t d = 0; d < kept; ++d) {
    singular_values_[d] = static_cast<float>(std::sqrt(std::max(0.0, pairs.values[d])));
    for (std::size_t w = 0; w < width; ++w) turn(w, d) = static_cast<float>(pairs.vectors(w, d));
  }
  vectors_ = Matrix<float>(items, kept);
  gemm(Transpose::no, Transpose::no, 1, x.view(), turn.view(), 0, vectors_.view());
  require_finite("item vectors", vectors_.values());
  prepare_ranking();
  context.progress(info().name, rounds, rounds);
}

void SvdModel::prepare_ranking() {
  const std::size_t dim = vectors_.cols();
  ranking_ = Matrix<float>(vectors_.rows(), centred() ? dim + 2 : dim);
  for (std::size_t i = 0; i < vectors_.rows(); ++i) {
    const std::span<float> row = ranking_.row(i);
    const float scale = centred() ? 1.0F : (item_scale_[i] > 0 ? 1 / item_scale_[i] : 0.0F);
    std::transform(vectors_.row(i).begin(), vectors_.row(i).end(), row.begin(), [&](float v) { return scale * v; });
    if (centred()) {
      row[dim] = baseline_.item_bias[i];
      row[dim + 1] = 1;
    }
  }
}

SvdModel::Asker SvdModel::asker(std::span<const HistoryEvent> history) const {
  if (centred()) return {baseline_.fold_in(history, BaselineOptions{}.reg_user), 1};
  return {0, power(history.size(), options().user_power)};
}

float SvdModel::entry(const Asker& asker, const HistoryEvent& event) const {
  const std::size_t i = event.item.index;
  if (!centred()) return asker.scale * item_scale_[i];
  return event.value - static_cast<float>(baseline_.mean) - asker.bias - baseline_.item_bias[i];
}

void SvdModel::project(const Asker& asker, std::span<const HistoryEvent> history, std::span<float> out) const {
  WeightedRows rows;
  for (const HistoryEvent& event : history) rows.add(event.item.index, entry(asker, event));
  rows.sum(vectors_, out);
}

void SvdModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  const std::size_t dim = vectors_.cols();
  std::vector<HistoryEvent> storage;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<const HistoryEvent> history = history_of(queries[q], storage);
    const Asker who = asker(history);
    project(who, history, out.row(q).first(dim));
    if (!centred()) continue;
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
    project(asker(history), history, users.row(u));
  }
  std::vector<float> own(dim);
  const std::span<const HistoryEvent> history = history_of(query, storage);
  project(asker(history), history, own);
  cosine_to_rows(users.view(), own, out);
}

std::vector<Contribution> SvdModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  const Asker who = asker(history);
  std::vector<Contribution> parts;
  if (centred()) parts = baseline_.explain(who.bias, item);
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
  const std::size_t kept = dim(task(), items);
  vectors_ = in.matrix<float>("item_vectors", items, kept);
  singular_values_ = in.vector<float>("singular_values", kept);
  item_scale_ = in.vector<float>("item_scale", centred() ? 0 : items);
  baseline_ = Baseline::load(in, data().user_count(), items);
  prepare_ranking();
}

}  // namespace gusto
