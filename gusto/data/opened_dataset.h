#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/open_options.h"

namespace gusto {

/// A file that a data set was read from.
struct SourceFile {
  std::string path;
  std::string role;               ///< "events", "items", "users" or "genres"
  std::uint64_t bytes = 0;        ///< as stored
  std::uint64_t lines = 0;        ///< all of them: header and blank lines too
  std::uint64_t records = 0;      ///< lines that carried an event or a description
  std::uint64_t blank_lines = 0;  ///< skipped
  bool latin1 = false;            ///< was Latin-1 and has been converted to UTF-8
  std::string columns;            ///< of a file of features: what its columns hold, as parse_feature_types reads it
};

/// A data file that a data set lies in.
struct StoredDataset {
  std::string path;
  std::uint64_t bytes = 0;
  std::string engine_version;  ///< the gusto that wrote it
};

/// How a data set was read: what was recognized and why, and all that was skipped or repaired on the way.
struct SourceReport {
  std::string layout;                ///< "ml-100k", "ml-1m", "ml-latest", "delimited", "JSON lines", "lists"
  std::string reason;                ///< a sentence: by what the layout was recognized
  std::string delimiter;             ///< of the events, e.g. "\t"
  bool header = false;               ///< whether the file of events begins with column names
  std::vector<std::string> columns;  ///< what the events' columns were taken for: user, item, rating, time, or "-"
  std::vector<std::pair<std::string, std::string>> reading;  ///< options that say the same, by their names in recipes
  std::vector<SourceFile> files;                             ///< in the order read
  /// Why values are not those of the files: "weights", "half-life", "duplicates=mean", "transform=rank".
  std::vector<std::string> value_changes;
  std::uint64_t duplicates = 0;      ///< events left out, or joined with others, because their user and item came again
  std::uint64_t bad_lines = 0;       ///< left out because they cannot be read; the notes have examples
  std::vector<std::string> notes;    ///< sentences: what was skipped, repaired, assumed or found missing
  std::vector<std::string> assumed;  ///< those of them that whoever reads the data should be told unasked
  std::optional<StoredDataset> data_file;  ///< if it was read from one; the rest then tells how it got there

  void assume(const std::string& sentence) { notes.push_back(sentence), assumed.push_back(sentence); }
};

/// Where a data set came from, and how it was read: files that list its events are found and read the same way.
struct DataSource {
  std::filesystem::path path{};  ///< its folder or file; empty: none
  OpenOptions options{};
  bool lists = false;                        ///< whether its file was one of lists: a user and then items on each line
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
