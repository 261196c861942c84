#pragma once

/// A data set as a recipe or a user names it, in text; and the way from there to the opened data set.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/io/reading_spec.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// What is read of users and items beside the events.
struct FeatureSources {
  std::vector<std::string> users;   ///< files, by name
  std::vector<std::string> items;   ///< files, by name
  std::string types;                ///< see parse_feature_types
  std::vector<std::string> extras;  ///< names, see Extra

  bool operator==(const FeatureSources&) const = default;
};

/// Which data set, and how it is read. What is left empty is recognized, or has its default.
struct DataRecipe {
  std::string name;  ///< a path, or a name that a DataFinder knows; empty: the embedded set
  ReadingSpec reading;
  FeatureSources features;

  bool operator==(const DataRecipe&) const = default;
};

/// What `first` leaves empty is taken from `second`.
DataRecipe completed(DataRecipe first, const DataRecipe& second);

/// The path that a name stands for, such as that of a downloaded set. The library itself knows no names: it reads no
/// environment and downloads nothing by itself. Empty: each name is a path.
using DataFinder = std::function<std::filesystem::path(const std::string& name)>;

/// Opens a data set and the files of features beside it; "movielens-small" is the embedded set, unless there is such a
/// path. Events that do not fit into memory go to the file `spill_to`, or if that is empty, to a temporary one.
/// Errors   those of parse_reading, parse_extra and open_dataset
OpenedDataset open_data(const DataRecipe& recipe, const DataFinder& find, Context& context,
                        const std::filesystem::path& spill_to = {});

}  // namespace gusto
