#include "gusto/models/factors/refitted_factors.h"

#include <algorithm>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/mf_trainer.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/rating_rows.h"

namespace gusto {
namespace {

constexpr std::size_t kRefitUsers = 8;

std::vector<float> sum_of_rows(const Matrix<float>& matrix) {
  std::vector<float> sum(matrix.cols());
  for (std::size_t r = 0; r < matrix.rows(); ++r) axpy(1, matrix.row(r), sum);
  return sum;
}

void narrow(std::span<const double> from, std::span<float> to) {
  std::transform(from.begin(), from.end(), to.begin(), [](double x) { return static_cast<float>(x); });
}

}  // namespace

MfFactors RefittedFactors::start_of(const Dataset& data, const FitOptions& fit,
                                    const std::function<MfFactors(const MfStart* start)>& train) const {
  if (fit.from == nullptr) return train(nullptr);
  const auto& from = static_cast<const RefittedFactors&>(*fit.from);
  const WarmStart known(data, from);
  const MfStart start{known, from.users_.view(), from.ranking_.view()};
  return train(&start);
}

void RefittedFactors::set_factors(MfFactors learned, const Dataset& data, Context& context) {
  mean_ = learned.mean;
  require_finite("item vectors", learned.items.values());
  require_finite("user vectors", learned.users.values());
  ranking_ = rating_rows(learned.items, dim(), learned.item_bias);

  const auto for_users = [&](const auto& visit) {
    parallel_blocks(context, data.user_count(), kRefitUsers, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) visit(u, events_of(data.history(UserRow(u))));
    });
  };
  users_ = Matrix<float>(data.user_count(), dim() + 1);  // centers, until users are refitted about them
  for_users([&](std::size_t u, const std::vector<HistoryEvent>& events) {
    const std::vector<float> center = sum_of_rows(center_parts(events));
    std::copy(center.begin(), center.end(), users_.row(u).begin());
    if (!center.empty()) axpy(-1, center, learned.users.row(u));
  });
  refit_.learn(context, data, task(), negatives(), item_side(), learned.users, learned.user_bias, learned.error,
               learned.stddev);
  for_users([&](std::size_t u, const std::vector<HistoryEvent>& events) {
    narrow(refit_.solve(events, std::as_const(users_).row(u).first(dim())), users_.row(u));
  });
  require_finite("user vectors", users_.values());
}

void RefittedFactors::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> row = out.row(q);
    if (is_training_user(queries[q])) {
      std::copy_n(users_.row(queries[q].user->index).begin(), users_.cols(), row.begin());
    } else if (q > 0 && same_query_user(queries[q], queries[q - 1])) {
      std::copy_n(out.row(q - 1).begin(), row.size(), row.begin());
      continue;
    } else {
      narrow(refit_.solve(queries[q].history, sum_of_rows(center_parts(queries[q].history))), row);
    }
    row[dim()] += static_cast<float>(mean_);
    row[dim() + 1] = 1;
  }
}

void RefittedFactors::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors().first_columns(dim());
  cosine_to_rows(vectors, vectors.row(item.index), out);
}

void RefittedFactors::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, ranking_.cols());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.view().first_columns(dim()), own.row(0).first(dim()), out);
}

std::vector<Contribution> RefittedFactors::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  const Matrix<float> implied = center_parts(history);
  std::vector<Contribution> parts = refit_.explain(history, sum_of_rows(implied), item);
  std::size_t e = 0;  // parts of events come in the order of the history
  for (Contribution& part : parts) {
    if (!part.item || implied.empty()) continue;
    part.amount += static_cast<double>(dot(implied.row(e++), ranking_.row(item.index).first(dim())));
  }
  parts.push_back({.label = "global mean", .item = {}, .user = {}, .amount = mean_});
  parts.push_back({.label = "item bias", .item = {}, .user = {}, .amount = ranking_(item.index, dim() + 1)});
  return parts;
}

void RefittedFactors::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(ranking_, ranking_.rows(), dim()));
  out.add("item_bias", column(ranking_, dim() + 1));
  out.add("user_vectors", users_);
  out.add("global_mean", std::span<const double>(&mean_, 1));
  refit_.save(out);
}

void RefittedFactors::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  ranking_ = rating_rows(in.matrix<float>("item_vectors", items, dim()), dim(), in.vector<float>("item_bias", items));
  users_ = in.matrix<float>("user_vectors", data().user_count(), dim() + 1);
  mean_ = in.vector<double>("global_mean", 1).front();
  refit_.load(in, task(), negatives(), strength_of(data(), task()), item_side());
}

}  // namespace gusto
