#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gusto/data/io/open.h"

namespace gusto {

/// Where a data set came from, and how it was read: files that list its events are found and read alike.
struct DataSource {
  std::filesystem::path path{};  ///< its folder or file; empty: none
  OpenOptions options{};
  bool lists = false;  ///< whether its file was one of lists: a user and then items on each line

  std::vector<std::string> value_changes{};  ///< see SourceReport
};

}  // namespace gusto
