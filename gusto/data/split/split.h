#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/filter.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/data/split/fold.h"
#include "gusto/data/split/split_spec.h"

namespace gusto {

struct SplitOptions {
  SplitSpec spec{};
  FilterOptions filter{};  ///< only events that it keeps are divided
  std::uint64_t seed = 42;
  /// The whole is done so many times, with seeds seed, seed + 1, …: that many times as many folds. A split without
  /// draws divides the same way each time.
  std::uint64_t repeats = 1;
};

struct Split {
  std::vector<Fold> folds;
  /// Items that a ranking may contain, ascending, of folds that have none of their own; see FilteredEvents. Where users
  /// are held out, those of them that any fold trains on.
  std::vector<ItemRow> candidates;
  std::vector<FilterStep> filtered;  ///< what the filters left out
};

/// Divides what the filters keep of a data set. `source` is where it came from, for splits that read files.
/// Errors   empty_dataset, if a part is empty; not_found, if a file is missing; invalid_input, with file and line, if a
///          test file names an event that the data set does not have, or training and test overlap; those of
///          filter_events
Split make_split(const std::shared_ptr<const Dataset>& data, const SplitOptions& options,
                 const DataSource& source = {});
/// The same of an opened data set, which knows its source.
Split make_split(const OpenedDataset& opened, const SplitOptions& options);

/// The fold of a split that has no other. `purpose` ends the sentence of the error: "a model is trained on one".
/// Errors   invalid_option, if there are several folds; then it says how many, and how to get one
const Fold& single_fold(const Split& split, const SplitSpec& spec, std::string_view purpose);

}  // namespace gusto
