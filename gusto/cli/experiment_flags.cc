#include "gusto/cli/experiment_flags.h"

#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/eval/recipe.h"

namespace gusto::cli {
namespace {

std::vector<std::size_t> parse_lengths(const std::string& text) {
  std::vector<std::size_t> lengths;
  for (const std::string& part : parse_list(text)) {
    const auto length = parse_integer(part);
    if (!length || *length < 1) {
      throw Error(ErrorCode::invalid_option, fmt::format("--k {}: {} is no list length.", text, quote(part)),
                  "Write whole numbers from 1, separated by commas, such as 10,20.");
    }
    lengths.push_back(static_cast<std::size_t>(*length));
  }
  return lengths;
}

}  // namespace

void add_split_flags(CLI::App* command, Recipe& recipe, const std::string& role) {
  command
      ->add_option(
          "--split", recipe.split,
          role +
              " Ways: random:SHARE, holdout:SHARE (per user), last:N (per user, by time), last:1,1 (sets one more "
              "aside), time:SHARE (train before that percentile of time), time:2016-01-01 (train before that date), "
              "rolling:N (train on the past, test on the next window, N times), prequential:SHARE (as time, each event "
              "with the history up to it), kfold:N, users:SHARE (held-out users, whose history is folded in), folds:u "
              "(ml-100k's own), folds:PATH, test:FILE, negatives:FILE (one test event a user, ranked among the "
              "negatives given), negatives:N (drawn).")
      ->type_name("SPLIT")
      ->group("Experiment");
}

void add_task_flag(CLI::App* command, Recipe& recipe, const std::string& role) {
  command
      ->add_option(
          "--task", recipe.task,
          "What for: ratings (predict values), likes (predict whether a value reaches the threshold) or top-n (rank "
          "items). " +
              role)
      ->type_name("TASK")
      ->group("Experiment");
}

void add_like_threshold_flag(CLI::App* command, Recipe& recipe, const std::string& role) {
  command->add_option("--like-threshold", recipe.like_threshold, "Value from which an event is a like. " + role)
      ->type_name("VALUE")
      ->group("Experiment");
}

void add_protocol_flag(CLI::App* command, Recipe& recipe, const std::string& role) {
  command
      ->add_option("--protocol", recipe.protocol,
                   "Measure as was published: mult-vae, ncf, lightgcn or recbole. Sets filters, split, task, lengths "
                   "and metrics; docs/reference/metrics.md tells how. " +
                       role)
      ->type_name("NAME")
      ->group("Experiment");
}

void add_budget_flag(CLI::App* command, Recipe& recipe, const std::string& role) {
  command
      ->add_option("--budget", recipe.budget,
                   "Time that training a model may take, such as 30s, 2m or 1.5h. " + role + " Default: any.")
      ->type_name("TIME")
      ->group("Running");
}

void add_metric_flags(CLI::App* command, Recipe& recipe) {
  command
      ->add_option_function<std::string>(
          "--k", [&recipe](const std::string& text) { recipe.k = parse_lengths(text); },
          "Lengths of the lists that top-n measures. Default: 10.")
      ->type_name("N,N,…")
      ->group("Experiment");
  command
      ->add_option_function<std::string>(
          "--metrics", [&recipe](const std::string& text) { recipe.metrics = parse_list(text); },
          "Metrics to keep, such as rmse or ndcg@10. Default: all of the task.")
      ->type_name("A,B,…")
      ->group("Experiment");
}

void add_experiment_flags(CLI::App* command, Recipe& recipe) {
  add_protocol_flag(command, recipe, "Default: none.");
  add_task_flag(command, recipe, "Default: ratings, or top-n if all values are equal or there are --weights.");
  add_split_flags(command, recipe, "How to divide the events. Default: random:0.1, or holdout:0.2 for top-n.");
  add_metric_flags(command, recipe);
  add_like_threshold_flag(command, recipe, "Default: 4.");
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ",")) parts.emplace_back(trim(part));
  return parts;
}

Experiment open_and_tell(const Recipe& recipe, Run& run) {
  Experiment experiment = open_experiment(recipe, finder(run), run.context(), run.models());
  run.clear();
  tell_bad_lines(experiment.data.report);
  if (experiment.task_chosen) {
    const Dataset& data = *experiment.data.data;
    const Scale scale = data.scale();
    const bool predicts = experiment.entries.front().kind().abilities.predicts_ratings;
    const bool pipelines = std::any_of(experiment.entries.begin(), experiment.entries.end(),
                                       [](const CompareEntry& entry) { return entry.pipeline != nullptr; });
    const std::string why = pipelines ? std::string("A pipeline ranks items")
                            : !(scale.low < scale.high)
                                ? fmt::format("All values are {:g}, so there is nothing to predict", scale.low)
                            : predicts ? std::string("Values say who chose what, and are no ratings")
                                       : fmt::format("{} predicts no values", experiment.entries.front().model);
    fmt::print(stderr, "{}; this is about ranking (--task top-n).\n", why);
  }
  return experiment;
}

}  // namespace gusto::cli
