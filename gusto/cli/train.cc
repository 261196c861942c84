/// gusto train: one model, kept in a file.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/experiment.h"
#include "gusto/eval/recipe.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/model_file.h"

namespace gusto::cli {
namespace {

struct TrainFlags {
  Recipe recipe;
  RunFlags run;
  std::string model;
  std::string from;
  std::string out;
  std::string checkpoint;
};

/// The model to go on from, if one is named. Error(invalid_option), before it is read, where flags contradict each
/// other.
std::optional<TrainedModel> start_of(const TrainFlags& flags, const Session& session) {
  if (flags.from.empty()) {
    if (!flags.model.empty()) return std::nullopt;
    throw Error(ErrorCode::invalid_option, "gusto train needs --model, or --from.",
                "For example --model ials; `gusto models` lists them.");
  }
  if (flags.recipe.data.name.empty()) {
    throw Error(ErrorCode::invalid_option, "--from needs DATA to go on with.",
                "Name all events to train on; `gusto update` joins new events to those of the model.");
  }
  TrainedModel start = load_model(flags.from, {.models = session.models});
  const std::string_view kind = start.model->info().name;
  if (flags.model.empty() || flags.model == kind) return start;
  throw Error(ErrorCode::invalid_option,
              fmt::format("{} holds a model of kind {}, not {}.", flags.from, kind, flags.model), "Leave --model out.");
}

/// A recipe for the one model; its options may be set as "option=value", too. What is not said is as in `start`.
Recipe recipe_of(const TrainFlags& flags, const std::optional<TrainedModel>& start) {
  Recipe recipe = flags.recipe;
  recipe.seed = flags.run.seed;
  recipe.models = {{flags.model}};
  if (start) {
    const Model& model = *start->model;
    recipe.models = {{.model = std::string(model.info().name), .settings = model.settings()}};
    if (recipe.task.empty()) recipe.task = to_string(model.task());
    recipe.data.reading = completed(recipe.data.reading, start->record.reading);
    recipe.filter = completed(recipe.filter, start->record.filter);
    if (!recipe.like_threshold) recipe.like_threshold = start->record.like_threshold;
  }
  for (std::string& assignment : recipe.sets) {
    const bool bare = assignment.substr(0, assignment.find('=')).find('.') == std::string::npos;
    if (bare) assignment.insert(0, recipe.models.front().model + ".");
  }
  return recipe;
}

/// Measures the model on the split's test part; what it reached is printed, and kept in the record.
void measure(const Model& model, const Fold& fold, std::span<const ItemRow> candidates, const EvaluateOptions& options,
             Session& session, Run& run, ModelRecord& record) {
  run.set_stage("measure " + std::string(model.info().name));
  const Evaluation reached = evaluate(model, fold, candidates, options, run.context());
  run.clear();
  record.metrics = to_json(reached.estimates);
  fmt::print("\n{}\n", describe_estimates(reached.estimates, session.out));
}

/// Finds mistakes about files before hours have gone into training.
void check_files(const TrainFlags& flags, FurtherModels models) {
  require_writable(flags.out);
  if (flags.checkpoint.empty()) return;
  if (!find_model(flags.model, models).abilities.checkpoints) {
    throw Error(ErrorCode::unsupported, fmt::format("{} keeps no checkpoint.", flags.model),
                "Train it without --checkpoint; it starts again if it is stopped.");
  }
  require_folder(flags.checkpoint);
  const auto place = [](const std::string& file) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  };
  if (place(flags.checkpoint) == place(flags.out)) {
    throw Error(ErrorCode::invalid_option, "--checkpoint and --out name the same file.", "Name two.");
  }
}

/// The events to train on, where a split takes some aside.
struct TrainingPart {
  std::shared_ptr<const Dataset> events;
  std::optional<Split> split;  ///< none: all events that the filters keep are trained on
};

TrainingPart training_part(const Recipe& recipe, const Experiment& experiment, Session& session, ModelRecord& record) {
  const SplitOptions& options = experiment.split;
  if (recipe.split.empty() && recipe.protocol.empty()) {
    FilteredDataset filtered = filter_dataset(experiment.data.data, options.filter);
    fmt::print("{}", describe_event_filter(options.filter, filtered.steps, session.out));
    return {std::move(filtered.data), std::nullopt};
  }
  Split split = make_split(experiment.data, options);
  const Fold& fold = single_fold(split, options.spec, "a model is trained on one");
  record.split = options.spec.text();
  record.receipt = fold.receipt;
  fmt::print("{}{}\n", describe_event_filter(options.filter, split.filtered, session.out),
             describe_split({{{fold.name, fold.receipt}}}, fold.candidates_or(split.candidates).size(),
                            experiment.evaluate, session.out));
  return {fold.train, std::move(split)};
}

void run_train(Session& session, const TrainFlags& flags) {
  check_files(flags, session.models);
  const std::optional<TrainedModel> start = start_of(flags, session);
  const Recipe recipe = recipe_of(flags, start);
  Run run(session, flags.run);
  const Experiment experiment = open_and_tell(recipe, run);
  const Task task = experiment.evaluate.task;
  ModelRecord record;
  record.seed = experiment.seed;
  record.filter = experiment.split.filter;
  if (task == Task::likes) record.like_threshold = experiment.evaluate.like_threshold;
  const std::unique_ptr<Model> model = experiment.entries.front().make();
  const TrainingPart part = training_part(recipe, experiment, session, record);
  record.reading = recipe.data.reading;
  FitOptions fit{.seed = experiment.seed, .checkpoint = flags.checkpoint, .budget = experiment.budget};
  const std::string name(model->info().name);
  if (start && model->info().abilities.continues) fit.from = start->model.get();
  else if (start) fmt::print(stderr, "{} is counted or solved as a whole, so it starts anew.\n", name);
  run.begin_fit(name, name);
  const Stopwatch watch;
  model->fit(part.events, task, run.context(), fit);
  const double seconds = watch.seconds();
  run.context().check_canceled();
  run.clear();
  fmt::print("Trained {} for {} on {} events in {}.\n", name, to_string(task), format_count(part.events->event_count()),
             format_seconds(seconds));
  if (part.split) {
    measure(*model, part.split->folds.front(), part.split->candidates, experiment.evaluate, session, run, record);
  }
  {
    const WriteGuard guard;
    save_model(*model, record, flags.out);
  }
  std::error_code ignored;  // one that stays is in nobody's way
  if (!flags.checkpoint.empty()) std::filesystem::remove(flags.checkpoint, ignored);
  fmt::print("Wrote {} ({}).\n", flags.out, format_bytes(std::filesystem::file_size(flags.out)));
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "train",
       .summary = "Train one model and keep it in a file.",
       .about =
           "Trains on all events, or with --split on the training part, and then measures the model on the rest. The "
           "file holds all that the model needs to answer: its options, what it learned, what it reached, and the "
           "events with ids and features. It is a valid safetensors file.",
       .examples = {"gusto train --model item-knn --task top-n --out films.gusto",
                    "gusto train ratings.csv --model biased-mf --set dim=64 --out ratings.gusto",
                    "gusto train ml-1m --model svd --split random:0.1 --out ml-1m.gusto",
                    "gusto train ratings.csv --from ratings.gusto --out newer.gusto"}},
      [flags, &session] { run_train(session, *flags); });
  add_data_flags(command, flags->recipe.data, DataArgument::optional);
  add_event_filter_flags(command, flags->recipe.filter);
  command->add_option("--model", flags->model, "The kind of model; `gusto models` lists them.")
      ->type_name("NAME")
      ->group("Model");
  command
      ->add_option("--from", flags->from,
                   "Go on from this model's parameters, with its options where --set gives no others: what it knows of "
                   "the same users and items is where training begins, new ones begin as ever.")
      ->type_name("FILE")
      ->group("Model");
  command
      ->add_option("--set", flags->recipe.sets,
                   "Set an option of the model; may be given again. `gusto models NAME` lists them.")
      ->type_name("OPTION=VALUE")
      ->allow_extra_args(false)
      ->group("Model");
  command->add_option("--out", flags->out, "The file to write.")->type_name("FILE")->required()->group("Model");
  add_task_flag(command, flags->recipe, "Default: ratings, or top-n if all values are equal or there are --weights.");
  add_like_threshold_flag(command, flags->recipe, "Models of likes learn it, and it is kept in the file. Default: 4.");
  add_split_flags(command, flags->recipe, "Train on the training part only. Default: on everything.");
  add_protocol_flag(command, flags->recipe, "Default: none.");
  command
      ->add_option(
          "--checkpoint", flags->checkpoint,
          "Keep the state of training in this file as it goes, such as --checkpoint deep.checkpoint, and go on "
          "from there if the file exists: a training that was stopped and resumed gives the same model. The "
          "file is removed once the model is written. `gusto models NAME` says whether a model can.")
      ->type_name("FILE")
      ->group("Running");
  add_budget_flag(command, flags->recipe, "A model that would take longer is refused, as soon as that is clear.");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
