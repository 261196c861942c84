/// gusto evaluate: measures a model from a file on events that it has not seen.

#include "gusto/eval/evaluate.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/eval/compare_entry.h"
#include "gusto/eval/compared_pipeline.h"
#include "gusto/eval/describe_json.h"
#include "gusto/eval/experiment.h"
#include "gusto/eval/recipe.h"
#include "gusto/eval/transfer.h"
#include "gusto/models/model_file.h"
#include "gusto/retrieval/indexed_model.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/pipeline_file.h"

namespace gusto::cli {
namespace {

struct EvaluateFlags {
  std::string model;
  std::string pipeline;
  Recipe recipe;
  std::string test;
  RunFlags run;
  std::string json;
};

bool names_split(const Recipe& recipe) { return !recipe.split.empty() || !recipe.protocol.empty(); }

/// What is measured: a model, or a pipeline, with how its first model was trained.
struct Measured {
  TrainedModel trained;  // without a pipeline
  std::optional<Pipeline> pipeline;
  ModelRecord record;

  /// In whose rows test events are.
  const Model& home() const { return pipeline ? pipeline->members().front().model() : *trained.model; }
  std::string_view name() const { return pipeline ? "pipeline" : home().info().name; }
  Task task() const { return pipeline ? Task::top_n : home().task(); }
};

Measured open_measured(const EvaluateFlags& flags, Run& run) {
  Measured measured;
  if (flags.pipeline.empty()) {
    measured.trained = load_model(flags.model, {.models = run.models()});
    measured.record = measured.trained.record;
    return measured;
  }
  bool first = true;
  measured.pipeline.emplace(read_pipeline(flags.pipeline), [&](const std::filesystem::path& name) -> PipelineModel {
    IndexedModel opened = load_indexed_model(name, run.context(), run.models());
    if (std::exchange(first, false)) measured.record = opened.trained.record;
    return {std::move(opened.trained.model), std::move(opened.index)};
  });
  return measured;
}

/// The flags, over how the model was trained.
Recipe recipe_of(const EvaluateFlags& flags, const Measured& trained) {
  Recipe as_trained;
  as_trained.task = to_string(trained.task());
  as_trained.like_threshold = trained.record.like_threshold;
  as_trained.seed = trained.record.seed;
  if (flags.test.empty() && !names_split(flags.recipe)) {
    as_trained.split = trained.record.split;
    as_trained.filter = trained.record.filter;
  }
  Recipe recipe = flags.recipe;
  recipe.seed = flags.run.seed;
  recipe = completed(std::move(recipe), as_trained);
  if (!flags.test.empty()) recipe.data.name = flags.test;
  return recipe;
}

/// What a model is measured on, and what the filters left out of it.
struct TestPart {
  TransferredTest test;
  std::vector<FilterStep> left_out;
};

/// Test events that a file lists: all items of the file and of the model's own events may be recommended.
TestPart listed_test(const Experiment& experiment, const Model& model) {
  FilteredDataset listed = filter_dataset(experiment.data.data, experiment.split.filter);
  TransferredTest test = transfer_test(model, listed.data->catalog(), listed.data->events(), {});
  test.candidates = items_with_events(*test.fold.train, test.fold.test);
  return {std::move(test), std::move(listed.steps)};
}

TestPart split_test(const Experiment& experiment, const Model& model) {
  Split split = make_split(experiment.data, experiment.split);
  const Fold& fold = single_fold(split, experiment.split.spec, "a model is measured on one");
  return {transfer_test(model, experiment.data.data->catalog(), fold, split.candidates), std::move(split.filtered)};
}

/// Error(invalid_input) if any of a pipeline's models was trained on test events.
void require_unseen_by_all(const Pipeline& pipeline, const TransferredTest& test) {
  for (const AlignedModel& member : pipeline.members()) {
    static_cast<void>(transfer_test(member.model(), pipeline.data().catalog(), test.fold.test, {}));
  }
}

/// Error(unsupported) before any event is read.
void require_task(const Measured& measured, const std::string& name) {
  const Task task = name.empty() ? measured.task() : parse_task(name);
  if (task == Task::top_n || (measured.task() != Task::top_n && can_do(measured.home().info(), task))) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("{} was trained for {}, so it can't be measured by {}.", measured.name(),
                          to_string(measured.task()), to_string(task)),
              "Leave --task out, or train a model for that task.");
}

/// With a pipeline the first argument is DATA.
EvaluateFlags in_place(EvaluateFlags flags) {
  if (flags.pipeline.empty()) {
    if (!flags.model.empty()) return flags;
    throw Error(ErrorCode::invalid_option, "gusto evaluate needs a model file, or --pipeline.",
                "For example `gusto evaluate films.gusto ml-1m`.");
  }
  if (!flags.model.empty() && !flags.recipe.data.name.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either a model file or --pipeline, not both.",
                "A pipeline names its model files itself.");
  }
  if (flags.recipe.data.name.empty()) flags.recipe.data.name = std::exchange(flags.model, {});
  return flags;
}

