#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/cli/run.h"
#include "gusto/eval/experiment.h"
#include "gusto/eval/recipe.h"

namespace gusto::cli {

/// Flags that say what a recipe's file may say, too. `role` says what a flag is for and what happens without.
void add_split_flags(CLI::App* command, Recipe& recipe, const std::string& role);
void add_task_flag(CLI::App* command, Recipe& recipe, const std::string& role);
void add_like_threshold_flag(CLI::App* command, Recipe& recipe, const std::string& role);
void add_protocol_flag(CLI::App* command, Recipe& recipe, const std::string& role);
void add_budget_flag(CLI::App* command, Recipe& recipe, const std::string& role);
void add_metric_flags(CLI::App* command, Recipe& recipe);
/// All of them.
void add_experiment_flags(CLI::App* command, Recipe& recipe);

/// The parts of a list that is typed with commas, without spaces around them.
std::vector<std::string> parse_list(std::string_view text);

/// Opens what a recipe says; says on standard error that lines were left out, or that a task was chosen.
Experiment open_and_tell(const Recipe& recipe, Run& run);

}  // namespace gusto::cli
