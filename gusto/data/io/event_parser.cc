#include "gusto/data/io/event_parser.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/matrix_format.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read from their lowest byte on");

constexpr std::size_t kWord = sizeof(std::uint64_t);
static_assert(TextBlock::kPadding >= 2 * kWord, "words are read beyond the end");
constexpr std::size_t kExamples = 8;
constexpr std::string_view kCorrect = "Correct the line, or remove it.";

constexpr std::uint64_t in_each_byte(char c) { return 0x0101010101010101 * static_cast<unsigned char>(c); }

std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, kWord);
  return word;
}

// The first `size` bytes of a word, then zeros.
std::uint64_t first_bytes(std::uint64_t word, std::size_t size) {
  return size >= kWord ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

// A word whose lowest set bit is in the first byte that is zero; 0 if there is none.
std::uint64_t zero_bytes(std::uint64_t word) { return (word - 0x0101010101010101) & ~word & 0x8080808080808080; }

// The first of two characters from `at` on; one is behind every text.
const char* find_either(const char* at, std::uint64_t a, std::uint64_t b) {
  while (true) {
    const std::uint64_t word = load_word(at);
    const std::uint64_t found = zero_bytes(word ^ a) | zero_bytes(word ^ b);
    if (found != 0) return at + std::countr_zero(found) / 8;
    at += kWord;
  }
}

// How many bytes of a word, from the first on, are digits.
std::size_t leading_digits(std::uint64_t word) {
  const std::uint64_t high = word ^ 0x3030303030303030;  // 0 to 9 of digits
  const std::uint64_t others = ((high + 0x7676767676767676) | high) & 0x8080808080808080;
  return static_cast<std::size_t>(std::countr_zero(others)) / 8;
}

// The number that the first `count` digits of a word make, up to eight: neighbors are joined to pairs, these to fours,
// these to one.
std::uint64_t number_of_digits(std::uint64_t word, std::size_t count) {
  std::uint64_t digits = (word ^ 0x3030303030303030) << (8 * (kWord - count));
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  return ((digits & kPairs) * (100 + (1'000'000ULL << 32)) + ((digits >> 16) & kPairs) * (1 + (10'000ULL << 32))) >> 32;
}

// Reads up to 15 digits into `number`; returns where they end, or null if there are none or more.
const char* read_digits(const char* at, std::int64_t& number) {
  const std::uint64_t word = load_word(at);
  const std::size_t count = leading_digits(word);
  if (count == 0) return nullptr;
  std::uint64_t result = number_of_digits(word, count);
  at += count;
  if (count == kWord) {
    constexpr std::uint64_t kPowers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};
    const std::uint64_t rest = load_word(at);
    const std::size_t more = leading_digits(rest);
    if (more == kWord) return nullptr;
    if (more > 0) result = result * kPowers[more] + number_of_digits(rest, more);
    at += more;
  }
  number = static_cast<std::int64_t>(result);
  return at;
}

bool has_blanks(std::string_view text) {
  return static_cast<unsigned char>(text.front()) <= ' ' || static_cast<unsigned char>(text.back()) <= ' ';
}

}  // namespace

EventParser::EventParser(const EventFormat& format, bool skip_bad_lines, Path path)
    : format_(format), skip_bad_lines_(skip_bad_lines) {
  fast_ = path == Path::fast && format.form == LineForm::fields && format.delimiter.size() <= 2;
  if (format.form != LineForm::fields) return;
  cells_.assign(format.fields, Cell::skipped);
  cells_[format.user.index] = Cell::user;
  cells_[format.item.index] = Cell::item;
  if (format.value) cells_[format.value->index] = Cell::value;
  if (format.time) {
    // More digits than read_digits takes, and dates, are read as text.
    const bool digits = format.time_unit == TimeUnit::seconds || format.time_unit == TimeUnit::milliseconds;
    cells_[format.time->index] = digits ? Cell::digits : Cell::time;
    if (digits) units_per_second_ = units_per_second(format.time_unit);
  }
  if (format.kind) cells_[format.kind->index] = Cell::kind;
}

void EventParser::parse(const std::string& name, const TextBlock& block, std::size_t begin, EventBlock& out) {
  const SourceText source{name, block.text(), block.text().size(), false, nullptr};
  const std::string_view text = source.text;
  out.users.begin(text);
  out.items.begin(text);
  out.events.clear();
  out.examples.clear();
  out.open.reset();
  out.lines = out.blank_lines = out.records = out.weightless = out.bad_records = 0;
  out.quoted = out.spanning = out.first_spanning = 0;
  out.kinds.counts.clear();
  last_user_ = 0;  // of no user

  const bool plain = is_plain_text(text);  // else each record is looked at
  RecordReader reader(source, format_.delimiter, format_.quotes);
  const char* const end = text.data() + text.size();
  const char* at = text.data() + begin;
  while (at < end) {
    if (plain && fast_) {
      if (const char* const next = read_fast(at, static_cast<std::uint32_t>(out.lines), out)) {
        at = next;
        ++out.lines;
        ++out.records;
        continue;
      }
    }
    const auto position = static_cast<std::size_t>(at - text.data());
    const std::uint64_t blank_lines = reader.blank_lines();
    reader.seek(position, out.lines);
    bool good = true;
    try {
      if (!reader.next()) {
        out.blank_lines += reader.blank_lines() - blank_lines;
        out.lines = reader.next_line();
        break;
      }
      if (!plain) require_plain_text(name, reader.record(), 0);
      read_record(reader, static_cast<std::uint32_t>(reader.line()), out);
    } catch (const Error&) {
      good = false;
    }
    out.blank_lines += reader.blank_lines() - blank_lines;
    if (good) {
      ++out.records;
      if (reader.quoted()) ++out.quoted;
      if (reader.quoted() && reader.next_line() > reader.line() + 1 && out.spanning++ == 0) {
        out.first_spanning = reader.line();
      }
      out.lines = reader.next_line();
      at = text.data() + reader.position();
      continue;
    }
    const EventBlock::BadRecord bad{reader.record_begin(), reader.line()};
    if (reader.open_quote() && !block.last) {
      out.open = bad;
      out.lines = bad.line;
      return;
    }
    ++out.bad_records;
    if (out.examples.size() < kExamples) out.examples.push_back(bad);
    if (!skip_bad_lines_) return;
    out.lines = bad.line + 1;
    at = text.data() + bad.position;
    at = std::find(at, end, '\n') + 1;
  }
}

void EventParser::complain(const std::string& name, const TextBlock& block, std::size_t position,
                           std::uint64_t line) const {
  const SourceText source{name, block.text(), block.text().size(), false, nullptr};
  RecordReader reader(source, format_.delimiter, format_.quotes);
  reader.seek(position, line);
  reader.next();
  require_plain_text(name, reader.record(), line);
  EventBlock ignored;
  ignored.users.begin(source.text);
  ignored.items.begin(source.text);
  read_record(reader, 0, ignored);
  throw Error(ErrorCode::internal, fmt::format("{}, line {}: the line was refused and can be read.", name, line));
}

// Reads the line at `at` and returns where the next one begins, or adds nothing and returns null.
const char* EventParser::read_fast(const char* at, std::uint32_t line, EventBlock& out) {
  constexpr std::uint64_t kNewline = in_each_byte('\n');
  const bool quotes = format_.quotes == Quotes::csv;
  const char first = format_.delimiter.front(), second = format_.delimiter.back();
  const bool two = format_.delimiter.size() == 2, blanks = first == ' ';
  const std::uint64_t delimiter = in_each_byte(first);
  const Cell* const cells = cells_.data();
  const std::size_t count = cells_.size();
  std::string_view user, item, kind;
  float value = 1;
  std::int64_t time = kNoTime;
  bool any_quoted = false;
  for (std::size_t c = 0; c < count; ++c) {
    // A blank may stand before a quotation mark, or be one of several that are one delimiter.
    if (*at == ' ' && (quotes || blanks)) return nullptr;
    const bool quoted = quotes && *at == '"';
    any_quoted |= quoted;
    at += quoted ? 1 : 0;
    const char* end = cells[c] == Cell::digits ? read_digits(at, time)
                                               : find_either(at, quoted ? in_each_byte('"') : delimiter, kNewline);
    if (end == nullptr) return nullptr;
    const char* stop = end;
    if (quoted) {
      if (*stop != '"') return nullptr;
      ++stop;
    }
    if (c + 1 < count) {
      if (*stop++ != first) return nullptr;
      if (two && *stop++ != second) return nullptr;
    } else {
      for (std::size_t empty = 0; empty < format_.trailing; ++empty) {
        if (*stop++ != first) return nullptr;
        if (two && *stop++ != second) return nullptr;
      }
      if (*stop == '\r') ++stop;
      if (*stop++ != '\n') return nullptr;
      if (!quoted && end > at && end[-1] == '\r') --end;
    }
    const std::string_view text(at, static_cast<std::size_t>(end - at));
    switch (cells[c]) {
      case Cell::skipped:
      case Cell::digits: break;
      case Cell::user: user = text; break;
      case Cell::item: item = text; break;
      case Cell::kind: kind = text; break;
      case Cell::value:
        if (!value_of(text, value)) return nullptr;
        break;
      case Cell::time: {
        const std::optional<std::int64_t> parsed = parse_time(text, format_.time_unit);
        if (!parsed) return nullptr;
        time = *parsed;
        break;
      }
    }
    at = stop;
  }
  if (user.empty() || item.empty() || has_blanks(user) || has_blanks(item)) return nullptr;
  if (format_.time) {
    if (units_per_second_ > 1) time /= units_per_second_;
    if (time > kLatestTime) return nullptr;
  }
  if (format_.kind) {
    const std::optional<float> weight = weight_of(kind, out);
    if (!weight) return nullptr;
    value *= *weight;
    if (!std::isfinite(value)) return nullptr;
    if (*weight == 0) {
      ++out.weightless;
      return at;
    }
  }
  if (any_quoted) ++out.quoted;
  const std::uint32_t user_at = user_row(user, out);
  const std::uint32_t item_at = item.size() <= kWord
                                    ? out.items.add_word(first_bytes(load_word(item.data()), item.size()), item)
                                    : out.items.add(item);
  out.events.push_back({user_at, item_at, value, line, time});
  return at;
}

// Events of one user often come one after the other.
std::uint32_t EventParser::user_row(std::string_view id, EventBlock& out) {
  if (id.size() > kWord) return out.users.add(id);
  const std::uint64_t word = first_bytes(load_word(id.data()), id.size());
  if (word != last_user_) {
    last_user_row_ = out.users.add_word(word, id);
    last_user_ = word;
  }
  return last_user_row_;
}

// Values are few: each is read once and known from then on.
bool EventParser::value_of(std::string_view text, float& value) {
  if (text.empty()) return false;
  if (text.size() > kWord) {
    const std::optional<float> parsed = format_.decimal_comma ? parse_comma_value(text) : parse_value(text);
    value = parsed.value_or(0);
    return parsed.has_value();
  }
  const std::uint64_t word = first_bytes(load_word(text.data()), text.size());
  KnownValue& known = values_[(word ^ (word >> 16)) % values_.size()];
  if (known.word != word) {
    const std::optional<float> parsed = format_.decimal_comma ? parse_comma_value(text) : parse_value(text);
    if (!parsed) return false;
    known = {word, *parsed};
  }
  value = known.value;
  return true;
}

std::optional<float> EventParser::weight_of(std::string_view kind, EventBlock& out) const {
  if (format_.weights.empty()) {
    out.kinds.add(kind);
    return 1.0f;
  }
  for (const auto& [name, weight] : format_.weights) {
    if (name == kind) return weight;
  }
  return std::nullopt;
}

void EventParser::read_record(const RecordReader& reader, std::uint32_t line, EventBlock& out) const {
  switch (format_.form) {
    case LineForm::fields: read_fields(reader, line, out); break;
    case LineForm::lists: read_list(reader, line, out); break;
    case LineForm::json: read_json(reader, line, out); break;
    case LineForm::matrix: read_matrix(reader, line, out); break;
  }
}

void EventParser::read_fields(const RecordReader& reader, std::uint32_t line, EventBlock& out) const {
  reader.require_fields(format_.fields);
  const std::string_view user = reader.id(format_.user);
  const std::string_view item = reader.id(format_.item);
  float value = format_.value ? reader.value(*format_.value, format_.decimal_comma) : 1.0f;
  const std::int64_t time = format_.time ? reader.time(*format_.time, format_.time_unit) : kNoTime;
  if (format_.kind) {
    const std::string_view kind = trim(reader.field(*format_.kind));
    const std::optional<float> weight = weight_of(kind, out);
    if (!weight) {
      reader.fail(*format_.kind, "has no weight",
                  fmt::format("Add {}=… to the option `weights`; weight 0 leaves such events out.", kind));
    }
    if (*weight == 0) {
      ++out.weightless;
      return;
    }
    value *= *weight;
    if (!std::isfinite(value)) reader.fail(*format_.value, "is out of range once its kind has been weighed", kCorrect);
  }
  const std::uint32_t user_at = out.users.add(user);
  out.events.push_back({user_at, out.items.add(item), value, line, time});
}

void EventParser::read_list(const RecordReader& reader, std::uint32_t line, EventBlock& out) const {
  std::optional<std::uint32_t> user;
  for (const std::string_view field : reader.fields()) {
    const std::string_view id = trim(field);
    if (id.empty()) continue;
    if (!user) user = out.users.add(id);
    else out.events.push_back({*user, out.items.add(id), 1, line, kNoTime});
  }
}

void EventParser::read_matrix(const RecordReader& reader, std::uint32_t line, EventBlock& out) const {
  reader.require_fields(format_.fields);
  const std::size_t before = out.events.size();
  // Whoever takes the block in knows how many lines there were before it.
  const std::uint32_t user = format_.numbered_users ? out.users.add(fmt::format("{}", out.records + 1))
                                                    : out.users.add(reader.id(format_.user));
  try {
    for (const Column& item : format_.matrix) {
      if (is_none_cell(trim(reader.field(item)))) continue;
      const float value = reader.value(item, format_.decimal_comma);
      if (value != format_.none) out.events.push_back({user, out.items.add(item.name), value, line, kNoTime});
    }
  } catch (const Error&) {
    out.events.resize(before);
    throw;
  }
}

}  // namespace gusto
