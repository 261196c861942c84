#include "gusto/data/io/records.h"

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

const char* find_char(const char* begin, const char* end, char wanted) {
  if (begin == end) return end;
  const void* found = std::memchr(begin, wanted, static_cast<std::size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

std::string_view view(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

bool is_blank(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c == ' '; });
}

// Blanks are rare, so that the common case is two comparisons.
std::string_view without_blanks(std::string_view field) {
  if (field.empty()) return field;
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  if (is_blank(field.front()) || is_blank(field.back())) return trim(field);
  return field;
}

const char* skip_blanks(const char* at, const char* end) {
  while (at != end && *at == ' ') ++at;
  return at;
}

constexpr std::string_view kCorrectRecord = "Correct the line, or remove it.";

}  // namespace

RecordReader::RecordReader(const SourceText& source, std::string_view delimiter, Quotes quotes)
    : source_(source),
      text_(source.text),
      delimiter_(delimiter),
      quotes_(quotes),
      next_line_(source.lines_before + 1) {}

void RecordReader::seek(std::size_t position, std::uint64_t line) {
  position_ = position;
  next_line_ = line;
}

bool RecordReader::next() {
  const char* const file_end = text_.data() + text_.size();
  open_quote_ = quoted_ = false;
  while (position_ < text_.size()) {
    const char* const begin = text_.data() + position_;
    record_begin_ = position_;
    const char* const newline = find_char(begin, file_end, '\n');
    ended_by_newline_ = newline != file_end;
    position_ = static_cast<std::size_t>(newline - text_.data()) + (ended_by_newline_ ? 1 : 0);
    line_ = next_line_++;
    const char* const end = newline != begin && newline[-1] == '\r' ? newline - 1 : newline;
    if (end == begin || (*begin == ' ' && is_blank(view(begin, end)))) {
      ++blank_lines_;
      continue;
    }
    split(begin, end);
    return true;
  }
  return false;
}

void RecordReader::split(const char* begin, const char* end) {
  fields_.clear();
  const char first = delimiter_.front();
  const std::string_view rest = std::string_view(delimiter_).substr(1);
  const bool blanks = delimiter_ == " ";
  if (blanks) begin = skip_blanks(begin, end);
  const char* from = begin;
  const char* at = begin;
  while (true) {
    if (quotes_ == Quotes::csv && at == from) {
      const char* const text = skip_blanks(at, end);
      if (text != end && *text == '"') return read_quoted(begin);
    }
    at = find_char(at, end, first);
    if (at == end) break;
    ++at;
    if (!rest.empty()) {
      if (!view(at, end).starts_with(rest)) continue;
    }
    fields_.push_back(view(from, at - 1));
    at += rest.size();
    if (blanks && (at = skip_blanks(at, end)) == end) return;
    from = at;
  }
  fields_.push_back(view(from, end));
}

