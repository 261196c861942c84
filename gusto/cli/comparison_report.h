#pragma once

#include <string>

#include "gusto/base/error.h"
#include "gusto/cli/terminal.h"
#include "gusto/eval/compare.h"

namespace gusto::cli {

/// What the split did: counts, share of test events with unseen users or items, time ranges, hash; and how many items may
/// be recommended or, if metrics are sampled, what is ranked instead.
std::string describe_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options,
                           const Terminal& terminal);

/// A comparison for people: receipt of the split, the main table (best first, mean ± standard error, difference to the
/// best with its interval), a legend, and further tables with the other metrics of the task.
std::string describe_comparison(const Comparison& comparison, const Terminal& terminal);

/// All estimates of one model: metric, mean, standard error, users.
std::string describe_estimates(std::span<const Estimate> estimates, const Terminal& terminal);

/// What to throw where none of the metrics asked for has a value.
Error nothing_measured();

}  // namespace gusto::cli
