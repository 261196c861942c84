#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gusto/data/io/records.h"
#include "gusto/data/open_options.h"

namespace gusto {

/// What a line of events looks like.
enum class LineForm {
  fields,  ///< one event, its parts separated by a delimiter
  lists,   ///< a user and then items, an event each, separated by a delimiter
  json,    ///< one event, a JSON object
  matrix,  ///< a user and then values, one for each item, see matrix_format.h
};

/// How the lines of a file of events are to be read.
struct EventFormat {
  LineForm form = LineForm::fields;
  std::string delimiter;  ///< of JSON the end of the line
  Quotes quotes = Quotes::none;
  bool decimal_comma = false;
  std::size_t preamble = 0;  ///< lines above all others that are passed over, see Preamble
  bool header = false;
  std::size_t fields = 0;    ///< of every line; 0 where it varies
  std::size_t trailing = 0;  ///< empty fields behind them, which most lines have
  Column user, item;         ///< of JSON: by name only
  std::optional<Column> value, time, kind;
  TimeUnit time_unit = TimeUnit::seconds;
  std::vector<Column> matrix;   ///< of a matrix its items: where their values are, and their ids
  std::optional<float> none;    ///< of a matrix: the number that stands for no value
  bool numbered_users = false;  ///< of a matrix: whether its lines are the users 1, 2, 3 …, and no column names them
  std::vector<std::pair<std::string, float>> weights;  ///< of kinds; empty: all weigh 1, and are counted
  std::string reason;                                  ///< a sentence: what was recognized, by what
  std::vector<std::string> notes;                      ///< sentences, see ColumnRoles

  /// What each field is taken for: user, item, rating, time, kind, or "-"; of lists: user, items; of a matrix: user,
  /// matrix(99).
  std::vector<std::string> roles() const;
  /// Options by which a file is read this way without recognition, see SourceReport.
  std::vector<std::pair<std::string, std::string>> reading() const;
};

/// What stands above the first event.
struct FileHead {
  std::size_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t blank_lines = 0;  ///< among them
};
FileHead head_of(const SourceText& source, const EventFormat& format);

/// User, item, value and time in seconds in this order, without header.
EventFormat four_columns(std::string delimiter);

/// Recognizes the format of a file by its first lines, as far as the options leave it open.
/// Errors   invalid_option, for options that make no sense; invalid_input, if a delimiter or column is not recognized,
///          or there are no lines
EventFormat recognize_events(const SourceText& source, const OpenOptions& options);
/// The format of a file that is read after another: the same columns go on where only the first has a header.
EventFormat recognize_next(const SourceText& source, const EventFormat& first, const OpenOptions& options);
/// Sets what the options say of a format that is known: the unit of times, the weights of kinds.
/// Errors   invalid_option, if there are weights and no kinds
void apply_options(EventFormat& format, const std::string& name, const OpenOptions& options);

}  // namespace gusto