// A record with a quoted field, from its beginning; it may go on over several lines.
void RecordReader::read_quoted(const char* begin) {
  const char* const file_end = text_.data() + text_.size();
  const char* at = begin;
  fields_.clear();
  unquoted_.clear();
  quoted_ = true;
  next_line_ = line_ + 1;
  const bool blanks = delimiter_ == " ";
  const char* newline = nullptr;  // the next one, once it has been looked for: not for every field of a long line
  while (true) {
    const char* const text = skip_blanks(at, file_end);
    if (text != file_end && *text == '"') {
      at = text;
      const char* part = ++at;
      std::string* copy = nullptr;
      while (true) {
        at = find_char(at, file_end, '"');
        if (at == file_end) {
          open_quote_ = true;
          fail_line("a quotation mark opens a field and none closes it",
                    "Close it, or set the option `quote` to none if quotation marks are text.");
        }
        if (at + 1 == file_end || at[1] != '"') break;
        if (copy == nullptr) copy = &unquoted_.emplace_back();
        copy->append(part, ++at);
        part = ++at;
      }
      if (copy != nullptr) copy->append(part, at);
      const std::string_view field = copy != nullptr ? std::string_view(*copy) : view(part, at);
      next_line_ += static_cast<std::uint64_t>(std::count(field.begin(), field.end(), '\n'));
      fields_.push_back(field);
      ++at;
      if (!blanks) at = skip_blanks(at, file_end);
      if (at != file_end && *at == '\r' && (at + 1 == file_end || at[1] == '\n')) ++at;
    } else {
      if (newline == nullptr || newline < at) newline = find_char(at, file_end, '\n');
      const std::size_t length = std::min(view(at, newline).find(delimiter_), view(at, newline).size());
      fields_.push_back(view(at, at + length));
      at += length;
      if (at == newline && fields_.back().ends_with('\r')) fields_.back().remove_suffix(1);
    }
    if (at == file_end || *at == '\n') break;
    if (!view(at, file_end).starts_with(delimiter_)) {
      fail_line(fmt::format("text follows the quotation mark that closes field {}", fields_.size()),
                "Write quotation marks inside a field twice, or set the option `quote` to none if they are text.");
    }
    at += delimiter_.size();
    if (!blanks) continue;
    at = skip_blanks(at, file_end);
    if (at != file_end && *at == '\r' && (at + 1 == file_end || at[1] == '\n')) ++at;
    if (at == file_end || *at == '\n') break;
  }
  ended_by_newline_ = at != file_end;
  position_ = static_cast<std::size_t>(at - text_.data()) + (ended_by_newline_ ? 1 : 0);
}

std::string_view RecordReader::record() const {
  return text_.substr(record_begin_, position_ - record_begin_ - (ended_by_newline_ ? 1 : 0));
}

void RecordReader::require_fields(std::size_t count) const {
  std::size_t own = fields_.size();
  while (own > count && without_blanks(fields_[own - 1]).empty()) --own;
  if (own == count) return;
  if (fields_.size() < count && !ended_by_newline_ && position_ == text_.size()) {
    fail_line(fmt::format("the file ends in the middle of the line, with {} of {} fields", fields_.size(), count),
              "The file was cut short: copy or download it again.");
  }
  fail_line(fmt::format("the line has {} field{} instead of {}", fields_.size(), fields_.size() == 1 ? "" : "s", count),
            kCorrectRecord);
}

std::string_view RecordReader::id(const Column& column) const {
  const std::string_view id = without_blanks(field(column));
  if (id.empty()) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}, column {}: the id is empty.", source_.name, line_, column.name),
                std::string(kCorrectRecord));
  }
  return id;
}

float RecordReader::value(const Column& column, bool decimal_comma) const {
  const std::string_view text = without_blanks(field(column));
  if (const std::optional<float> value = decimal_comma ? parse_comma_value(text) : parse_value(text)) return *value;
  fail(column, value_problem(text),
       !decimal_comma && parse_comma_value(text) ? "Set the option `decimal` to , if the comma is a decimal point."
                                                 : kCorrectRecord);
}

std::int64_t RecordReader::time(const Column& column, TimeUnit unit) const {
  const std::string_view text = without_blanks(field(column));
  if (const std::optional<std::int64_t> time = parse_time(text, unit)) return *time;
  const TimeProblem problem = time_problem(text, unit);
  fail(column, problem.sentence, problem.hint);
}

void RecordReader::fail(const Column& column, std::string_view problem, std::string_view hint) const {
  throw Error(
      ErrorCode::invalid_input,
      fmt::format("{}, line {}, column {}: {} {}.", source_.name, line_, column.name, quote(field(column)), problem),
      std::string(hint));
}

void RecordReader::fail_line(std::string_view problem, std::string_view hint) const {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line {}: {}.", source_.name, line_, problem),
              std::string(hint));
}

SourceFile RecordReader::report(std::string_view role, std::uint64_t records) const {
  SourceFile file;
  file.path = source_.name;
  file.role = role;
  file.bytes = source_.bytes;
  file.lines = next_line_ - 1;
  file.records = records;
  file.blank_lines = blank_lines_;
  file.latin1 = source_.latin1;
  return file;
}

}  // namespace gusto
