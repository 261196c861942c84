#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
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

/// The source of a data set that a report tells of.
inline DataSource source_of(const SourceReport& report, std::filesystem::path path, OpenOptions options) {
  return {std::move(path), std::move(options), report.layout == "lists", report.value_changes};
}

struct OpenedDataset {
  std::shared_ptr<const Dataset> data;
  SourceReport report{};
  DataSource source{};
  bool spilled = false;  ///< whether the events were spilled, and lie in OpenOptions::spill_to
};

}  // namespace gusto
