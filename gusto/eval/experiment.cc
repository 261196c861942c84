#include "gusto/eval/experiment.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/protocol.h"
#include "gusto/eval/recipe.h"

namespace gusto {
namespace {

// What is measured, and on which part of the events.
void resolve_measures(const Recipe& recipe, SplitOptions& split, EvaluateOptions& evaluate) {
  if (!recipe.protocol.empty()) apply_protocol(find_protocol(recipe.protocol), split, evaluate);
  if (!recipe.task.empty()) evaluate.task = parse_task(recipe.task);
  if (!recipe.split.empty()) split.spec = parse_split(recipe.split);
  else if (recipe.protocol.empty()) split.spec = default_split(evaluate.task);
  split.filter = completed(recipe.filter, split.filter);
  split.repeats = recipe.repeats.value_or(split.repeats);
  evaluate.like_threshold = recipe.like_threshold.value_or(evaluate.like_threshold);
  if (!recipe.k.empty()) evaluate.k = recipe.k;
  if (!recipe.metrics.empty()) evaluate.metrics = recipe.metrics;
}

bool names_task(const Recipe& recipe) { return !recipe.task.empty() || !recipe.protocol.empty(); }

bool has_one_value(const Dataset& data) {
  const Scale scale = data.scale();
  return !(scale.low < scale.high);
}

}  // namespace

SplitSpec default_split(Task task) { return parse_split(task == Task::top_n ? "holdout:0.2" : "random:0.1"); }

Experiment resolve_recipe(const Recipe& recipe, FurtherModels further) {
  Experiment experiment;
  experiment.data_recipe = recipe.data;
  experiment.protocol = recipe.protocol;
  resolve_measures(recipe, experiment.split, experiment.evaluate);
  experiment.seed = recipe.seed.value_or(experiment.seed);
  experiment.split.seed = experiment.seed;
  experiment.entries = recipe.models.empty() ? default_entries(experiment.evaluate.task, further) : recipe.models;
  fill_labels(experiment.entries, further);
  for (const std::string& assignment : recipe.sets) apply_set(experiment.entries, assignment);
  return experiment;
}

Experiment checked(Experiment experiment) {
  if (experiment.entries.empty())
    throw Error(ErrorCode::invalid_option, "There is no model to compare.", "Name at least one.");
  if (!experiment.protocol.empty()) {
    const Protocol& protocol = find_protocol(experiment.protocol);
    check_protocol(protocol, experiment.split, experiment.evaluate);
    check_protocol(protocol, experiment.data.source.value_changes);
  }
  static_cast<void>(measured_metrics(experiment.evaluate));
  fill_labels(experiment.entries);
  for (auto entry = experiment.entries.begin(); entry != experiment.entries.end(); ++entry) {
    const auto has_its_label = [&](const CompareEntry& other) { return other.label == entry->label; };
    if (std::any_of(experiment.entries.begin(), entry, has_its_label)) {
      throw Error(ErrorCode::invalid_option, fmt::format("Two entries have the label {}.", quote(entry->label)),
                  "Give each a label of its own.");
    }
    entry->settings =
        with_like_threshold(entry->kind(), std::move(entry->settings), experiment.evaluate.like_threshold);
    static_cast<void>(entry->make());
  }
  experiment.split.seed = experiment.seed;
  return experiment;
}

Experiment open_experiment(const Recipe& recipe, const DataFinder& find, Context& context, FurtherModels further) {
  Experiment experiment = resolve_recipe(recipe, further);
  if (names_task(recipe)) experiment = checked(std::move(experiment));
  OpenedDataset data = open_data(recipe.data, find, context);
  // Weighed kinds of events are choices of some strength, no ratings.
  const bool choices = has_one_value(*data.data) || !recipe.data.reading.weights.empty();
  if (!names_task(recipe) && choices) {
    Recipe ranking = recipe;
    ranking.task = to_string(Task::top_n);
    experiment = resolve_recipe(ranking, further);
    experiment.task_chosen = true;
  }
  experiment.data = std::move(data);
  return checked(std::move(experiment));
}

}  // namespace gusto
