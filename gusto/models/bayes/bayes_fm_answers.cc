// What a fitted BayesFmModel answers.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gusto/base/linalg.h"
#include "gusto/models/bayes/bayes_fm.h"
#include "gusto/models/bayes/fm_events.h"
#include "gusto/models/bayes/ordered_probit.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

// How often a new user's row and the latents of their events are drawn in turn; each round halves what the start
// matters.
constexpr std::size_t kProbitRounds = 6;

constexpr double kLeastVariance = 1e-12;  // of a value that is always the same

}  // namespace

std::size_t BayesFmModel::level_of(float value) const {
  const auto above = std::lower_bound(levels_.begin(), levels_.end(), value);
  if (above == levels_.end()) return levels_.size() - 1;
  const auto place = static_cast<std::size_t>(above - levels_.begin());
  return place > 0 && value - levels_[place - 1] < *above - value ? place - 1 : place;
}

FmEstimate BayesFmModel::new_user(const Query& query) const {
  std::vector<FmPlace> places;
  std::vector<float> values;
  const Strength strength = strength_of(data(), task());
  for (const HistoryEvent& event : query.history) {
    for (std::size_t left = times_met(strength.of(event.value), places.size()); left > 0; --left) {
      places.push_back({event.item.index, features_->day_row(event.time)});
      values.push_back(fm_target(event.value, task(), options().like_threshold));
    }
  }
  if (task() == Task::top_n) {
    std::vector<std::uint32_t> own;
    for (const HistoryEvent& event : query.history) own.push_back(event.item.index);
    const Random random(0, "bayes-fm newcomer");
    const std::size_t events = places.size();
    const auto count = std::lround(options().negatives * static_cast<double>(events));
    for (const std::uint32_t item : draw_negatives(own, item_linear_.size(), static_cast<std::size_t>(count), random)) {
      places.push_back({item, places[places.size() % events].day});
      values.push_back(0);
    }
  }
  const auto targets = [&](std::size_t sample, std::size_t round, std::span<const float> outputs,
                           std::span<const float> deviations, std::span<float> out) {
    Random random(round, "bayes-fm newcomer latents", sample);
    const std::span<const float> cuts = cuts_.row(sample);
    for (std::size_t e = 0; e < out.size(); ++e) {
      out[e] = by_levels() ? draw_latent(cuts, level_of(values[e]), outputs[e], deviations[e], random.uniform())
                           : target_of(values[e]);
    }
  };
  return samples_.new_user(features_->new_user(query), places, by_levels() ? kProbitRounds : 1, targets, *features_);
}

FmEstimate BayesFmModel::query_user(const Query& query) const {
  FmEstimate query_user{samples_.start(), samples_.start()};
  if (is_training_user(query)) {
    samples_.join(query_user.mean, FmFeatures::kUser, query.user->index);
    query_user.drawn = query_user.mean;
    return query_user;
  }
  const FmEstimate row = new_user(query);
  samples_.join(query_user.mean, row.mean);
  samples_.join(query_user.drawn, row.drawn);
  return query_user;
}

FmPart BayesFmModel::at_time(FmPart part, const Query& query, bool drawn) const {
  const auto day = static_cast<std::uint64_t>(FmFeatures::day_of(query.time));
  const auto join = [&](std::size_t block, std::optional<std::size_t> row, std::uint64_t key) {
    if (block == 0) return;
    if (row) samples_.join(part, block, *row);
    else if (drawn) samples_.join_draw(part, block, key);
    else samples_.join_mean(part, block);
  };
  join(features_->day_block(), features_->day_row(query.time), day);
  const std::optional<std::size_t> user = is_training_user(query) ? std::optional(query.user->index) : std::nullopt;
  join(features_->user_day_block(), user ? features_->user_day_row(*user, query.time) : std::nullopt,
       mix(day) + (user ? *user + 1 : 0));
  return part;
}

template <class Body>
void BayesFmModel::for_outputs(std::span<const Query> queries, std::span<const ItemRow> items, bool drawn,
                               const Body& body) const {
  std::vector<float> means(samples_.count());
  std::vector<float> draws(drawn ? samples_.count() : 0);
  FmEstimate who, rest;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    Query person = queries[i];
    if (i > 0) person.time = queries[i - 1].time;
    const bool same_person = i > 0 && same_query_user(person, queries[i - 1]);
    if (!same_person) who = query_user(queries[i]);
    if (!same_person || queries[i].time != queries[i - 1].time) {
      rest.mean = at_time(who.mean, queries[i], false);
      if (drawn) rest.drawn = at_time(who.drawn, queries[i], true);
    }
    samples_.outputs(rest.mean, items[i].index, means);
    if (drawn) samples_.outputs(rest.drawn, items[i].index, draws);
    body(i, std::span<const float>(means), std::span<const float>(draws));
  }
}

