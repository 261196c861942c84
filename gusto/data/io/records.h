#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/bytes/source.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/data/times.h"

namespace gusto {

/// Whether a field that begins with a quotation mark is quoted as in CSV (RFC 4180): delimiters and line ends inside it
/// are text, two quotation marks stand for one, and blanks around the outer ones are skipped.
enum class Quotes { none, csv };

/// A column of a file: its place, and its name in messages.
struct Column {
  std::size_t index = 0;
  std::string name;
};

/// Reads records, one a line, field by field: the one scanner beneath all layouts.
///
/// Blank lines are skipped and counted, "\r\n" ends a line too, blanks around ids and numbers are left out. If the
/// delimiter is a blank, several are one, and those around a line are none.
/// Errors   invalid_input, in one sentence with file, line, column and value, and what to do
/// Cost     about 30 ns a line of four fields; nothing is copied but quoted fields
/// Threads  belongs to one thread; views stay valid until next()
class RecordReader {
 public:
  /// The source must outlive the reader. The delimiter is not empty.
  RecordReader(const SourceText& source, std::string_view delimiter, Quotes quotes);

  /// Goes to the next line that is not blank; false at the end.
  bool next();

  std::span<const std::string_view> fields() const { return fields_; }
  std::string_view field(const Column& column) const { return fields_[column.index]; }
  /// The line that the record begins on, from 1.
  std::uint64_t line() const { return line_; }
  /// The line that comes after the record.
  std::uint64_t next_line() const { return next_line_; }
  std::uint64_t blank_lines() const { return blank_lines_; }
  /// Bytes read so far, and those before the record.
  std::size_t position() const { return position_; }
  std::size_t record_begin() const { return record_begin_; }
  /// The record's text.
  std::string_view record() const;
  /// Whether the text ended within a quoted field; next() has thrown then.
  bool open_quote() const { return open_quote_; }
  /// Whether the record has quoted fields.
  bool quoted() const { return quoted_; }

  /// Goes to a place where a line begins, and says which line that is.
  void seek(std::size_t position, std::uint64_t line);

  /// Throws unless the record has that many fields, not counting empty ones at its end.
  void require_fields(std::size_t count) const;
  /// A field's id. Throws if it is empty.
  std::string_view id(const Column& column) const;
  /// A field's number, which may have a comma for the point. Throws if it is none, not finite, or too large for a
  /// float.
  float value(const Column& column, bool decimal_comma = false) const;
  /// A field's time in seconds since 1970. Throws if it isn't in that unit, or after the year 9999.
  std::int64_t time(const Column& column, TimeUnit unit) const;
  /// Throws: FILE, line 3, column rating: "x" is not a number.
  [[noreturn]] void fail(const Column& column, std::string_view problem, std::string_view hint) const;
  /// Throws: FILE, line 3: the line has 2 fields instead of 4.
  [[noreturn]] void fail_line(std::string_view problem, std::string_view hint) const;

  /// The file's entry in a report, once it has been read to its end.
  SourceFile report(std::string_view role, std::uint64_t records) const;

 private:
  void split(const char* begin, const char* end);
  void read_quoted(const char* begin);

  const SourceText& source_;
  std::string_view text_;
  std::string delimiter_;
  Quotes quotes_;
  std::size_t position_ = 0;
  std::size_t record_begin_ = 0;
  bool open_quote_ = false;
  bool quoted_ = false;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 1;
  std::uint64_t blank_lines_ = 0;
  bool ended_by_newline_ = false;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // a deque, so that views into it last
};

}  // namespace gusto
