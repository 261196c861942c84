#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gusto/cli/terminal.h"
#include "gusto/eval/report.h"

namespace gusto::cli {

/// gusto/eval/report.h on a terminal: how events were divided, a comparison, and all estimates of one model.
std::string describe_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options,
                           const Terminal& terminal);
std::string describe_comparison(const Comparison& comparison, const Terminal& terminal);
std::string describe_estimates(std::span<const Estimate> estimates, const Terminal& terminal);

}  // namespace gusto::cli
