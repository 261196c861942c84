#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/split.h"
#include "gusto/eval/estimate.h"
#include "gusto/models/model.h"
#include "gusto/models/task.h"

namespace gusto {

struct EvaluateOptions {
  Task task = Task::ratings;
  std::vector<std::size_t> k = {10};  ///< list lengths of top-n
  double like_threshold = 4;          ///< a value of at least this is a like
  std::vector<std::string> metrics;   ///< names to keep ("ndcg@10"); empty: all of the task
};

struct Evaluation {
  std::vector<Estimate> estimates;   ///< in the order of docs/metrics.md
  std::uint64_t users = 0;           ///< measured
  std::uint64_t users_left_out = 0;  ///< of the training part, without test items
  double score_seconds = 0;
};

/// Measures a fitted model on the test part of a fold. Formulas: docs/metrics.md.
///
/// ratings  predictions are clipped to the training scale
/// likes    for models without probabilities of their own, predict() is turned into one by a logistic curve that was
///          fitted on an inner part of the training data (see LikesCalibration)
/// top_n    full ranking of the candidates, items of the training part excluded, except for topk-accuracy
Evaluation evaluate(const Model& model, const Fold& fold, std::span<const ItemRow> candidates,
                    const EvaluateOptions& options, Context& context);

}  // namespace gusto
