#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gusto/data/io/open.h"
#include "gusto/data/io/records.h"

namespace gusto {

/// How the lines of a file of events are to be read.
struct EventFormat {
  std::string delimiter;
  Quotes quotes = Quotes::none;
  bool header = false;
  std::size_t fields = 0;  ///< of every line
  Column user, item;
  std::optional<Column> value, time;
  std::string reason;  ///< a sentence: what was recognised, by what

  /// What each field is taken for: user, item, rating, time, or "-".
  std::vector<std::string> roles() const;
};

/// User, item, value and time in this order, without header.
EventFormat four_columns(std::string delimiter);

/// Recognises the format of a delimited file by its first two lines, as far as the options leave it open.
/// Errors   invalid_option, for options that make no sense; invalid_input, if a delimiter or column is not recognised,
///          or there are no lines
EventFormat recognise_events(const SourceText& source, const OpenOptions& options);

}  // namespace gusto
