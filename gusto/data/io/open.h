#pragma once

/// Opening a data set: the one way in for people's ratings, whatever file or folder they come in.
///
///   folder with u.data        ml-100k: u.data, u.item and u.genre, u.user
///   folder with ratings.dat   ml-1m, ml-10m: ratings.dat, movies.dat, users.dat
///   folder with ratings.csv   ml-latest and its larger sisters: ratings.csv, movies.csv
///   file                      any delimited file: a user, an item, and if there are a value and a time on each line
///
/// Files of features may be missing; the report says so. Ids keep their text: "07" and "7" are two ids.
/// Features  users: gender, age, occupation, zip; items: title, year (from "(1995)" at the title's end), genres

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/io/report.h"

namespace gusto {

/// What becomes of events whose user and item have come before.
enum class DuplicatePolicy {
  keep_last,   ///< the last one in the file counts
  keep_first,  ///< the first one counts
  refuse,      ///< the second one is an error
};

/// What the owner knows of a delimited file; what is not given is recognised.
struct OpenOptions {
  /// What each field of a line holds: "user", "item", "rating", "time", or "-" for none of these; further fields are
  /// not read.
  std::optional<std::vector<std::string>> columns;
  /// What separates fields: any text; "tab" and "space" by name. Recognised among tab, "::", ";", "|" and ",".
  std::optional<std::string> delimiter;
  DuplicatePolicy duplicates = DuplicatePolicy::keep_last;
};

struct OpenedDataset {
  std::shared_ptr<const Dataset> data;
  SourceReport report;
};

/// Reads a data set. Events are reported as progress in bytes, under the stage "reading".
/// Errors   not_found, io; invalid_input, with file, line, column and value; invalid_option; cancelled
/// Cost     about 0.1 s for a million events on one thread; the file's size and 40 bytes an event of memory
OpenedDataset open_dataset(const std::filesystem::path& path, const OpenOptions& options, Context& context);

/// The same for a delimited file's content that is already in memory; `name` stands for its path.
OpenedDataset read_delimited(std::string name, std::string_view text, const OpenOptions& options, Context& context);

}  // namespace gusto
