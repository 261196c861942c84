/// gusto compare: several recommenders side by side, on the same folds, by the same rules.

#include "gusto/eval/compare.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/eval/experiment.h"
#include "gusto/eval/recipe.h"

namespace gusto::cli {
namespace {

struct CompareFlags {
  Recipe recipe;
  RunFlags run;
  std::string file;
  std::string json;
};

void run_compare(Session& session, const CompareFlags& flags) {
  if (!flags.json.empty()) require_writable(flags.json);
  Recipe recipe = flags.recipe;
  recipe.seed = flags.run.seed;
  if (!flags.file.empty()) recipe = completed(std::move(recipe), read_recipe(flags.file, session.models));
  Run run(session, flags.run);
  const Experiment experiment = open_and_tell(recipe, run);
  std::optional<ResultGuard> results;
  CompareObserver observer = run.observer(experiment);
  observer.on_result = [&results, tell = observer.on_result](std::size_t entry, const ModelResult& result) {
    results.emplace();
    if (tell) tell(entry, result);
  };
  const Comparison comparison = compare(experiment, run.context(), observer);
  const WriteGuard whole;  // what is printed, too
  run.clear();
  if (flags.json != "-") fmt::print("{}", describe_comparison(comparison, session.out));
  if (!flags.json.empty()) write_result(flags.json, to_json(comparison));
  if (comparison.canceled) {
    throw Error(ErrorCode::canceled,
                fmt::format("Stopped as asked: {} of {} models have been measured.", comparison.results.size(),
                            experiment.entries.size()),
                "");
  }
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
       .summary = "Train several recommenders, measure them by the same rules, and say which is best.",
       .about = "Divides the events into a training and a test part, trains every model on the one, measures it on the "
                "other, and tests each model against the best by a paired bootstrap over users. The best comes first; "
                "≈ marks those that the data cannot tell from it.",
       .examples = {"gusto compare", "gusto compare ratings.csv --models bias,item-knn,biased-mf",
                    "gusto compare ml-1m --task top-n --k 10,20 --positives 4",
                    "gusto compare --models bias,svd --set svd.dim=16,32,64",
                    "gusto compare --task top-n --models all --exclude sequential,two-tower",
                    "gusto compare ml-1m --task top-n --models ease,slim,ials --budget 2m",
                    "gusto compare --models ease,ials --pipeline diverse.toml",
                    "gusto compare --recipe experiment.toml --json result.json"}},
      [flags, &session] { run_compare(session, *flags); });
  add_data_flags(command, flags->recipe.data, DataArgument::optional);
  add_event_filter_flags(command, flags->recipe.filter);
  add_experiment_flags(command, flags->recipe);
  command
      ->add_option_function<std::string>(
          "--models",
          [flags](const std::string& text) {
            for (const std::string& name : parse_list(text)) flags->recipe.models.push_back({name});
          },
          "Models to compare, separated by commas; all stands for every one. Default: all that can do the task.")
      ->type_name("A,B,…")
      ->group("Models");
  command
      ->add_option("--pipeline", flags->recipe.pipelines,
                   "Compare a pipeline file, too; may be given again. The models that it names are trained anew, with "
                   "the options that their files have.")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group("Models");
  command
      ->add_option_function<std::string>(
          "--exclude", [flags](const std::string& text) { flags->recipe.exclude = parse_list(text); },
          "Models to leave out, separated by commas.")
      ->type_name("A,B,…")
      ->group("Models");
  command
      ->add_option("--set", flags->recipe.sets,
                   "Set an option of a model, or of the one entry of a recipe with that label; may be given again. "
                   "Several values, as in svd.dim=16,32,64, are compared with each other. `gusto models NAME` lists a "
                   "model's options.")
      ->type_name("MODEL.OPTION=VALUE")
      ->allow_extra_args(false)
      ->group("Models");
  command->add_option("--recipe", flags->file, "Take the whole experiment from a TOML file; flags given here win.")
      ->type_name("FILE")
      ->group("Models");
  add_budget_flag(
      command, flags->recipe,
      "Models that would take longer are left out, and named with the time that they would take: dense ones "
      "before they begin, others once their pace tells.");
  add_json_flag(command, flags->json);
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
