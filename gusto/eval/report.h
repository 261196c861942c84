#pragma once

/// What a comparison says, as data: sentences and tables that a terminal, an HTML page and Python lay out.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/error.h"
#include "gusto/base/report_table.h"
#include "gusto/data/filter.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/estimate.h"

namespace gusto {

/// How events were divided.
struct SplitReport {
  ReportTable parts;               ///< training and test part or, with several folds, one row each
  std::vector<std::string> notes;  ///< who asks, what is unseen, what is withheld, what may be recommended
};

struct ComparisonReport {
  std::string question;  ///< data, task or protocol, split and seed
  std::string left_out;  ///< what the filters left out; empty if nothing
  SplitReport split;
  // These where any model has a result:
  std::optional<ReportTable>
      ranking;          ///< best model first: primary metric, difference to the best, another metric, times
  std::string legend;   ///< what the ranking's signs mean
  std::string verdict;  ///< which model is best, and which ones the data cannot tell from it
  std::string warning;  ///< which models lose to what most people chose or, of ratings, to its means; mostly empty
  std::vector<ReportTable> further;   ///< the means of other metrics, titled, one table for each kind and list length
  std::vector<std::string> refusals;  ///< a sentence for each model without a result
};

ComparisonReport report_comparison(const Comparison& comparison);

/// `candidates` is how many items a ranking may contain.
SplitReport report_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options);

/// "Left out: …", with what each filter left out; empty without steps.
std::string report_filters(const FilterOptions& filter, std::span<const FilterStep> steps);

/// All estimates of one model: metric, mean, standard error, users, and which direction is better.
ReportTable report_estimates(std::span<const Estimate> estimates);

/// What to throw where none of the metrics asked for has a value.
Error nothing_measured();

}  // namespace gusto
