#pragma once

/// A data set of events that lie in memory: the sister of open_dataset (gusto/data/open/open.h), with the same rules
/// for duplicates, weights, half-life, the order of items and what is an error. A table of integers gives the same data
/// set, to the byte, as a file with the same content.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/event_table.h"
#include "gusto/data/open_options.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// What becomes of a table's events, as in OpenOptions.
struct TableOptions {
  DuplicatePolicy duplicates = DuplicatePolicy::keep_last;
  std::vector<std::pair<std::string, float>> weights{};
  std::optional<double> half_life{};
  std::string transform{};
  ValueUse values = ValueUse::automatic;
  /// Rows that cannot be read are left out, counted, and reported with examples: those with a null or empty id, a value
  /// that is null or not finite, a time that is null or out of range, a kind that is not listed.
  bool skip_bad_rows = false;
};

/// Makes a data set of a table.
/// Ids      users' rows are in the order in which the table first names them, items' in the order of a hash of their
///          ids. Blanks around strings are left out
/// Copies   numbers stay where they are, and are kept alive by the table's owner, if there is one and the column is one
///          chunk without nulls, and
///            values    are floats, no row is left out, all events of a user stand together, in order of time, no pair
///                      of user and item comes twice, and no weights, half-life or transform are given
///            times     the same, and they are 64-bit integers in seconds
///            features  are doubles, and their ids name all users (or items) in the order of their rows, to which no
///                      later table of features adds any
///          all else is copied; without an owner, everything is
/// Report   layout "columns"; columns by role and name, "user=reviewer"
/// Errors   invalid_input, with column and row, rows counted from 0; invalid_option; out_of_memory; canceled
/// Cost     on one thread 25 to 115 ns an event for integer ids, 125 to 245 for strings (bench/event_table_bench.cc)
/// Memory   beside the table 8 bytes an event, 8 more with times, 8 more while duplicates are refused; ids and
///          features, and up to half a byte an event for tables of numbers
OpenedDataset make_dataset(const EventTable& table, const TableOptions& options, Context& context);

}  // namespace gusto
