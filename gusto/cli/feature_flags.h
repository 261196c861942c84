#pragma once

#include "gusto/cli/command.h"
#include "gusto/data/open/data_recipe.h"

namespace gusto::cli {

void add_feature_flags(CLI::App* command, FeatureSources& features);

}  // namespace gusto::cli
