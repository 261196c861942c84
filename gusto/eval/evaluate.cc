#include "gusto/eval/evaluate.h"

#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/compared_pipeline.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metrics.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/search.h"
#include "gusto/retrieval/vector_scan.h"

namespace gusto {
namespace detail {

TestUsers group_test_users(const Fold& fold) {
  const std::vector<Event>& test = fold.test;
  const bool each_event = !fold.histories.before.empty();
  TestUsers result;
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (each_event || result.users.empty() || result.users.back() != test[i].user) {
      if (i > 0) result.offsets.push_back(i);
      result.users.push_back(test[i].user);
    }
  }
  if (!test.empty()) result.offsets.push_back(test.size());
  return result;
}

std::uint64_t evaluation_memory(const Model& model, const Fold& fold, const EvaluateOptions& options,
                                unsigned threads) {
  const Dataset& train = *fold.train;
  const std::uint64_t users = group_test_users(fold).users.size();
  const std::uint64_t metrics = measured_metrics(options, fold).size();
  // A figure of each user, and its part of the estimate's error.
  const std::uint64_t estimates = users * metrics * 2 * sizeof(double);
  constexpr std::uint64_t kPredicted = 256 * (sizeof(Query) + sizeof(ItemRow));  // of a thread
  if (options.task == Task::ratings) {
    return estimates + users * 32 + fold.test.size() * 8 + threads * kPredicted;
  }
  if (options.task == Task::likes) {
    std::uint64_t need = estimates + users * 32 + fold.test.size() * 16 + threads * kPredicted;
    if (model.info().abilities.probabilities) return need;
    // A part of the events, sorted out and as a data set, and another model of them.
    need += train.event_count() * (sizeof(Event) + 40);
    return need + model.memory_need(train, options.task, threads);
  }
  // Lists with all that was seen and without, as they are found, one after the other, and by their hits.
  const std::uint64_t longest = *std::max_element(options.k.begin(), options.k.end());
  const std::uint64_t lists = users * (sizeof(Query) + 2 * (64 + longest * (2 * sizeof(ScoredItem) + 12)));
  const std::uint64_t at_once = model.info().abilities.item_vectors ? kScanQueries : scored_queries(train.item_count());
  const std::uint64_t scores =
      at_once * (model.info().abilities.item_vectors ? 4096 + 32 * longest : 4 * train.item_count());
  return estimates + lists + threads * scores + train.item_count() * 16;
}

bool Measuring::wants(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<const MetricInfo*> Measuring::metrics() const {
  std::vector<const MetricInfo*> metrics;
  for (const MetricInfo& metric : options.table) {
    if (metric.task == options.task) metrics.push_back(&metric);
  }
  return metrics;
}

void refuse_measure(const MetricInfo& metric) {
  throw Error(ErrorCode::invalid_option, fmt::format("Metric {} is of the task {}, and its function is of another.",
                                                     quote(metric.name), to_string(metric.task)));
}

}  // namespace detail

std::vector<std::string> measured_metrics(const EvaluateOptions& options) {
  if (options.task == Task::top_n) {
    if (options.k.empty()) {
      throw Error(ErrorCode::invalid_option, "The task top-n needs a list length.", "Give k, for example 10.");
    }
    for (auto k = options.k.begin(); k != options.k.end(); ++k) {
      if (*k == 0) throw Error(ErrorCode::invalid_option, "A list length k of 0 was given.", "k is at least 1.");
      if (std::find(options.k.begin(), k, *k) != k) {
        throw Error(ErrorCode::invalid_option, fmt::format("The list length {} was given twice.", *k));
      }
    }
  }
  return select_metrics(options.task, options.k, options.metrics, options.table);
}

std::vector<std::string> measured_metrics(const EvaluateOptions& options, const Fold& fold) {
  std::vector<std::string> names = measured_metrics(options);
  if (options.task != Task::top_n) return names;
  if (options.metrics.empty()) {
    std::erase_if(names, [&](const std::string& name) {
      return find_metric(name, options.table).sampled() == fold.given.empty();
    });
    return names;
  }
  for (const std::string& name : names) {
    if (!find_metric(name, options.table).sampled() || !fold.given.empty()) continue;
    throw Error(ErrorCode::invalid_option,
                fmt::format("Metric {} is of test items among given negatives, and the split gives none.", quote(name)),
                "Divide the data by negatives:FILE, or ask for the metric of full rankings, without \"sampled-\".");
  }
  return names;
}

bool measures_sampled(const EvaluateOptions& options, bool given) {
  const std::vector<std::string> names = measured_metrics(options);
  return given && std::any_of(names.begin(), names.end(),
                              [&](const std::string& name) { return find_metric(name, options.table).sampled(); });
}

namespace {

/// Of a model, or of a pipeline if there is one.
Evaluation evaluate_either(const Model& model, const Pipeline* pipeline, const Fold& fold,
                           std::span<const ItemRow> candidates, const EvaluateOptions& options, Context& context) {
  const std::vector<std::string> names = measured_metrics(options, fold);
  if (fold.test.empty()) throw Error(ErrorCode::empty_dataset, "There are no test events to measure on.");
  const detail::TestUsers test = detail::group_test_users(fold);

  Evaluation evaluation;
  for (std::size_t u = 0; u < fold.train->user_count(); ++u) {
    const UserRow user(u);
    const bool tested = std::binary_search(test.users.begin(), test.users.end(), user);
    if (tested) ++evaluation.users;
    if (!tested && fold.train->history(user).size() > 0) ++evaluation.users_left_out;
  }

  const detail::Measuring measuring{model,   fold,    fold.candidates_or(candidates), options, names, test,
                                    context, pipeline};
  switch (options.task) {
    case Task::ratings: detail::measure_ratings(measuring, evaluation); break;
    case Task::likes: detail::measure_likes(measuring, evaluation); break;
    case Task::top_n: detail::measure_top_n(measuring, evaluation); break;
  }
  return evaluation;
}

}  // namespace

Evaluation evaluate(const Model& model, const Fold& fold, std::span<const ItemRow> candidates,
                    const EvaluateOptions& options, Context& context) {
  return evaluate_either(model, nullptr, fold, candidates, options, context);
}

Evaluation evaluate(const Pipeline& pipeline, const Fold& fold, std::span<const ItemRow> candidates,
                    const EvaluateOptions& options, Context& context) {
  if (options.task != Task::top_n) {
    throw Error(ErrorCode::unsupported,
                fmt::format("A pipeline ranks items, and can't be measured by {}.", to_string(options.task)),
                "Give the option `task` top-n.");
  }
  return evaluate_either(pipeline.main_model().model(), &pipeline, fold, candidates, options, context);
}

}  // namespace gusto
