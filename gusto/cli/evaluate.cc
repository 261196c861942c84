/// gusto evaluate: measures a model from a file on events that it has not seen.

#include "gusto/eval/evaluate.h"

#include <memory>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/experiment_flags.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/run.h"
#include "gusto/eval/transfer.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

struct EvaluateFlags {
  std::string model;
  DataFlags data;
  std::string test;
  ExperimentFlags experiment;
  RunFlags run;
};

/// What a model is measured on, and what the filters left out of it.
struct TestPart {
  TransferredTest test;
  std::string left_out;
};

/// Test events that a file lists: all items of the file and of the model's own events may be recommended.
TestPart listed_test(const EvaluateFlags& flags, const Model& model, Session& session, Run& run) {
  DataFlags file = flags.data;
  file.data = flags.test;
  OpenedData opened = open_data(file, session, run);
  check_reading(flags.experiment, opened.source);
  const std::shared_ptr<const Dataset>& events = opened.dataset;
  TransferredTest test = transfer_test(model, events->catalogue(), events->events(), {});
  test.candidates = items_with_events(*test.fold.train, test.fold.test);
  return {std::move(test), std::move(opened.left_out)};
}

TestPart split_test(const EvaluateFlags& flags, const TrainedModel& trained, const SplitOptions& split,
                    Session& session, Run& run) {
  const OpenedData data = open_whole_data(flags.data, run);
  check_reading(flags.experiment, data.source);
  const Split parts = make_split(data.dataset, split, data.source);
  if (parts.folds.size() > 1) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The split {} makes {} folds, and a model is measured on one.", split.spec.text(),
                            parts.folds.size()),
                split.spec.kind == SplitSpec::Kind::folds
                    ? fmt::format("Name one of them, such as folds:{}.", parts.folds.front().name)
                    : "Choose a split of one fold, or `gusto compare`, which trains on each.");
  }
  return {transfer_test(*trained.model, data.dataset->catalogue(), parts.folds.front(), parts.candidates),
          describe_event_filter(split.filter, parts.filtered, session.out)};
}

void run_evaluate(Session& session, EvaluateFlags flags) {
  if (!flags.test.empty() &&
      (!flags.data.data.empty() || !flags.experiment.split.empty() || !flags.experiment.protocol.empty())) {
    throw Error(ErrorCode::invalid_option,
                "--test lists the test events, so it goes without DATA, --split and --protocol.",
                "Leave one of them out.");
  }
  const TrainedModel trained = load_model(flags.model);
  EvaluateOptions options;
  options.task = trained.model->task();
  if (trained.record.like_threshold) options.like_threshold = *trained.record.like_threshold;
  SplitOptions split;
  if (flags.experiment.split.empty() && flags.experiment.protocol.empty()) {
    flags.experiment.split = trained.record.split;
    split.filter = trained.record.filter;
  }
  apply_experiment(flags.experiment, flags.data.filter, false, split, options);
  Run run(session, flags.run);
  split.seed = flags.run.seed_or(trained.record.seed);

  auto [test, left_out] = flags.test.empty() ? split_test(flags, trained, split, session, run)
                                             : listed_test(flags, *trained.model, session, run);
  test.fold.seed = split.seed;
  run.set_stage("measure " + std::string(trained.model->info().name));
  const Evaluation evaluation = evaluate(*trained.model, test.fold, test.candidates, options, run.context());
  run.clear();
  fmt::print("{} · task {} · {}\n", trained.model->info().name, to_string(options.task),
             flags.test.empty() ? "split " + split.spec.text() : "test events of " + flags.test);
  fmt::print("{}{}\n", left_out,
             describe_split({{{test.fold.name, test.fold.receipt}}}, test.fold.candidates_or(test.candidates).size(),
                            options, session.out));
  if (test.unknown_users + test.unknown_items > 0) {
    fmt::print("Left out: {} test events of users that the model does not know, {} of items.\n\n",
               format_count(test.unknown_users), format_count(test.unknown_items));
  }
  if (evaluation.estimates.empty()) throw nothing_measured();
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
                    "gusto evaluate m.gusto --test new-ratings.csv --task likes"}},
      [flags, &session] { run_evaluate(session, *flags); });
  add_model_argument(command, flags->model);
  add_data_flags(command, flags->data, DataArgument::optional);
  command->add_option("--test", flags->test, "Measure on the events of this file, instead of dividing DATA.")
      ->type_name("FILE")
      ->group("Experiment");
  add_protocol_flag(command, flags->experiment, "Default: none.");
  add_task_flag(command, flags->experiment, "Default: what the model was trained for.");
  add_split_flags(command, flags->experiment, "How to divide DATA. Default: as the model was trained.");
  add_metric_flags(command, flags->experiment);
  add_like_threshold_flag(command, flags->experiment, "Default: as the model was trained.");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
