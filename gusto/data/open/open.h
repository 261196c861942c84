#pragma once

/// Opening a data set: the one way in for people's ratings, whatever file or folder they come in.
///
///   folder with u.data        ml-100k: u.data, u.item and u.genre, u.user
///   folder with ratings.dat   ml-1m, ml-10m: ratings.dat, movies.dat, users.dat
///   folder with ratings.csv   ml-latest and its sisters: ratings.csv, movies.csv; what `gusto simulate` writes
///   data file                 what `gusto convert` writes (data_file.h)
///   file                      any delimited file with a user and an item on each line; JSON lines, or an array of
///                             objects; lists: a user and then items on each line
///   pattern, {list}           several files of one format, as one: ratings-*.csv by name, {a.csv,b.csv} in that order
/// Files of features may be missing; the report says so. Ids keep their text: "07" and "7" are two ids.

#include <filesystem>
#include <string>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/data/open_options.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// Reads a data set. Events are reported as progress in bytes, under the stage "reading".
/// Errors   not_found, io; invalid_input, with file, line, column and value; invalid_option; canceled
/// Cost     60 ns an event on one thread, less on more of them; 20 bytes an event, ids and features, and some 8 MB a
///          thread
OpenedDataset open_dataset(const std::filesystem::path& path, const OpenOptions& options, Context& context);

/// The same for a delimited file's content that is already in memory; `name` stands for its path.
OpenedDataset read_delimited(std::string name, std::string_view text, const OpenOptions& options, Context& context);

}  // namespace gusto
