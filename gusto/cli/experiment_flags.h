#pragma once

#include <optional>
#include <string>

#include "gusto/cli/command.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/event_filter.h"
#include "gusto/data/dataset.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"

namespace gusto::cli {

/// How to divide the events and what to measure.
struct ExperimentFlags {
  std::string protocol;
  std::string split;
  std::string task;
  std::string k;
  std::string metrics;
  std::optional<double> like_threshold;
};

/// `role` says what the split is for and what happens without.
void add_split_flags(CLI::App* command, ExperimentFlags& flags, const std::string& role);
void add_task_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role);
void add_like_threshold_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role);
/// `role` says what happens without.
void add_protocol_flag(CLI::App* command, ExperimentFlags& flags, const std::string& role);
void add_metric_flags(CLI::App* command, ExperimentFlags& flags);
/// All of them.
void add_experiment_flags(CLI::App* command, ExperimentFlags& flags);

/// Puts what was given over the defaults, or over a recipe's: the protocol first, then all else. Without --split, and
/// unless `split_given`, the split is the protocol's or random:0.1, or holdout:0.2 for top-n.
/// Error(invalid_option) where --protocol is contradicted.
void apply_experiment(const ExperimentFlags& flags, const EventFilterFlags& filter, bool split_given,
                      SplitOptions& split, EvaluateOptions& evaluate);

/// Error(invalid_option), if the protocol, where there is one, is contradicted by how events were read.
void check_reading(const ExperimentFlags& flags, const DataSource& source);

/// Chooses top-n where no task was named and all values are equal, since there is nothing to predict then; says so and
/// returns true if it did.
bool choose_task(ExperimentFlags& flags, const Dataset& data);

}  // namespace gusto::cli
