#pragma once

/// Experiments: opened data, how they are divided and measured, and who takes part. What compare() runs.
/// From a recipe or from flags there is one way, open_experiment(). A program with a data set fills in what it needs:
///   Experiment experiment{.data = {my_dataset}, .split = {.spec = parse_split("random:0.1")}};
///   experiment.entries = {{"bias"}, {"item-knn", "cosine", {{"neighbors", 80}}}};
///   const Comparison comparison = compare(experiment, context);

#include <cstdint>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/open/data_recipe.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/compare_entry.h"
#include "gusto/eval/evaluate.h"

namespace gusto {

struct Recipe;

/// A whole experiment, typed.
struct Experiment {
  OpenedDataset data{};  ///< all events, before the filters of `split`
  /// What the data are called, and how they were read, as typed: for results, which show it. Nothing is opened by it.
  DataRecipe data_recipe{};
  std::string protocol{};      ///< the published one that split and evaluate follow, see protocol.h; empty: none
  SplitOptions split{};        ///< its seed is set to `seed`
  EvaluateOptions evaluate{};  ///< its like_threshold is also that of models which learn likes and do not set their own
  bool task_chosen = false;    ///< whether nobody named a task, and top-n was chosen: see open_experiment
  std::vector<CompareEntry> entries{};
  std::uint64_t seed = 42;  ///< of the split, the models and the bootstrap
  double budget = 0;        ///< seconds that a model's fit may take, see FitOptions
};

/// How events are divided where nobody says: random:0.1, or for top-n holdout:0.2.
SplitSpec default_split(Task task);

/// What a recipe says, typed, without its data. In this order: the protocol sets filters, split, task, list lengths and
/// metrics; what the recipe gives comes over that; what is left out has its default, such as the task ratings or all
/// models that can do the task; labels are filled in; options are set. It may name further models.
/// Errors   invalid_option; not_found, for an unknown protocol or model
Experiment resolve_recipe(const Recipe& recipe, FurtherModels further = {});

/// The experiment with labels and like thresholds filled in and the seed handed on to the split, if it makes sense.
/// Errors   invalid_option, for an unknown option or metric, labels that repeat, no entries, or what contradicts the
///          protocol: settings, or how the events were read; not_found, for an unknown model or protocol
Experiment checked(Experiment experiment);

/// Opens what a recipe says: resolves it, opens its data, and checks all. Where it names neither a task nor a protocol
/// and all values are equal, or none of its models predicts values, the task is top-n.
/// Errors   those of resolve_recipe and, if a task or protocol is named, of checked, before anything is read, and
///          unsupported, if none of its models can do the task; those of open_data; then those of checked
Experiment open_experiment(const Recipe& recipe, const DataFinder& find, Context& context, FurtherModels further = {});

}  // namespace gusto
