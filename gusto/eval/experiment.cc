#include "gusto/eval/experiment.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/compared_pipeline.h"
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
  if (!recipe.protocol.empty()) split.filter = filter_of(find_protocol(recipe.protocol), split.spec);
  split.filter = completed(recipe.filter, split.filter);
  split.repeats = recipe.repeats.value_or(split.repeats);
  evaluate.like_threshold = recipe.like_threshold.value_or(evaluate.like_threshold);
  if (!recipe.k.empty()) evaluate.k = recipe.k;
  if (!recipe.metrics.empty()) evaluate.metrics = recipe.metrics;
}

// Entries of a recipe, but for those that it leaves out.
std::vector<CompareEntry> recipe_entries(const Recipe& recipe, Task task, FurtherModels further) {
  constexpr std::string_view kAll = "all";
  std::vector<CompareEntry> named = recipe.models;
  if (named.empty()) named.push_back({std::string(kAll)});
  std::vector<CompareEntry> entries;
  for (CompareEntry& entry : named) {
    if (entry.model != kAll) {
      entries.push_back(std::move(entry));
      continue;
    }
    for (CompareEntry& model : default_entries(task, further)) entries.push_back(std::move(model));
  }
  fill_labels(entries, further);
  for (const std::string& file : recipe.pipelines) entries.push_back(pipeline_entry(file, further));
  for (const std::string& name : recipe.exclude) {
    const auto is_left_out = [&](const CompareEntry& entry) { return entry.label == name || entry.model == name; };
    if (std::erase_if(entries, is_left_out) == 0) static_cast<void>(find_model(name, further));  // a slip, or not there
  }
  return entries;
}

// Whether any model of the recipe's own choice can do that task, or it chooses none.
bool somebody_can(const Recipe& recipe, const Experiment& experiment, Task task) {
  const auto can = [&](const CompareEntry& entry) { return can_do(entry.kind(), task); };
  return recipe.models.empty() || std::any_of(experiment.entries.begin(), experiment.entries.end(), can);
}

// Error(unsupported) before anything is read.
void require_able(const Recipe& recipe, const Experiment& experiment) {
  const Task task = experiment.evaluate.task;
  if (experiment.entries.empty() || somebody_can(recipe, experiment, task)) return;
  std::vector<std::string> able;
  for (const CompareEntry& entry : default_entries(task)) able.push_back(entry.model);
  throw Error(ErrorCode::unsupported,
              fmt::format("{} ranks items and does not predict values, so it can't be trained for {}.",
                          experiment.entries.front().model, to_string(task)),
              fmt::format("Give it the option `task` top-n, or choose a model that predicts: {}.", join(able, ", ")));
}

bool names_task(const Recipe& recipe) { return !recipe.task.empty() || !recipe.protocol.empty(); }

bool has_one_value(const Dataset& data) {
  const Scale scale = data.scale();
  return !(scale.low < scale.high);
}

bool takes_two_values(const Dataset& data, float low) {
  const auto values = data.values();
  return data.scale().low == low && data.scale().high == 1 &&
         std::all_of(values.begin(), values.end(), [low](float value) { return value == low || value == 1; });
}

// Whether values are no ratings, but all the same, or strengths, or tell what was chosen from what was not.
bool says_who_chose_what(const Dataset& data) {
  return has_one_value(data) || data.catalog().strength.used() || takes_two_values(data, 0) ||
         takes_two_values(data, -1);
}

// Where models rank, events of 0 or -1 beside those of 1 say what was not chosen.
void leave_out_refusals(Experiment& experiment) {
  const Dataset& data = *experiment.data.data;
  FilterOptions& filter = experiment.split.filter;
  if (filter.positives || data.catalog().strength.used() || data.scale().low > 0) return;
  if (!takes_two_values(data, 0) && !takes_two_values(data, -1)) {
    experiment.data.report.assume(
        "Some values are 0 or less, and these events count as choices like all others; the option `positives` leaves "
        "them out.");
    return;
  }
  filter.positives = 1;
  if (!filter.min_user_events) filter.min_user_events = 1;
  experiment.data.report.assume(fmt::format(
      "Values are {} and 1: where models rank, only events of 1 count, as by positives = 1.", data.scale().low));
}

void tell_who_ignores_strengths(Experiment& experiment) {
  if (!experiment.data.data->catalog().strength.used()) return;
  std::vector<std::string> names;
  for (const CompareEntry& entry : experiment.entries) {
    if (!entry.kind().abilities.strength) names.push_back(entry.label);
  }
  if (names.empty()) return;
  experiment.data.report.assume(
      fmt::format("To these models all events count the same, whatever their values: {}.", join(names, ", ")));
}

// The default suits ratings up to 5; on another scale a like begins at three quarters of it.
void fit_like_threshold(Experiment& experiment, bool given) {
  const auto [low, high] = experiment.data.data->scale();
  double& threshold = experiment.evaluate.like_threshold;
  if (threshold > static_cast<double>(low) && threshold <= static_cast<double>(high)) return;
  if (given || !(low < high)) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("With the option `like_threshold` {} {} of the values is a like: they go from {} to {}.",
                            threshold, threshold > static_cast<double>(high) ? "none" : "every one", low, high),
                "Give a value between these.");
  }
  const double share = 0.75;
  threshold = static_cast<double>(low) + share * static_cast<double>(high - low);
  experiment.data.report.assume(
      fmt::format("Values go from {} to {}: a like is one of at least {}.", low, high, threshold));
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
  experiment.budget = parse_budget(recipe.budget);
  experiment.entries = recipe_entries(recipe, experiment.evaluate.task, further);
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
    if (entry->pipeline == nullptr) static_cast<void>(entry->make());
  }
  const auto is_pipeline = [](const CompareEntry& entry) { return entry.pipeline != nullptr; };
  if (experiment.evaluate.task != Task::top_n &&
      std::any_of(experiment.entries.begin(), experiment.entries.end(), is_pipeline)) {
    throw Error(
        ErrorCode::invalid_option,
        fmt::format("A pipeline ranks items, and can't be compared by {}.", to_string(experiment.evaluate.task)),
        "Give the option `task` top-n.");
  }
  experiment.split.seed = experiment.seed;
  return experiment;
}

Experiment open_experiment(const Recipe& recipe, const DataFinder& find, Context& context, FurtherModels further) {
  Experiment experiment = resolve_recipe(recipe, further);
  const auto rank_instead = [&] {
    Recipe ranking = recipe;
    ranking.task = to_string(Task::top_n);
    experiment = resolve_recipe(ranking, further);
    experiment.task_chosen = true;
  };
  const bool somebody = recipe.pipelines.empty() && somebody_can(recipe, experiment, experiment.evaluate.task);
  if (!names_task(recipe) && !somebody) rank_instead();
  if (names_task(recipe)) experiment = checked(std::move(experiment));
  require_able(recipe, experiment);
  OpenedDataset data = open_data(recipe.data, find, context);
  if (!names_task(recipe) && says_who_chose_what(*data.data)) rank_instead();
  experiment.data = std::move(data);
  if (experiment.evaluate.task == Task::top_n && experiment.protocol.empty()) leave_out_refusals(experiment);
  if (experiment.evaluate.task == Task::top_n) tell_who_ignores_strengths(experiment);
  if (experiment.evaluate.task == Task::likes) fit_like_threshold(experiment, recipe.like_threshold.has_value());
  return checked(std::move(experiment));
}

}  // namespace gusto
