#pragma once

/// Predictions for the pairs of a file, as text that streams.

#include <cstdint>
#include <filesystem>

#include "gusto/base/context.h"
#include "gusto/data/open_options.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/user_lists.h"

namespace gusto {

struct PairsSummary {
  std::uint64_t pairs = 0;
  std::uint64_t fallbacks = 0;  ///< of them: pairs whose user or item the model does not know
  std::uint64_t bad_lines = 0;  ///< left out, if options say so
};

/// CSV: each line of a delimited file with all its fields, in the file's order and as often as it comes; then
/// `prediction`, `stddev` if the model knows it, and `fallback`, which is empty where the model answers, and else says
/// what the prediction is instead, see PairFallback. Columns of a file without a header are called by what they hold,
/// or column_4. "-" is standard input.
///
/// Errors   not_found, io; invalid_input, for a line that cannot be read, or a file of another form; unsupported, if
///          the model does not predict
/// Memory   the file, and some MB
PairsSummary predict_pairs(const Recommender& recommender, const std::filesystem::path& file,
                           const OpenOptions& options, const TextSink& sink, Context& context);

}  // namespace gusto
