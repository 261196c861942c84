#include "gusto/eval/calibration.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/steps.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

double logistic(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

// Predictions brought to mean 0 and deviation 1, which keeps Newton's matrix well conditioned.
struct Standardized {
  std::vector<double> x;
  double mean = 0;
  double deviation = 1;
};

Standardized standardize(std::span<const float> predictions) {
  Standardized result;
  const auto n = static_cast<double>(predictions.size());
  for (const float x : predictions) {
    if (!std::isfinite(x)) throw Error(ErrorCode::not_finite, "A prediction to calibrate is not a finite number.");
    result.mean += x / n;
  }
  double squares = 0;
  for (const float x : predictions) squares += (x - result.mean) * (x - result.mean);
  if (squares > 0) result.deviation = std::sqrt(squares / n);
  for (const float x : predictions) result.x.push_back((x - result.mean) / result.deviation);
  return result;
}

double loss_of(const std::vector<double>& x, const std::vector<double>& target, double slope, double intercept) {
  double loss = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double f = slope * x[i] + intercept;
    loss += f >= 0 ? (1 - target[i]) * f + std::log1p(std::exp(-f)) : -target[i] * f + std::log1p(std::exp(f));
  }
  return loss;
}

// Predictions for events[i], asked for by query_of(i).
template <class QueryOf>
std::vector<float> predict_each(const Model& model, std::span<const Event> events, QueryOf query_of, Context& context) {
  constexpr std::size_t kBlock = 256;  // as many users, at worst, between looks at the cancel flag
  std::vector<float> predictions(events.size());
  Steps steps(context, "measure", events.size());
  steps.parallel_blocks(events.size(), kBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<Query> queries;
    std::vector<ItemRow> items;
    for (std::size_t i = begin; i < end; ++i) {
      queries.push_back(query_of(i));
      items.push_back(events[i].item);
    }
    model.predict(queries, items, std::span(predictions).subspan(begin, end - begin));
  });
  return predictions;
}

/// A tenth of the events, at random.
std::vector<bool> draw_held(std::size_t events, std::uint64_t seed) {
  std::vector<std::size_t> order(events);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed, "likes calibration").shuffle(std::span(order));
  std::vector<bool> is_held(events);
  for (std::size_t i = 0; i < std::max<std::size_t>(1, (events + 5) / 10); ++i) is_held[order[i]] = true;
  return is_held;
}

/// Only models whose predictions depend on it are told when: for others, all of a user's events are one question.
Query asked_at(Query query, const Event& event, const Model& model) {
  if (model.info().abilities.timed) query.time = event.time;
  return query;
}

}  // namespace

double LikesCalibration::probability(double prediction) const { return logistic(slope * prediction + intercept); }

LikesCalibration fit_likes_calibration(std::span<const float> predictions, std::span<const std::uint8_t> liked) {
  const Standardized data = standardize(predictions);
  const auto likes =
      static_cast<double>(std::count_if(liked.begin(), liked.end(), [](auto flag) { return flag != 0; }));
  const double others = static_cast<double>(liked.size()) - likes;
  std::vector<double> target(liked.size());
  for (std::size_t i = 0; i < liked.size(); ++i)
    target[i] = liked[i] != 0 ? (likes + 1) / (likes + 2) : 1 / (others + 2);

  constexpr int kMaxSteps = 100;
  constexpr double kRidge = 1e-12;          // for predictions that are all the same
  constexpr double kSmallGradient = 1e-10;  // an event
  double slope = 0, intercept = std::log((likes + 1) / (others + 1));
  double loss = loss_of(data.x, target, slope, intercept);
  for (int step = 0; step < kMaxSteps; ++step) {
    double g_slope = 0, g_intercept = 0, h_slope = kRidge, h_both = 0, h_intercept = kRidge;
    for (std::size_t i = 0; i < data.x.size(); ++i) {
      const double p = logistic(slope * data.x[i] + intercept);
      const double error = p - target[i];
      const double curvature = p * (1 - p);
      g_slope += error * data.x[i];
      g_intercept += error;
      h_slope += curvature * data.x[i] * data.x[i];
      h_both += curvature * data.x[i];
      h_intercept += curvature;
    }
    if (std::abs(g_slope) + std::abs(g_intercept) <= kSmallGradient * static_cast<double>(data.x.size())) break;
    const double determinant = h_slope * h_intercept - h_both * h_both;
    const double d_slope = -(h_intercept * g_slope - h_both * g_intercept) / determinant;
    const double d_intercept = -(h_slope * g_intercept - h_both * g_slope) / determinant;
    const double descent = g_slope * d_slope + g_intercept * d_intercept;

    double length = 1;
    double next = loss_of(data.x, target, slope + d_slope, intercept + d_intercept);
    while (next > loss + 1e-4 * length * descent && length > 1e-10) {
      length /= 2;
      next = loss_of(data.x, target, slope + length * d_slope, intercept + length * d_intercept);
    }
    if (next >= loss) break;  // as low as rounding lets it get
    slope += length * d_slope;
    intercept += length * d_intercept;
    loss = next;
  }
  return {slope / data.deviation, intercept - slope * data.mean / data.deviation};
}

LikesCalibration calibrate_likes(const Model& model, double like_threshold, std::uint64_t seed, Context& context) {
  const Dataset& train = model.data();
  if (train.event_count() < 2) {
    throw Error(ErrorCode::empty_dataset,
                "A training part with fewer than two events is too small to calibrate likes on.",
                "Leave out metrics of probabilities, or train on more events.");
  }
  const std::vector<bool> is_held = draw_held(train.event_count(), seed);
  std::vector<Event> held;
  std::shared_ptr<const Dataset> kept;
  {
    std::vector<Event> events = train.events();
    std::size_t next = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (is_held[i]) held.push_back(events[i]);
      else events[next++] = events[i];
    }
    events.resize(next);
    kept = std::make_shared<const Dataset>(train.shared_catalog(), events);
  }
  const std::unique_ptr<Model> inner = model.info().make(model.settings());
  inner->fit(kept, model.task(), context, {.seed = seed});
  std::vector<std::uint8_t> liked;
  const auto least = static_cast<float>(like_threshold);  // as values are stored
  for (const Event& event : held) liked.push_back(event.value >= least ? 1 : 0);
  return fit_likes_calibration(predict_events(*inner, held, context), liked);
}

std::vector<float> predict_events(const Model& model, std::span<const Event> events, Context& context) {
  return predict_each(
      model, events, [&](std::size_t i) { return asked_at(Query::known(events[i].user), events[i], model); }, context);
}

std::vector<float> predict_test(const Model& model, const Fold& fold, Context& context) {
  return predict_each(
      model, fold.test, [&](std::size_t i) { return asked_at(fold.query(i), fold.test[i], model); }, context);
}

}  // namespace gusto
