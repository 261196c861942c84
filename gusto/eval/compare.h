#pragma once

/// Several models trained and measured side by side, on the same folds, by the same rules.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/error.h"
#include "gusto/base/field.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/estimate.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/experiment.h"

namespace gusto {

/// What one competitor reached.
struct ModelResult {
  std::string model;
  std::string label;
  Settings options;  ///< all of them, defaults included
  /// Means over folds, in the order of the table of metrics; empty if it refused.
  std::vector<Estimate> estimates;
  /// estimates[i] − the best model's estimate of that metric; empty for the best model itself and without a best
  std::vector<Difference> differences;
  std::uint64_t users_left_out = 0;  ///< users with training events but without test items, summed over folds
  double fit_seconds = 0;            ///< mean over folds
  double score_seconds = 0;          ///< mean over folds
  std::uint64_t peak_bytes = 0;      ///< largest resident size of the process during fit and scoring, over folds
  /// Why there are no estimates: a model that may not (out_of_memory), cannot (unsupported) or failed to learn
  /// (not_finite, empty_dataset). The others go on.
  std::optional<Error> refusal;

  /// The estimate of that metric, or null.
  const Estimate* find(std::string_view metric) const;
};

struct FoldSummary {
  std::string name;
  SplitReceipt receipt;
};

struct Comparison {
  Experiment experiment;  ///< with every label filled in
  unsigned threads = 0;
  std::vector<FoldSummary> folds;
  std::vector<FilterStep> filtered;  ///< what the filters left out
  std::uint64_t candidates = 0;      ///< items that a ranking may contain
  std::string primary_metric;        ///< what `best` was judged by: rmse, auc or ndcg@k, or the first metric kept
  std::optional<std::size_t> best;   ///< index into results; nothing if every model refused
  std::vector<ModelResult> results;  ///< in the order of experiment.entries; fewer if it was canceled
  bool canceled = false;             ///< after some results: these are whole, but have no differences

  /// Indexes into results from best to worst by the primary metric, refusals last; equal ones in the order given.
  std::vector<std::size_t> ranking() const;
};

/// Is told how far a comparison has come, on the calling thread; any may be empty.
struct CompareObserver {
  std::function<void(const Split& split)> on_split;
  std::function<void(std::size_t entry, std::size_t fold)> on_fit;              ///< before an entry is fitted on a fold
  std::function<void(std::size_t entry, std::size_t fold)> on_score;            ///< before it is measured
  std::function<void(std::size_t entry, const ModelResult& result)> on_result;  ///< differences still missing
};

/// Splits an experiment's data, fits every entry on every fold, measures it, and tests each against the best.
/// The best model is the one with the best mean of the primary metric. The experiment is checked before anything is
/// fitted, see checked().
/// Errors     those of checked() and make_split; canceled, before there is a result: later ones are kept
/// Repeatable estimates and differences have the same bits at any number of threads
Comparison compare(const Experiment& experiment, Context& context, const CompareObserver& observer = {});

/// The same on folds made already: the experiment's data and split are not used.
Comparison compare(const Split& split, const Experiment& experiment, Context& context,
                   const CompareObserver& observer = {});

/// A comparison as JSON, indented by two, as docs/reference/json.md describes it.
std::string to_json(const Comparison& comparison);
/// The metrics alone, as model files keep them: {"ndcg@10": {"mean": 0.31, "stderr": 0.003, "users": 6034}, …}.
std::string to_json(std::span<const Estimate> estimates);
/// Back from there, without influences. Error(corrupt_file) if the text is no such object.
std::vector<Estimate> estimates_from_json(std::string_view json);

}  // namespace gusto