double BayesFmModel::offset() const {
  if (!by_levels()) return mean_;
  const std::span<const float> cuts = cuts_.values();
  return -std::accumulate(cuts.begin(), cuts.end(), 0.0) / static_cast<double>(cuts.size());
}

BayesFmModel::Expectation BayesFmModel::expectation(std::span<const float> outputs) const {
  const auto count = static_cast<double>(outputs.size());
  double sum = 0;
  double squares = 0;
  if (by_output()) {
    for (std::size_t s = 0; s < outputs.size(); ++s) sum += static_cast<double>(outputs[s]);
    const double mean = sum / count;
    for (std::size_t s = 0; s < outputs.size(); ++s) {
      const double from_mean = static_cast<double>(outputs[s]) - mean;
      squares += from_mean * from_mean + (by_levels() ? 1 : static_cast<double>(samples_.noise()[s]));
    }
    return {offset() + scale_ * mean, scale_ * scale_ * squares / count};
  }
  for (std::size_t s = 0; s < outputs.size(); ++s) {
    const LevelMoments moments = level_moments(levels_, cuts_.row(s), static_cast<double>(outputs[s]));
    sum += moments.mean;
    squares += task() == Task::likes ? moments.mean * moments.mean : moments.square;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

void BayesFmModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  for_outputs(queries, items, false, [&](std::size_t i, std::span<const float> means, std::span<const float>) {
    out[i] = static_cast<float>(expectation(means).mean);
  });
}

void BayesFmModel::do_predict_stddev(std::span<const Query> queries, std::span<const ItemRow> items,
                                     std::span<float> out, std::span<float> stddev) const {
  const auto answer = [&](std::size_t i, std::span<const float> means, std::span<const float> draws) {
    out[i] = static_cast<float>(expectation(means).mean);
    stddev[i] = static_cast<float>(std::sqrt(std::max(expectation(draws).variance, kLeastVariance)));
  };
  for_outputs(queries, items, true, answer);
}

void BayesFmModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  if (!by_output()) {
    std::vector<float> outputs(samples_.count());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const FmPart rest = at_time(query_user(queries[q]).mean, queries[q], false);
      const std::span<float> row = scores.row(q);
      for (std::size_t i = 0; i < row.size(); ++i) {
        samples_.outputs(rest, i, outputs);
        row[i] = static_cast<float>(expectation(outputs).mean);
      }
    }
    return;
  }
  const MatrixView<const float> items = samples_.factors(FmFeatures::kItem);
  const auto share = static_cast<float>(1.0 / static_cast<double>(samples_.count()));
  Matrix<float> vectors(queries.size(), items.cols);
  std::vector<float> constants(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const FmPart rest = at_time(query_user(queries[q]).mean, queries[q], false);
    std::transform(rest.factors.begin(), rest.factors.end(), vectors.row(q).begin(),
                   [&](float v) { return share * v; });
    constants[q] = share * std::accumulate(rest.linear.begin(), rest.linear.end(), 0.0F);
  }
  gemm(Transpose::no, Transpose::yes, 1, std::as_const(vectors).view(), items, 0, scores);
  const double start = offset();
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> row = scores.row(q);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto output = static_cast<double>(row[i] + constants[q] + item_linear_[i]);
      row[i] = static_cast<float>(start + scale_ * output);
    }
  }
}

void BayesFmModel::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  do_predict(std::vector<Query>(items.size(), query), items, out);
}

void BayesFmModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> factors = samples_.factors(FmFeatures::kItem);
  cosine_to_rows(factors, factors.row(item.index), out);
}

void BayesFmModel::do_user_similarity(const Query& query, std::span<float> out) const {
  const MatrixView<const float> factors = samples_.factors(FmFeatures::kUser);
  if (is_training_user(query)) {
    cosine_to_rows(factors, factors.row(query.user->index), out);
  } else {
    cosine_to_rows(factors, new_user(query).mean.factors, out);
  }
}

}  // namespace gusto
