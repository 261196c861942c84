#include "gusto/models/biased_mf.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/models/mf_trainer.h"
#include "gusto/models/rating_rows.h"

namespace gusto {
namespace {

constexpr std::size_t kUserBlock = 8;

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
  const MfFactors learned = train_mf(data, task(), options(), context);
  mean_ = learned.mean;
  require_finite("item vectors", learned.items.values());
  require_finite("user vectors", learned.users.values());

  ranking_ = rating_rows(learned.items, dim(), learned.item_bias);
  refit_.learn(context, data, task(), options().negatives, item_side(), learned.users, learned.user_bias, learned.error,
               learned.spread);
  users_ = Matrix<float>(data.user_count(), dim() + 1);
  parallel_blocks(context, data.user_count(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t u = begin; u < end; ++u) {
      const std::vector<double> z = refit_.solve(events_of(data.history(UserRow(u))));
      std::transform(z.begin(), z.end(), users_.row(u).begin(), [](double x) { return static_cast<float>(x); });
    }
  });
  require_finite("user vectors", users_.values());
}

void BiasedMfModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (is_training_user(queries[q])) {
      const std::span<const float> user = users_.row(queries[q].user->index);
      std::copy(user.begin(), user.end(), out.row(q).begin());
    } else if (q > 0 && same_asker(queries[q], queries[q - 1])) {
      std::copy(out.row(q - 1).begin(), out.row(q - 1).end(), out.row(q).begin());
      continue;
    } else {
      const std::vector<double> z = refit_.solve(queries[q].history);
      std::transform(z.begin(), z.end(), out.row(q).begin(), [](double x) { return static_cast<float>(x); });
    }
    out(q, dim()) += static_cast<float>(mean_);
    out(q, dim() + 1) = 1;
  }
}

void BiasedMfModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors().first_columns(dim());
  cosine_to_rows(vectors, vectors.row(item.index), out);
}

void BiasedMfModel::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, ranking_.cols());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.view().first_columns(dim()), own.row(0).first(dim()), out);
}

std::vector<Contribution> BiasedMfModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  std::vector<Contribution> parts = refit_.explain(history_of(query, storage), {}, item);
  parts.push_back({.label = "global mean", .item = {}, .user = {}, .amount = mean_});
  parts.push_back({.label = "item bias", .item = {}, .user = {}, .amount = ranking_(item.index, dim() + 1)});
  return parts;
}

void BiasedMfModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(ranking_, ranking_.rows(), dim()));
  out.add("item_bias", column(ranking_, dim() + 1));
  out.add("user_vectors", users_);
  out.add("global_mean", std::span<const double>(&mean_, 1));
  refit_.save(out);
}

void BiasedMfModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  ranking_ = rating_rows(in.matrix<float>("item_vectors", items, dim()), dim(), in.vector<float>("item_bias", items));
  users_ = in.matrix<float>("user_vectors", data().user_count(), dim() + 1);
  mean_ = in.vector<double>("global_mean", 1).front();
  refit_.load(in, task(), options().negatives, item_side());
}

}  // namespace gusto