void run_evaluate(Session& session, const EvaluateFlags& given) {
  const EvaluateFlags flags = in_place(given);
  if (!flags.test.empty() && (!flags.recipe.data.name.empty() || names_split(flags.recipe))) {
    throw Error(ErrorCode::invalid_option,
                "--test lists the test events, so it goes without DATA, --split and --protocol.",
                "Leave one of them out.");
  }
  if (!flags.json.empty()) require_writable(flags.json);
  Run run(session, flags.run);
  const Measured measured = open_measured(flags, run);
  const Model& model = measured.home();
  require_task(measured, flags.recipe.task);
  const Experiment experiment = open_and_tell(recipe_of(flags, measured), run);
  const EvaluateOptions& options = experiment.evaluate;
  auto [test, left_out] = flags.test.empty() ? split_test(experiment, model) : listed_test(experiment, model);
  test.fold.seed = experiment.seed;
  if (measured.pipeline) require_unseen_by_all(*measured.pipeline, test);
  run.set_stage("measure " + std::string(measured.name()));
  const Evaluation evaluation = measured.pipeline
                                    ? evaluate(*measured.pipeline, test.fold, test.candidates, options, run.context())
                                    : evaluate(model, test.fold, test.candidates, options, run.context());
  run.clear();
  const std::string where =
      flags.test.empty() ? "split " + experiment.split.spec.text() : "test events of " + flags.test;
  if (!flags.json.empty()) write_result(flags.json, evaluation_json(measured.name(), evaluation, options.task, where));
  if (evaluation.estimates.empty()) throw nothing_measured();
  if (flags.json == "-") return;
  fmt::print("{} · task {} · {}\n", measured.name(), to_string(options.task), where);
  fmt::print("{}{}\n", describe_event_filter(experiment.split.filter, left_out, session.out),
             describe_split({{{test.fold.name, test.fold.receipt}}}, test.fold.candidates_or(test.candidates).size(),
                            options, session.out));
  if (test.unknown_users + test.unknown_items > 0) {
    fmt::print("Left out: {} test events of users that the model does not know, {} of items.\n\n",
               format_count(test.unknown_users), format_count(test.unknown_items));
  }
  fmt::print("{}", describe_estimates(evaluation.estimates, session.out));
  fmt::print("Measured {} users in {}; {} users of the training part have no test events.\n",
             format_count(evaluation.users), format_seconds(evaluation.score_seconds),
             format_count(evaluation.users_left_out));
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "evaluate",
       .summary = "Measure a trained model on events that it has not seen.",
       .about =
           "Divides DATA in the way that the model was trained with, or as --split says, and measures the model on the "
           "test part; or measures it on the events of a file. If the model was trained on any of the test events, "
           "that is an error.",
       .examples = {"gusto train ml-1m --model svd --split random:0.1 --out m.gusto", "gusto evaluate m.gusto ml-1m",
                    "gusto evaluate m.gusto --test new-ratings.csv --task likes",
                    "gusto evaluate --pipeline diverse.toml --test new-ratings.csv"}},
      [flags, &session] { run_evaluate(session, *flags); });
  add_model_argument(command, flags->model)->required(false);
  command
      ->add_option("--pipeline", flags->pipeline,
                   "Instead of a model, a pipeline of several, as a TOML file; DATA is the only argument then.")
      ->type_name("FILE");
  add_data_flags(command, flags->recipe.data, DataArgument::optional);
  add_event_filter_flags(command, flags->recipe.filter);
  command->add_option("--test", flags->test, "Measure on the events of this file, instead of dividing DATA.")
      ->type_name("FILE")
      ->group("Experiment");
  add_protocol_flag(command, flags->recipe, "Default: none.");
  add_task_flag(command, flags->recipe, "Default: what the model was trained for.");
  add_split_flags(command, flags->recipe, "How to divide DATA. Default: as the model was trained.");
  add_metric_flags(command, flags->recipe);
  add_like_threshold_flag(command, flags->recipe, "Default: as the model was trained.");
  add_json_flag(command, flags->json);
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
