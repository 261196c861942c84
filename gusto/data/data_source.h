#pragma once

#include <filesystem>

#include "gusto/data/io/open.h"

namespace gusto {

/// Where a data set came from, and how it was read: files that list its events are found and read alike.
struct DataSource {
  std::filesystem::path path{};  ///< its folder or file; empty: none
  OpenOptions options{};
  bool lists = false;  ///< whether its file was one of lists: a user and then items on each line

  /// Whether events have the values that the files give them.
  bool keeps_values() const {
    return !options.half_life && options.weights.empty() && options.duplicates != DuplicatePolicy::mean &&
           options.duplicates != DuplicatePolicy::sum;
  }
};

}  // namespace gusto
