#pragma once

#include <cstdint>
#include <span>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/split/split.h"
#include "gusto/models/model.h"

namespace gusto {

/// Turns a prediction x into the probability of a like: p(x) = 1 / (1 + exp(−(slope · x + intercept))).
struct LikesCalibration {
  double slope = 1;
  double intercept = 0;

  double probability(double prediction) const;
};

/// The curve with the smallest log loss on these predictions.
///
/// Minimizes  −Σ t log p + (1 − t) log(1 − p), with targets t = (L + 1) / (L + 2) for the L liked events and
///            1 / (M + 2) for the M others, which keeps the curve finite when the two kinds separate
/// Source     Platt: Probabilistic outputs for support vector machines, 1999; Newton's method with backtracking after
///            Lin, Lin, Weng: A note on Platt's probabilistic outputs, 2007
/// Errors     not_finite, for a prediction that isn't
LikesCalibration fit_likes_calibration(std::span<const float> predictions, std::span<const std::uint8_t> liked);

/// A curve for a fitted model whose predictions are no probabilities, from its training data alone.
///
/// A tenth of the training events, at least one, drawn at random by `seed`, is held out; a new model with the
/// same settings is fitted for the same task on the rest, and the curve on its predictions of the tenth. The model
/// itself has seen all training events, so its own predictions of them would look surer than they are.
/// Cost       one more fit, on 90 % of the events, and the memory for it beside the model
/// Errors     empty_dataset, with fewer than two training events; those of Model::fit and Model::predict
LikesCalibration calibrate_likes(const Model& model, double like_threshold, std::uint64_t seed, Context& context);

/// predict() for (known user, item) of every event, in parallel; at the event's time, if the model's predictions are
/// for one.
/// Errors     those of Model::predict; canceled
std::vector<float> predict_events(const Model& model, std::span<const Event> events, Context& context);

/// predict() for a fold's test events, each asked for as the fold says, in parallel; at its time likewise.
/// Errors     those of Model::predict; canceled
std::vector<float> predict_test(const Model& model, const Fold& fold, Context& context);

}  // namespace gusto
