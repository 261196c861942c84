#include "gusto/eval/compare.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "gusto/base/system.h"
#include "gusto/eval/bootstrap.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"

namespace gusto {
namespace {

// What stops one competitor and not the race: limits and failures of the model itself.
bool is_refusal(ErrorCode code) {
  return code == ErrorCode::out_of_memory || code == ErrorCode::out_of_time || code == ErrorCode::unsupported ||
         code == ErrorCode::not_finite || code == ErrorCode::empty_dataset;
}

// All folds of one entry.
class EntryRun {
 public:
  EntryRun(const Split& split, const Experiment& experiment, std::size_t entry, Context& context,
           const CompareObserver& observer)
      : split_(split), experiment_(experiment), entry_(entry), context_(context), observer_(observer) {}

  ModelResult run() {
    const CompareEntry& entry = experiment_.entries[entry_];
    ModelResult result;
    result.model = entry.model;
    result.label = entry.label;
    result.options = entry.make()->settings();
    std::vector<Evaluation> evaluations;
    const std::size_t sink_throws = context_.sink_throws();
    try {
      for (std::size_t fold = 0; fold < split_.folds.size(); ++fold) evaluations.push_back(run_fold(fold, result));
    } catch (const Error& error) {
      if (!is_refusal(error.code()) || context_.sink_throws() != sink_throws) throw;
      result.refusal = error;
      return result;
    }
    const auto folds = static_cast<double>(evaluations.size());
    result.fit_seconds /= folds;
    for (const Evaluation& evaluation : evaluations) {
      result.score_seconds += evaluation.score_seconds / folds;
      result.users_left_out += evaluation.users_left_out;
    }
    for (const std::string& metric : measured_metrics(experiment_.evaluate)) {
      // A fold may lack a metric, as AUC where everything was liked.
      std::vector<Estimate> found;
      for (Evaluation& evaluation : evaluations) {
        for (Estimate& estimate : evaluation.estimates) {
          if (estimate.metric == metric) found.push_back(std::move(estimate));
        }
      }
      if (!found.empty()) result.estimates.push_back(average_folds(found));
    }
    return result;
  }

 private:
  Evaluation run_fold(std::size_t fold, ModelResult& result) {
    const CompareEntry& entry = experiment_.entries[entry_];
    const std::unique_ptr<Model> model = entry.make();
    reset_peak_memory();
    context_.require_memory(
        model->info().name,
        model->memory_need(*split_.folds[fold].train, experiment_.evaluate.task, context_.threads()) +
            detail::evaluation_memory(*model, split_.folds[fold], experiment_.evaluate, context_.threads()));
    if (observer_.on_fit) observer_.on_fit(entry_, fold);
    const Stopwatch watch;
    model->fit(split_.folds[fold].train, experiment_.evaluate.task, context_,
               {.seed = split_.folds[fold].seed, .budget = experiment_.budget});
    result.fit_seconds += watch.seconds();
    if (observer_.on_score) observer_.on_score(entry_, fold);
    Evaluation evaluation = evaluate(*model, split_.folds[fold], split_.candidates, experiment_.evaluate, context_);
    result.peak_bytes = std::max(result.peak_bytes, peak_memory());
    return evaluation;
  }

  const Split& split_;
  const Experiment& experiment_;
  std::size_t entry_;
  Context& context_;
  const CompareObserver& observer_;
};

bool better(const Estimate& a, const Estimate& b) { return a.higher_is_better ? a.mean > b.mean : a.mean < b.mean; }

// The usual metric of the task, or the first that anybody has.
std::string choose_primary(const Experiment& experiment, std::span<const std::string> names,
                           std::span<const ModelResult> results) {
  std::string primary =
      primary_metric(experiment.evaluate.task, experiment.evaluate.k, names, experiment.evaluate.table);
  const auto somebody_has = [&](const std::string& name) {
    return std::any_of(results.begin(), results.end(), [&](const ModelResult& r) { return r.find(name) != nullptr; });
  };
  if (somebody_has(primary)) return primary;
  const auto found = std::find_if(names.begin(), names.end(), somebody_has);
  return found == names.end() ? primary : *found;
}

void choose_best(Comparison& comparison) {
  const std::size_t first = comparison.ranking().front();
  if (comparison.results[first].find(comparison.primary_metric) != nullptr) comparison.best = first;
}

void test_against_best(Comparison& comparison, Context& context) {
  if (!comparison.best) return;
  const std::vector<std::size_t> order = comparison.ranking();
  const ModelResult& best = comparison.results[*comparison.best];

  std::vector<EstimatePair> pairs;
  for (const std::size_t other : order) {
    if (other == *comparison.best) continue;
    for (const Estimate& estimate : comparison.results[other].estimates) {
      // The folds are the same, so what one model could be measured by, all could; one that lacks it differs by itself.
      const Estimate* reference = best.find(estimate.metric);
      pairs.push_back({&estimate, reference != nullptr ? reference : &estimate});
    }
  }
  const std::vector<Difference> differences = paired_bootstrap(pairs, context, {.seed = comparison.experiment.seed});
  auto next = differences.begin();
  for (const std::size_t other : order) {
    if (other == *comparison.best) continue;
    ModelResult& result = comparison.results[other];
    const auto count = static_cast<std::ptrdiff_t>(result.estimates.size());
    result.differences.assign(next, next + count);
    next += count;
  }
}

}  // namespace

const Estimate* ModelResult::find(std::string_view metric) const {
  const auto found =
      std::find_if(estimates.begin(), estimates.end(), [&](const Estimate& e) { return e.metric == metric; });
  return found == estimates.end() ? nullptr : &*found;
}

std::vector<std::size_t> Comparison::ranking() const {
  std::vector<std::size_t> order(results.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Estimate* left = results[a].find(primary_metric);
    const Estimate* right = results[b].find(primary_metric);
    if (left == nullptr || right == nullptr) return left != nullptr && right == nullptr;
    return better(*left, *right);
  });
  return order;
}

Comparison compare(const Experiment& experiment, Context& context, const CompareObserver& observer) {
  const Experiment ready = checked(experiment);
  return compare(make_split(ready.data, ready.split), ready, context, observer);
}

Comparison compare(const Split& split, const Experiment& experiment, Context& context,
                   const CompareObserver& observer) {
  Comparison comparison;
  comparison.experiment = checked(experiment);
  comparison.threads = context.threads();
  comparison.filtered = split.filtered;
  std::vector<std::string> names;
  for (const Fold& fold : split.folds) {
    comparison.folds.push_back({fold.name, fold.receipt});
    names = measured_metrics(comparison.experiment.evaluate, fold);  // the same in all folds, and as many
    comparison.candidates = fold.candidates_or(split.candidates).size();
  }
  if (observer.on_split) observer.on_split(split);

  for (std::size_t entry = 0; entry < comparison.experiment.entries.size(); ++entry) {
    const std::size_t sink_throws = context.sink_throws();
    try {
      comparison.results.push_back(EntryRun(split, comparison.experiment, entry, context, observer).run());
    } catch (const Error& error) {
      const bool keep = error.code() == ErrorCode::canceled && context.sink_throws() == sink_throws;
      if (!keep || comparison.results.empty()) throw;
      comparison.canceled = true;
      break;
    }
    if (observer.on_result) observer.on_result(entry, comparison.results.back());
  }
  comparison.primary_metric = choose_primary(comparison.experiment, names, comparison.results);
  choose_best(comparison);
  if (!comparison.canceled) test_against_best(comparison, context);
  return comparison;
}

}  // namespace gusto
