#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/open_options.h"
#include "gusto/data/source_report.h"

namespace gusto {

/// Where a data set came from, and how it was read: files that list its events are found and read alike.
struct DataSource {
  std::filesystem::path path{};  ///< its folder or file; empty: none
  OpenOptions options{};
  bool lists = false;  ///< whether its file was one of lists: a user and then items on each line

  std::vector<std::string> value_changes{};  ///< see SourceReport
};

struct OpenedDataset {
  std::shared_ptr<const Dataset> data;
  SourceReport report;
  bool spilled = false;  ///< whether the events were spilled, and lie in OpenOptions::spill_to
};

}  // namespace gusto
