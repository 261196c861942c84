/// gusto train: one model, kept in a file.

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

struct TrainFlags {
  DataFlags data;
  ExperimentFlags experiment;
  RunFlags run;
  std::string model;
  std::vector<std::string> sets;
  std::string out;
  std::string checkpoint;
};

/// "option=value" or, as for compare, "model.option=value".
Settings settings_from(const TrainFlags& flags) {
  CompareSpec spec;
  spec.entries = {{flags.model, flags.model, {}}};
  for (const std::string& assignment : flags.sets) {
    const bool bare = assignment.substr(0, assignment.find('=')).find('.') == std::string::npos;
    apply_set(spec, bare ? flags.model + "." + assignment : assignment);
  }
  return spec.entries.front().settings;
}

bool is_divided(const TrainFlags& flags) {
  return !flags.experiment.split.empty() || !flags.experiment.protocol.empty();
}

/// The split that the flags ask for, of a single fold; none without --split and --protocol.
std::optional<Split> divide(const TrainFlags& flags, const SplitOptions& split, const OpenedData& data) {
  if (!is_divided(flags)) return std::nullopt;
  Split parts = make_split(data.dataset, split, data.source);
  if (parts.folds.size() > 1) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The split {} makes {} folds, and a model is trained on one.", split.spec.text(),
                            parts.folds.size()),
                split.spec.kind == SplitSpec::Kind::folds
                    ? fmt::format("Name one of them, such as folds:{}.", parts.folds.front().name)
                    : "Choose a split of one fold, or `gusto compare`, which trains on each.");
  }
  return parts;
}

/// Measures the model on the split's test part; what it reached is printed, and kept in the record.
void measure(const Model& model, const Split& parts, const EvaluateOptions& options, Session& session, Run& run,
             ModelRecord& record) {
  run.set_stage("measure " + std::string(model.info().name));
  const Evaluation reached = evaluate(model, parts.folds.front(), parts.candidates, options, run.context());
  run.clear();
  record.metrics = to_json(reached.estimates);
  fmt::print("\n{}\n", describe_estimates(reached.estimates, session.out));
}

/// Finds mistakes in the names of files before hours have gone into training.
void check_files(const TrainFlags& flags) {
  require_folder(flags.out);
  if (flags.checkpoint.empty()) return;
  require_folder(flags.checkpoint);
  const auto place = [](const std::string& file) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  };
  if (place(flags.checkpoint) == place(flags.out)) {
    throw Error(ErrorCode::invalid_option, "--checkpoint and --out name the same file.", "Name two.");
  }
}

void run_train(Session& session, TrainFlags flags) {
  SplitOptions split;
  EvaluateOptions evaluate_options;
  apply_experiment(flags.experiment, flags.data.filter, false, split, evaluate_options);
  const ModelInfo& info = find_model(flags.model);
  const std::unique_ptr<Model> model =
      info.make(with_like_threshold(info, settings_from(flags), evaluate_options.like_threshold));
  check_files(flags);
  Run run(session, flags.run);
  split.seed = flags.run.seed_or();

  ModelRecord record;
  record.seed = split.seed;
  record.filter = split.filter;
  const OpenedData data = is_divided(flags) ? open_whole_data(flags.data, run) : open_data(flags.data, session, run);
  check_reading(flags.experiment, data.source);
  fmt::print("{}", data.left_out);
  if (choose_task(flags.experiment, *data.dataset)) {
    apply_experiment(flags.experiment, flags.data.filter, false, split, evaluate_options);
  }
  if (evaluate_options.task == Task::likes) record.like_threshold = evaluate_options.like_threshold;
  const std::optional<Split> parts = divide(flags, split, data);
  std::shared_ptr<const Dataset> events = data.dataset;
  if (parts) {
    const Fold& fold = parts->folds.front();
    events = fold.train;
    record.split = split.spec.text();
    record.receipt = fold.receipt;
    fmt::print("{}{}\n", describe_event_filter(split.filter, parts->filtered, session.out),
               describe_split({{{fold.name, fold.receipt}}}, fold.candidates_or(parts->candidates).size(),
                              evaluate_options, session.out));
  }
  run.set_stage(flags.model);
  const Stopwatch watch;
  model->fit(events, evaluate_options.task, run.context(), {.seed = split.seed, .checkpoint = flags.checkpoint});
  const double seconds = watch.seconds();
  run.context().check_cancelled();
  run.clear();
  fmt::print("Trained {} for {} on {} events in {}.\n", flags.model, to_string(evaluate_options.task),
             format_count(events->event_count()), format_seconds(seconds));
  if (parts) measure(*model, *parts, evaluate_options, session, run, record);
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
                    "gusto train ml-1m --model svd --split random:0.1 --out ml-1m.gusto"}},
      [flags, &session] { run_train(session, *flags); });
  add_data_flags(command, flags->data, DataArgument::optional);
  command->add_option("--model", flags->model, "The kind of model; `gusto models` lists them.")
      ->type_name("NAME")
      ->required()
      ->group("Model");
  command
      ->add_option("--set", flags->sets,
                   "Set an option of the model; may be given again. `gusto models NAME` lists them.")
      ->type_name("OPTION=VALUE")
      ->allow_extra_args(false)
      ->group("Model");
  command->add_option("--out", flags->out, "The file to write.")->type_name("FILE")->required()->group("Model");
  add_task_flag(command, flags->experiment, "Default: ratings, or top-n if all values are equal.");
  add_like_threshold_flag(command, flags->experiment,
                          "Models of likes learn it, and it is kept in the file. Default: 4.");
  add_split_flags(command, flags->experiment, "Train on the training part only. Default: on everything.");
  add_protocol_flag(command, flags->experiment, "Default: none.");
  command
      ->add_option(
          "--checkpoint", flags->checkpoint,
          "Keep the state of training in this file as it goes, such as --checkpoint deep.checkpoint, and go on "
          "from there if the file exists: a training that was stopped and resumed gives the same model. The "
          "file is removed once the model is written. `gusto models NAME` says whether a model can.")
      ->type_name("FILE")
      ->group("Running");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
