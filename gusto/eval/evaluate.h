#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/estimate.h"
#include "gusto/eval/metrics.h"
#include "gusto/models/model.h"
#include "gusto/models/task.h"

namespace gusto {

struct EvaluateOptions {
  Task task = Task::ratings;
  std::vector<std::size_t> k = {10};   ///< list lengths of top-n
  double like_threshold = 4;           ///< a value of at least this is a like
  std::vector<std::string> metrics{};  ///< names to keep ("ndcg@10"); empty: all of the task
  /// Which metrics there are, borrowed: a table of the caller's own may have further ones.
  MetricTable table = metric_table();
};

/// The names of what these options measure, in the order of their table. No metrics asked for: those of full rankings
/// and those of given candidates.
/// Errors   invalid_option, for a metric that is unknown or of another task; no list length, or a wrong one
std::vector<std::string> measured_metrics(const EvaluateOptions& options);

/// Those that are measured on this fold. Where the split gives each user candidates of their own and no metrics are
/// asked for, the sampled ones, and elsewhere all others.
/// Errors   invalid_option as well, for a sampled metric that is asked for where the split gives no candidates
std::vector<std::string> measured_metrics(const EvaluateOptions& options, const Fold& fold);

/// Whether any of these metrics is sampled, where the split gives users candidates of their own (`given`) or does not.
/// Errors   those of measured_metrics
bool measures_sampled(const EvaluateOptions& options, bool given);

struct Evaluation {
  std::vector<Estimate> estimates;   ///< in the order of the table of metrics
  std::uint64_t users = 0;           ///< measured
  std::uint64_t users_left_out = 0;  ///< of the training part, without test items
  double score_seconds = 0;  ///< spent in predictions or searches for the test part, without fitting a calibration
};

/// Measures a fitted model on the test part of a fold. Formulas: docs/reference/metrics.md.
/// ratings  predictions are clipped to the training scale
/// likes    for models without probabilities of their own, predict() is turned into one by a logistic curve that was
///          fitted on an inner part of the training data (see LikesCalibration); AUC needs none. A test part without a
///          like, or with nothing else, has no AUC
/// top_n    full ranking of the candidates, or of the fold's own where it has any; items of the training part excluded,
///          except for topk-accuracy; without categorical or multi-valued item features there is no diversity, and with
///          a single group of users no folding. Sampled metrics rank the fold's given candidates, and nothing else
/// Who asks is what Fold::query says. Where each event is asked for by itself, means are over events instead of users.
/// Errors     unsupported, if the fold gives histories and the model does not fold in; invalid_input, if the fold gives
///            candidates to others than the users with test events; empty_dataset, without test events or candidates;
///            those of measured_metrics, of the model's answers and, for a calibration, of its fit; canceled
/// Cost       of the model's answers, beside which measuring is small; O(users · largest k) memory for top-n
/// Repeatable same bits at any number of threads
Evaluation evaluate(const Model& model, const Fold& fold, std::span<const ItemRow> candidates,
                    const EvaluateOptions& options, Context& context);

}  // namespace gusto
