#pragma once

#include "gusto/cli/command.h"
#include "gusto/cli/run.h"
#include "gusto/data/open/open.h"
#include "gusto/eval/compare.h"

namespace gusto::cli {

void add_feature_flags(CLI::App* command, FeatureSources& flags);

/// Finds the files as find_data does. Error(invalid_option), if there is no extra of a name.
void apply_features(const FeatureSources& flags, Run& run, OpenOptions& options);

/// Fills in what was not given from a recipe.
void complete_features(FeatureSources& flags, const FeatureSources& recipe);

}  // namespace gusto::cli
