/// gusto compare: several recommenders side by side, on the same folds, by the same rules.

#include "gusto/eval/compare.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/feature_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/eval/recipe.h"

namespace gusto::cli {
namespace {

struct CompareFlags {
  DataFlags data;
  ExperimentFlags experiment;
  RunFlags run;
  std::string models;
  std::vector<std::string> sets;
  std::string recipe;
  std::string json;
};

CompareSpec spec_from(CompareFlags& flags) {
  CompareSpec spec = flags.recipe.empty() ? CompareSpec{} : read_recipe(flags.recipe);
  if (flags.data.data.empty()) flags.data.data = spec.data;
  spec.data = flags.data.data;
  flags.data.reading = completed(flags.data.reading, spec.reading);
  spec.reading = flags.data.reading;
  complete_features(flags.data.features, spec.features);
  spec.features = flags.data.features;
  if (flags.run.seed) spec.seed = *flags.run.seed;
  const bool split_given = !flags.recipe.empty();
  if (!flags.experiment.protocol.empty()) spec.protocol = flags.experiment.protocol;
  apply_experiment(flags.experiment, flags.data.filter, split_given, spec.split, spec.evaluate);
  if (!flags.models.empty()) {
    spec.entries.clear();
    for (const std::string_view name : split(flags.models, ","))
      spec.entries.push_back({std::string(trim(name)), {}, {}});
  } else if (spec.entries.empty()) {
    spec.entries = default_entries(spec.evaluate.task);
  }
  for (const std::string& assignment : flags.sets) apply_set(spec, assignment);
  return spec;
}

void run_compare(Session& session, CompareFlags flags) {
  if (!flags.json.empty() && flags.json != "-") require_folder(flags.json);
  CompareSpec spec = spec_from(flags);
  Run run(session, flags.run);
  const OpenedData data = open_whole_data(flags.data, run);
  if (flags.recipe.empty() && choose_task(flags.experiment, *data.dataset)) spec = spec_from(flags);
  const Comparison comparison = compare(data.dataset, spec, run.context(), run.observer(spec), data.source);
  run.clear();
  if (flags.json != "-") fmt::print("{}", describe_comparison(comparison, session.out));
  if (!flags.json.empty()) write_result(flags.json, to_json(comparison));
  if (!comparison.best) {
    const std::optional<Error>& refusal = comparison.results.front().refusal;
    if (refusal) throw Error(refusal->code(), "No model has a result.", refusal->hint());
    throw nothing_measured();
  }
}

}  // namespace

void add_compare(CLI::App& app, Session& session) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "compare",
       .summary = "Train several recommenders, measure them alike, and say which is best.",
       .about = "Divides the events into a training and a test part, trains every model on the one, measures it on the "
                "other, and tests each model against the best by a paired bootstrap over users. The best comes first; "
                "≈ marks those that the data cannot tell from it.",
       .examples = {"gusto compare", "gusto compare ratings.csv --models bias,item-knn,biased-mf",
                    "gusto compare ml-1m --task top-n --k 10,20 --positives 4",
                    "gusto compare --models item-knn --set item-knn.neighbors=80",
                    "gusto compare --recipe experiment.toml --json result.json"}},
      [flags, &session] { run_compare(session, *flags); });
  add_data_flags(command, flags->data, DataArgument::optional);
  add_experiment_flags(command, flags->experiment);
  command
      ->add_option("--models", flags->models,
                   "Models to compare, separated by commas. Default: all that can do the task.")
      ->type_name("A,B,…")
      ->group("Models");
  command
      ->add_option("--set", flags->sets,
                   "Set an option of a model, or of the one entry of a recipe with that label; may be given again. "
                   "`gusto models NAME` lists a model's options.")
      ->type_name("MODEL.OPTION=VALUE")
      ->allow_extra_args(false)
      ->group("Models");
  command->add_option("--recipe", flags->recipe, "Take the whole experiment from a TOML file; flags given here win.")
      ->type_name("FILE")
      ->group("Models");
  command->add_option("--json", flags->json, "Write the results as JSON, too; - for standard output, without tables.")
      ->type_name("FILE")
      ->group("Output");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
