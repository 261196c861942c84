#include "gusto/models/svdpp.h"

#include <algorithm>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/models/baseline.h"
#include "gusto/models/implicit_centres.h"
#include "gusto/models/mf_trainer.h"
#include "gusto/models/rating_rows.h"

namespace gusto {
namespace {

constexpr std::size_t kUserBlock = 8;

BiasedMfOptions trainer_options(const SvdppOptions& options) {
  BiasedMfOptions result;
  result.dim = options.dim;
  result.epochs = options.epochs;
  result.learning_rate = options.learning_rate;
  result.reg = options.reg;
  result.reg_bias = options.reg_bias;
  result.reg_power = options.reg_power;
  result.negatives = options.negatives;
  return result;
}

std::vector<float> sum_of_rows(const Matrix<float>& matrix) {
  std::vector<float> sum(matrix.cols());
  for (std::size_t r = 0; r < matrix.rows(); ++r) axpy(1, matrix.row(r), sum);
  return sum;
}

}  // namespace

constexpr ModelInfo kSvdppInfo{
    .name = "svdpp",
    .summary = "Factors of users who are, in part, the items that they rated.",
    .about =
        "SVD++ (Koren, KDD 2008): r = mu + b_u + b_i + q_i.(p_u + z_u), where z_u is the scaled sum of a vector for "
        "each "
        "item that the user rated, whatever the rating: that somebody rates something tells of their taste, too. With "
        "asymmetric, users have no vector of their own and are what they rated, and how, so that new ratings count at "
        "once. Learned as biased-mf, with the items' second vectors by conjugate gradients. Helps most for those "
        "with few ratings.",
    .fields = kSvdppFields,
    .abilities = {.personalised = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true},
    .make = &make_with<SvdppModel>,
};

std::uint64_t SvdppModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const auto width = static_cast<std::uint64_t>(options().dim) + 16;
  const std::uint64_t users = data.user_count();
  const std::uint64_t items = data.item_count();
  const std::uint64_t of_items = options().asymmetric ? 14 : 8;
  return (6 * users + of_items * items) * width * sizeof(float) + data.event_count() * 20 + (users + items) * 32 +
         threads * width * width * 24;
}

void SvdppModel::do_fit(const Dataset& data, Context& context) {
  const double chosen = options().asymmetric ? 50 : 120;
  ImplicitCentres centres(data, task(), dim(), options().asymmetric,
                          options().reg_implicit > 0 ? options().reg_implicit : chosen, options().iterations);
  MfFactors learned = train_mf(data, task(), trainer_options(options()), context, &centres);
  mean_ = learned.mean;
  implicit_ = centres.vectors(learned.spread);
  require_finite("item vectors", learned.items.values());
  require_finite("user vectors", learned.users.values());
  require_finite("implicit vectors", implicit_.values());
  ranking_ = rating_rows(learned.items, dim(), learned.item_bias);

  Matrix<float> offsets = std::move(learned.users);
  users_ = Matrix<float>(data.user_count(), dim() + 1);
  const auto for_users = [&](const auto& visit) {
    parallel_blocks(context, data.user_count(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) visit(u, events_of(data.history(UserRow(u))));
    });
  };
  for_users([&](std::size_t u, const std::vector<HistoryEvent>& events) {
    const std::vector<float> own = centre(events);
    std::copy(own.begin(), own.end(), users_.row(u).begin());
    if (options().asymmetric) {
      std::fill(offsets.row(u).begin(), offsets.row(u).end(), 0.0F);
    } else {
      axpy(-1, own, offsets.row(u));
    }
  });
  refit_.learn(context, data, task(), options().negatives, item_side(), offsets, learned.user_bias, learned.error,
               learned.spread);
  for_users([&](std::size_t u, const std::vector<HistoryEvent>& events) {
    const std::vector<double> z = refit_.solve(events, std::as_const(users_).row(u).first(dim()));
    std::transform(z.begin(), z.end(), users_.row(u).begin(), [](double x) { return static_cast<float>(x); });
  });
  require_finite("user vectors", users_.values());
}

Matrix<float> SvdppModel::centre_parts(std::span<const HistoryEvent> history) const {
  Matrix<float> parts(history.size(), dim());
  const float scale = implicit_scale(history.size());
  const auto excess = [&](const HistoryEvent& event) {
    return static_cast<double>(event.value) - mean_ - ranking_(event.item.index, dim() + 1);
  };
  double sum = 0;
  for (const HistoryEvent& event : history) sum += excess(event);
  const double lean = damped_mean(sum, static_cast<double>(history.size()), ImplicitCentres::kLeanReg);
  for (std::size_t e = 0; e < history.size(); ++e) {
    const std::size_t item = history[e].item.index;
    axpy(scale, implicit_.row(item), parts.row(e));
    if (!has_x()) continue;
    axpy(scale * static_cast<float>(excess(history[e]) - lean), implicit_.row(ranking_.rows() + item), parts.row(e));
  }
  return parts;
}

std::vector<float> SvdppModel::centre(std::span<const HistoryEvent> history) const {
  return sum_of_rows(centre_parts(history));
}

void SvdppModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (is_training_user(queries[q])) {
      const std::span<const float> own = users_.row(queries[q].user->index);
      std::copy(own.begin(), own.end(), out.row(q).begin());
    } else if (q > 0 && same_asker(queries[q], queries[q - 1])) {
      std::copy(out.row(q - 1).begin(), out.row(q - 1).end(), out.row(q).begin());
      continue;
    } else {
      const std::vector<double> z = refit_.solve(queries[q].history, centre(queries[q].history));
      std::transform(z.begin(), z.end(), out.row(q).begin(), [](double x) { return static_cast<float>(x); });
    }
    out(q, dim()) += static_cast<float>(mean_);
    out(q, dim() + 1) = 1;
  }
}

void SvdppModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors().first_columns(dim());
  cosine_to_rows(vectors, vectors.row(item.index), out);
}

void SvdppModel::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, ranking_.cols());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.view().first_columns(dim()), own.row(0).first(dim()), out);
}

std::vector<Contribution> SvdppModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  const Matrix<float> implied = centre_parts(history);
  std::vector<Contribution> parts = refit_.explain(history, sum_of_rows(implied), item);
  std::size_t e = 0;  // parts of events come in the order of the history
  for (Contribution& part : parts) {
    if (part.item) part.amount += static_cast<double>(dot(implied.row(e++), ranking_.row(item.index).first(dim())));
  }
  parts.push_back({.label = "global mean", .item = {}, .user = {}, .amount = mean_});
  parts.push_back({.label = "item bias", .item = {}, .user = {}, .amount = ranking_(item.index, dim() + 1)});
  return parts;
}

void SvdppModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(ranking_, ranking_.rows(), dim()));
  out.add("item_bias", column(ranking_, dim() + 1));
  out.add("user_vectors", users_);
  out.add("implicit_vectors", implicit_);
  out.add("global_mean", std::span<const double>(&mean_, 1));
  refit_.save(out);
}

void SvdppModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  ranking_ = rating_rows(in.matrix<float>("item_vectors", items, dim()), dim(), in.vector<float>("item_bias", items));
  users_ = in.matrix<float>("user_vectors", data().user_count(), dim() + 1);
  implicit_ = in.matrix<float>("implicit_vectors", (has_x() ? 2 : 1) * items, dim());
  mean_ = in.vector<double>("global_mean", 1).front();
  refit_.load(in, task(), options().negatives, item_side());
}

}  // namespace gusto
