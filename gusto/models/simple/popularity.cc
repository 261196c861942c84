#include "gusto/models/simple/popularity.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"

namespace gusto {

constexpr ModelInfo kPopularityInfo{
    .name = "popularity",
    .summary = "What most people chose, the same for everyone.",
    .about =
        "Ranks items by their number of events, by their Bayesian weighted rating (IMDb's formula: the mean rating "
        "shrunk toward the mean of all as if the item had prior_count more average ratings), or by their number "
        "of recent events. Predicts ratings by the weighted rating. The baseline that every recommender of "
        "top lists has to beat, and a good answer for a user without any history.",
    .fields = kPopularityFields,
    .abilities = {.predicts_ratings = true, .fold_in = FoldIn::exact, .explains = true, .strength = true},
    .make = &make_with<PopularityModel>,
};

std::uint64_t PopularityModel::memory_need(const Dataset& data, Task, unsigned) const {
  return data.item_count() * (2 * sizeof(std::uint32_t) + 2 * sizeof(double) + 2 * sizeof(float));
}

void PopularityModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  counts_.assign(data.item_count(), 0);
  sums_.assign(data.item_count(), 0.0);
  recent_.clear();
  const std::span<const ItemRow> items = data.items();
  const std::span<const float> values = data.values();
  const Strength strength = strength_of(data, task());
  const bool recent = options().method == PopularityMethod::recent;
  strengths_.assign(strength.used() ? data.item_count() : 0, 0.0);
  for (std::size_t e = 0; e < items.size(); ++e) {
    if (e % (1U << 20) == 0) context.check_canceled();
    ++counts_[items[e].index];
    sums_[items[e].index] += values[e];
    if (strength.used() && !recent) strengths_[items[e].index] += static_cast<double>(strength.of(values[e]));
  }
  mean_ = std::accumulate(sums_.begin(), sums_.end(), 0.0) / static_cast<double>(items.size());
  if (recent) count_recent(data);
  derive();
  require_finite("ratings", ratings_);
  context.progress(info().name, 1, 1);
}

void PopularityModel::count_recent(const Dataset& data) {
  const std::span<const std::int64_t> times = data.times();
  if (times.empty()) {
    throw Error(ErrorCode::invalid_option, "popularity can't rank by method recent: the events have no times.",
                "Name the column that holds times, or choose method count.");
  }
  recent_.assign(data.item_count(), 0);
  const Strength strength = strength_of(data, task());
  const std::int64_t latest = *std::max_element(times.begin(), times.end());
  // An event without a time has the least one; it lies before any window, and a difference with it could overflow.
  const double window = options().window_days * 86400.0;
  for (std::size_t e = 0; e < times.size(); ++e) {
    if (times[e] == kNoTime) continue;
    if (static_cast<double>(latest) - static_cast<double>(times[e]) >= window) continue;
    const std::size_t item = data.items()[e].index;
    ++recent_[item];
    if (strength.used()) strengths_[item] += static_cast<double>(strength.of(data.values()[e]));
  }
}

double PopularityModel::own_part(std::size_t item) const {
  const double weight = counts_[item] + options().prior_count;
  return weight > 0 ? sums_[item] / weight : 0.0;
}

double PopularityModel::prior_part(std::size_t item) const {
  const double weight = counts_[item] + options().prior_count;
  return weight > 0 ? options().prior_count * mean_ / weight : mean_;
}

void PopularityModel::derive() {
  ratings_.resize(counts_.size());
  for (std::size_t i = 0; i < counts_.size(); ++i) ratings_[i] = static_cast<float>(own_part(i) + prior_part(i));
  const bool strong = !strengths_.empty() && options().method != PopularityMethod::weighted_rating;
  if (strong) {
    scores_.assign(strengths_.begin(), strengths_.end());
    return;
  }
  switch (options().method) {
    case PopularityMethod::count: scores_.assign(counts_.begin(), counts_.end()); break;
    case PopularityMethod::weighted_rating: scores_ = ratings_; break;
    case PopularityMethod::recent: scores_.assign(recent_.begin(), recent_.end()); break;
  }
}

void PopularityModel::do_predict(std::span<const Query>, std::span<const ItemRow> items, std::span<float> out) const {
  std::transform(items.begin(), items.end(), out.begin(), [this](ItemRow item) { return ratings_[item.index]; });
}

void PopularityModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) std::copy(scores_.begin(), scores_.end(), scores.row(q).begin());
}

std::vector<Contribution> PopularityModel::do_explain(const Query&, ItemRow item) const {
  if (options().method != PopularityMethod::weighted_rating) {
    const bool recent = options().method == PopularityMethod::recent;
    return {{.label = recent ? "recent events" : "events", .amount = scores_[item.index]}};
  }
  return {{.label = "ratings of the item", .amount = own_part(item.index)},
          {.label = "mean of all ratings", .amount = prior_part(item.index)}};
}

void PopularityModel::save_state(TensorWriter& out) const {
  out.add("global_mean", std::span<const double>(&mean_, 1));
  out.add("event_counts", counts_);
  out.add("value_sums", sums_);
  if (options().method == PopularityMethod::recent) out.add("recent_counts", recent_);
  if (!strengths_.empty()) out.add("strength_sums", strengths_);
}

void PopularityModel::do_load(const TensorFile& in) {
  mean_ = in.vector<double>("global_mean", 1).front();
  counts_ = in.vector<std::uint32_t>("event_counts", data().item_count());
  sums_ = in.vector<double>("value_sums", data().item_count());
  recent_.clear();
  if (options().method == PopularityMethod::recent) {
    recent_ = in.vector<std::uint32_t>("recent_counts", data().item_count());
  }
  strengths_.clear();
  if (strength_of(data(), task()).used()) strengths_ = in.vector<double>("strength_sums", data().item_count());
  derive();
}

}  // namespace gusto
