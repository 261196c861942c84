#pragma once

/// Opening a data set: the one way in for people's ratings, whatever file or folder they come in.
///
///   folder with u.data        ml-100k: u.data, u.item and u.genre, u.user
///   folder with ratings.dat   ml-1m, ml-10m: ratings.dat, movies.dat, users.dat
///   folder with ratings.csv   ml-latest and its larger sisters: ratings.csv, movies.csv; what `gusto simulate` writes:
///                             users.csv and item_texts.csv, too
///   data file                 what `gusto convert` writes (data_file.h)
///   file                      any delimited file: a user, an item, and if there are a value and a time on each line;
///                             JSON lines, an object each; lists: a user and then items on each line
///   pattern                   several files of one format, as one: ratings-*.csv, in the order of their names
///
/// Files of features may be missing; the report says so. Ids keep their text: "07" and "7" are two ids.
/// Features  users: gender, age, occupation, zip; items: title, year (from "(1995)" at the title's end), genres

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/io/report.h"
#include "gusto/data/io/times.h"

namespace gusto {

/// What becomes of events whose user and item have come before.
enum class DuplicatePolicy {
  keep_last,   ///< the last one in the file counts
  keep_first,  ///< the first one counts
  mean,        ///< one event counts, with the mean of their values and the latest of their times
  sum,         ///< one event counts, with the sum of their values and the latest of their times
  refuse,      ///< the second one is an error
};

/// Files of features that are read beside the events, keyed by id; see side_features.h.
struct SideFiles {
  std::vector<std::filesystem::path> users;
  std::vector<std::filesystem::path> items;
  std::string types;  ///< see parse_feature_types; empty: all is recognised
};

/// What a layout holds beside what is always read; see extras.h.
enum class Extra { tags, links, genome };
std::string_view to_string(Extra extra);
/// Error(invalid_option), if there is none of that name.
Extra parse_extra(std::string_view name);

/// What the owner knows of the events; what is not given is recognised. A folder's layout fixes columns and delimiter.
struct OpenOptions {
  /// What each field of a line holds: "user", "item", "rating", "time", "kind", or "-" for none of these; further fields
  /// are not read. "items" last: all further fields are items. Or, where a header or JSON names the fields, what each is
  /// called, in any order: "user=reviewer", "item=sku".
  std::optional<std::vector<std::string>> columns;
  /// What separates fields: any text; "tab" and "space" by name. Recognised among tab, "::", ";", "|" and ",".
  std::optional<std::string> delimiter;
  /// Whether the first line holds the columns' names. Recognised if it holds known ones, or stands above numbers.
  std::optional<bool> header;
  /// How times are written.
  std::optional<TimeUnit> time_unit;
  DuplicatePolicy duplicates = DuplicatePolicy::keep_last;
  /// What an event of each kind weighs, from the column of kinds: its value, or what its value is multiplied by if there is
  /// a column of values too. Events of weight 0 are left out; a kind that is not listed is an error.
  std::vector<std::pair<std::string, float>> weights;
  /// Seconds in which the value of an event falls to a half, counted back from the latest event. Duplicates are settled
  /// after that.
  std::optional<double> half_life;
  /// Lines that cannot be read are left out, counted, and reported with examples.
  bool skip_bad_lines = false;
  /// A data file that is written, and read in place, if the events would take more than half of the context's memory limit:
  /// the caller removes it. Empty: such events are refused.
  std::filesystem::path spill_to;
  SideFiles side_files;
  std::vector<Extra> extras;

  /// Those of them by which events get other values than the files give them, see SourceReport.
  std::vector<std::string> value_changes() const;
};

struct OpenedDataset {
  std::shared_ptr<const Dataset> data;
  SourceReport report;
  bool spilled = false;  ///< whether the events were spilled, and lie in OpenOptions::spill_to
};

/// Reads a data set. Events are reported as progress in bytes, under the stage "reading".
/// Errors   not_found, io; invalid_input, with file, line, column and value; invalid_option; cancelled
/// Cost     60 ns an event on one thread, less on more of them; 20 bytes an event, ids and features, and some 8 MB a thread
OpenedDataset open_dataset(const std::filesystem::path& path, const OpenOptions& options, Context& context);

/// The same for a delimited file's content that is already in memory; `name` stands for its path.
OpenedDataset read_delimited(std::string name, std::string_view text, const OpenOptions& options, Context& context);

}  // namespace gusto
