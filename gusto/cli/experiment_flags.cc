#include "gusto/cli/experiment_flags.h"

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/protocol.h"

namespace gusto::cli {
namespace {

std::vector<std::size_t> parse_lengths(const std::string& text) {
  std::vector<std::size_t> lengths;
  for (const std::string_view part : split(text, ",")) {
    const auto length = parse_integer(trim(part));
    if (!length || *length < 1) {
      throw Error(ErrorCode::invalid_option, fmt::format("--k {}: {} is no list length.", text, quote(part)),
                  "Write whole numbers from 1, separated by commas, such as 10,20.");
    }
    lengths.push_back(static_cast<std::size_t>(*length));
  }
  return lengths;
}

}  // namespace

void add_split_flags(CLI::App* command, ExperimentFlags& flags, const std::string& role) {
  command
      ->add_option(
          "--split", flags.split,
          role +
              " Ways: random:SHARE, holdout:SHARE (per user), last:N (per user, by time), time:SHARE (train "
              "before that percentile of time), rolling:N (train on the past, test on the next window, N "
              "times), prequential:SHARE (as time, each event with the history up to it), kfold:N, users:SHARE "
              "(held-out users, whose history is folded in), folds:u (ml-100k's own), folds:PATH, test:FILE, "
              "negatives:FILE (one test event a user, ranked among the negatives given), negatives:N (drawn).")
      ->type_name("SPLIT")
      ->group("Experiment");
}

void add_task_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role) {
  command
      ->add_option(
          "--task", flags.task,
          "What for: ratings (predict values), likes (predict whether a value reaches the threshold) or top-n (rank "
          "items). " +
              role)
      ->type_name("TASK")
      ->group("Experiment");
}

void add_like_threshold_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role) {
  command->add_option("--like-threshold", flags.like_threshold, "Value from which an event is a like. " + role)
      ->type_name("VALUE")
      ->group("Experiment");
}

void add_protocol_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role) {
  command
      ->add_option("--protocol", flags.protocol,
                   "Measure as was published: mult-vae, ncf, lightgcn or recbole. Sets filters, split, task, lengths "
                   "and metrics; docs/reference/metrics.md tells how. " +
                       role)
      ->type_name("NAME")
      ->group("Experiment");
}

void add_metric_flags(CLI::App* command, ExperimentFlags& flags) {
  command->add_option("--k", flags.k, "Lengths of the lists that top-n measures. Default: 10.")
      ->type_name("N,N,…")
      ->group("Experiment");
  command->add_option("--metrics", flags.metrics, "Metrics to keep, such as rmse or ndcg@10. Default: all of the task.")
      ->type_name("A,B,…")
      ->group("Experiment");
}

void add_experiment_flags(CLI::App* command, ExperimentFlags& flags) {
  add_protocol_flag(command, flags, "Default: none.");
  add_task_flag(command, flags, "Default: ratings, or top-n if all values are equal.");
  add_split_flags(command, flags, "How to divide the events. Default: random:0.1, or holdout:0.2 for top-n.");
  add_metric_flags(command, flags);
  add_like_threshold_flag(command, flags, "Default: 4.");
}

bool choose_task(ExperimentFlags& flags, const Dataset& data) {
  const Scale scale = data.scale();
  if (!flags.task.empty() || scale.low < scale.high) return false;
  flags.task = to_string(Task::top_n);
  fmt::print(stderr, "All values are {:g}, so there is nothing to predict; this is about ranking (--task top-n).\n",
             scale.low);
  return true;
}

void apply_experiment(const ExperimentFlags& flags, const EventFilterFlags& filter, bool split_given,
                      SplitOptions& split_options, EvaluateOptions& evaluate) {
  if (!flags.protocol.empty()) {
    apply_protocol(find_protocol(flags.protocol), split_options, evaluate);
    split_given = true;
  }
  if (!flags.task.empty()) evaluate.task = parse_task(flags.task);
  if (!flags.split.empty()) split_options.spec = parse_split(flags.split);
  else if (!split_given) split_options.spec = parse_split(evaluate.task == Task::top_n ? "holdout:0.2" : "random:0.1");
  if (flags.like_threshold) evaluate.like_threshold = *flags.like_threshold;
  if (!flags.k.empty()) evaluate.k = parse_lengths(flags.k);
  if (!flags.metrics.empty()) {
    evaluate.metrics.clear();
    for (const std::string_view name : split(flags.metrics, ",")) evaluate.metrics.emplace_back(trim(name));
  }
  apply_event_filter(filter, split_options.filter);
  if (!flags.protocol.empty()) check_protocol(find_protocol(flags.protocol), split_options, evaluate);
}

void check_reading(const ExperimentFlags& flags, const DataSource& source) {
  if (!flags.protocol.empty()) check_protocol(find_protocol(flags.protocol), source.value_changes);
}

}  // namespace gusto::cli
