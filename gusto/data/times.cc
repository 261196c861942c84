#include "gusto/data/times.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "gusto/base/text.h"

namespace gusto {
namespace {

// In seconds the first would be the year 5138; in its own unit each is the year 1973.
constexpr std::int64_t kFirstMilliseconds = 100'000'000'000;
constexpr std::int64_t kFirstMicroseconds = 1'000 * kFirstMilliseconds;
constexpr std::int64_t kFirstNanoseconds = 1'000 * kFirstMicroseconds;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Reads a text from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  /// A number of exactly so many digits.
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      number = 10 * number + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }
  /// A number of up to so many digits, at least one.
  std::optional<int> up_to(std::size_t most) {
    std::size_t count = 0;
    while (count < most && count < rest_.size() && is_digit(rest_[count])) ++count;
    return count == 0 ? std::nullopt : digits(count);
  }
  /// The letters that come next.
  std::string_view word() {
    std::size_t count = 0;
    while (count < rest_.size() && is_letter(rest_[count])) ++count;
    const std::string_view letters = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return letters;
  }
  /// Whatever of such characters comes next; whether there was any.
  bool skip_any(std::string_view characters) {
    const std::size_t count = std::min(rest_.find_first_not_of(characters), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }
  /// Leaves out a fraction: digits after the point, at least one. False if there is a point and no digit.
  bool skip_fraction() {
    if (!skip(".") && !skip(",")) return true;
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    rest_.remove_prefix(count);
    return count > 0;
  }

 private:
  std::string_view rest_;
};

// "08:30", "08:30:15" or "08:30:15.250" behind the hour, in seconds.
std::optional<std::int64_t> read_time_of_day(Scanner& scanner, std::optional<int> hour) {
  if (!hour || !scanner.skip(":")) return std::nullopt;
  const auto minute = scanner.digits(2);
  if (!minute) return std::nullopt;
  int second = 0;
  if (scanner.skip(":")) {
    const auto given = scanner.digits(2);
    if (!given || !scanner.skip_fraction()) return std::nullopt;
    second = *given;
  }
  // A leap second is the last one of its minute here.
  if (*hour > 23 || *minute > 59 || second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + (second == 60 ? 59 : second);
}

// "Z", "UTC", "+02:00", "+0200", "+02" or nothing, in seconds.
std::optional<std::int64_t> read_offset(Scanner& scanner) {
  scanner.skip(" ");
  if (scanner.done() || scanner.skip("Z") || scanner.skip("z") || scanner.skip("UTC") || scanner.skip("GMT")) return 0;
  const int sign = scanner.skip("+") ? 1 : scanner.skip("-") ? -1 : 0;
  const auto hours = scanner.digits(2);
  if (sign == 0 || !hours) return std::nullopt;
  int minutes = 0;
  if (!scanner.done()) {
    scanner.skip(":");
    const auto given = scanner.digits(2);
    if (!given) return std::nullopt;
    minutes = *given;
  }
  if (*hours > 23 || minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + minutes * 60);
}

// Nothing for a day that no month has.
std::optional<std::int64_t> midnight_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400};
}

// 1 to 12 of "Jul" or "July".
std::optional<int> month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                     "may",       "june",     "july",     "august",
                                                     "september", "october",  "november", "december"};
  const std::string name = to_lower(word);
  for (std::size_t m = 0; m < kMonths.size(); ++m) {
    if (name.size() >= 3 && kMonths[m].starts_with(name)) return static_cast<int>(m) + 1;
  }
  return std::nullopt;
}

// The numbers of a date such as 14.07.2017, in their order; what stands between them does not differ.
struct DateNumbers {
  int first, second, year;
};
std::optional<DateNumbers> read_date_numbers(Scanner& scanner) {
  const auto first = scanner.up_to(2);
  if (!first) return std::nullopt;
  for (const std::string_view between : {".", "/", "-"}) {
    if (!scanner.skip(between)) continue;
    const auto second = scanner.up_to(2);
    if (!second || !scanner.skip(between)) return std::nullopt;
    const auto year = scanner.digits(4);
    if (!year) return std::nullopt;
    return DateNumbers{*first, *second, *year};
  }
  return std::nullopt;
}

// The same with the month's name: 14 Jul 2017, or July 14, 2017.
std::optional<DateNumbers> read_named_date(Scanner& scanner, bool day_first) {
  std::optional<int> day, month;
  if (day_first) day = scanner.up_to(2);
  if (day_first && !scanner.skip_any(" .-/")) return std::nullopt;
  month = month_of(scanner.word());
  if (!scanner.skip_any(" .,-/")) return std::nullopt;
  if (!day_first) day = scanner.up_to(2);
  if (!day_first && !scanner.skip_any(" ,-/")) return std::nullopt;
  const auto year = scanner.digits(4);
  if (!day || !month || !year) return std::nullopt;
  return day_first ? DateNumbers{*day, *month, *year} : DateNumbers{*month, *day, *year};
}

std::optional<DateNumbers> date_numbers(Scanner& scanner, bool day_first) {
  Scanner other = scanner;
  if (const auto numbers = read_date_numbers(scanner)) return numbers;
  scanner = other;
  return read_named_date(scanner, day_first);
}

}  // namespace

std::string_view to_string(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::seconds: return "seconds";
    case TimeUnit::milliseconds: return "milliseconds";
    case TimeUnit::microseconds: return "microseconds";
    case TimeUnit::nanoseconds: return "nanoseconds";
    case TimeUnit::yyyymmdd: return "yyyymmdd";
    case TimeUnit::dmy: return "dmy";
    case TimeUnit::mdy: return "mdy";
    case TimeUnit::iso: break;
  }
  return "iso";
}

TimeUnit recognize_time_unit(std::string_view text) {
  const bool year = text.size() >= 8 && std::all_of(text.begin(), text.begin() + 4, is_digit);
  if (year && (text[4] == '-' || text[4] == '/' || (text[4] == '.' && text.find('.', 5) == 7))) return TimeUnit::iso;
  if (text.size() >= 8 && text.find_first_of("/-. ", 1) != std::string_view::npos) {
    if (parse_local_date(text, true)) return TimeUnit::dmy;
    if (parse_local_date(text, false)) return TimeUnit::mdy;
  }
  const std::optional<std::int64_t> number = parse_integer(text.substr(0, text.find('.')));
  return recognize_time_unit(number.value_or(0));
}

TimeUnit recognize_time_unit(std::int64_t number) {
  if (number >= kFirstNanoseconds) return TimeUnit::nanoseconds;
  if (number >= kFirstMicroseconds) return TimeUnit::microseconds;
  if (number >= kFirstMilliseconds) return TimeUnit::milliseconds;
  if (number >= 19'000'101 && number <= 21'001'231 && time_of_digits(number)) return TimeUnit::yyyymmdd;
  return TimeUnit::seconds;
}

std::optional<std::int64_t> time_of_digits(std::int64_t number) {
  constexpr std::int64_t kWithTimeOfDay = 10'000'101'000000;
  const std::int64_t date = number >= kWithTimeOfDay ? number / 1'000'000 : number;
  const std::int64_t clock = number >= kWithTimeOfDay ? number % 1'000'000 : 0;
  const std::optional<std::int64_t> midnight = midnight_of(date / 10'000, date / 100 % 100, date % 100);
  const std::int64_t hour = clock / 10'000, minute = clock / 100 % 100, second = clock % 100;
  if (!midnight || date < 10'000'101 || date > 99'991'231 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return *midnight + hour * 3600 + minute * 60 + second;
}

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  Scanner scanner(text);
  const auto year = scanner.digits(4);
  if (!year) return std::nullopt;
  const std::string_view between = scanner.skip("/") ? "/" : scanner.skip(".") ? "." : "-";
  if (between == "-" && !scanner.skip("-")) return std::nullopt;
  const auto month = scanner.digits(2);
  if (!month || !scanner.skip(between)) return std::nullopt;
  const auto day = scanner.digits(2);
  if (!day) return std::nullopt;
  const std::optional<std::int64_t> midnight = midnight_of(*year, *month, *day);
  if (!midnight || scanner.done()) return midnight;
  if (!scanner.skip("T") && !scanner.skip("t") && !scanner.skip(" ")) return std::nullopt;
  const auto time_of_day = read_time_of_day(scanner, scanner.digits(2));
  if (!time_of_day) return std::nullopt;
  const auto offset = read_offset(scanner);
  if (!offset || !scanner.done()) return std::nullopt;
  return *midnight + *time_of_day - *offset;
}

std::optional<std::int64_t> parse_local_date(std::string_view text, bool day_first) {
  Scanner scanner(text);
  const auto numbers = date_numbers(scanner, day_first);
  if (!numbers) return std::nullopt;
  const auto [first, second, year] = *numbers;
  const auto midnight = day_first ? midnight_of(year, second, first) : midnight_of(year, first, second);
  if (!midnight || scanner.done()) return midnight;
  if (!scanner.skip_any(" ,T")) return std::nullopt;
  const auto hour = scanner.up_to(2);
  auto time_of_day = read_time_of_day(scanner, hour);
  if (!time_of_day) return std::nullopt;
  Scanner behind = scanner;
  behind.skip(" ");
  if (const std::string half = to_lower(behind.word()); half == "am" || half == "pm") {
    if (*hour < 1 || *hour > 12) return std::nullopt;
    if (*hour == 12) *time_of_day -= 12 * 3600;
    if (half == "pm") *time_of_day += 12 * 3600;
    scanner = behind;
  }
  const auto offset = read_offset(scanner);
  if (!offset || !scanner.done()) return std::nullopt;
  return *midnight + *time_of_day - *offset;
}

bool is_either_way(std::string_view text) {
  Scanner scanner(text);
  const auto numbers = read_date_numbers(scanner);
  return numbers && text.find('.') > text.find_first_of("/-") && parse_local_date(text, true) &&
         parse_local_date(text, false);
}

std::optional<std::int64_t> parse_time(std::string_view text, TimeUnit unit) {
  if (unit == TimeUnit::iso) return parse_iso_time(text);
  if (unit == TimeUnit::dmy || unit == TimeUnit::mdy) return parse_local_date(text, unit == TimeUnit::dmy);
  const std::size_t point = text.find('.');
  bool fraction = false;  // other than zero
  if (point != std::string_view::npos) {
    const std::string_view digits = text.substr(point + 1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    fraction = digits.find_first_not_of('0') != std::string_view::npos;
  }
  std::optional<std::int64_t> number = parse_integer(text.substr(0, point));
  if (!number) return std::nullopt;
  if (unit == TimeUnit::yyyymmdd) return fraction ? std::nullopt : time_of_digits(*number);
  const std::int64_t per_second = units_per_second(unit);
  const std::int64_t rest = *number % per_second;
  std::int64_t seconds = *number / per_second;
  if (text.front() == '-' && (rest != 0 || fraction)) --seconds;
  if (seconds > kLatestTime || seconds < -kLatestTime) return std::nullopt;
  return seconds;
}

TimeProblem time_problem(std::string_view text, TimeUnit unit) {
  const bool number =
      !text.empty() && text.find_first_not_of("0123456789", text[0] == '-' ? 1 : 0) == std::string_view::npos;
  const bool too_late = number && text != "-";
  constexpr std::string_view kTooLate = "is a time after the year 9999 or as long before 1970";
  switch (unit) {
    case TimeUnit::iso:
      return {"is no date as ISO 8601 writes it",
              "Write times such as 2019-10-01 08:30:15, or name the unit of times."};
    case TimeUnit::yyyymmdd:
      return {"is no date of the form yyyymmdd", "Write times such as 20191001, or name the unit of times."};
    case TimeUnit::dmy:
      return {"is no date of day, month and year", "Write times such as 14.07.2017 14:05, or name the unit of times."};
    case TimeUnit::mdy:
      return {"is no date of month, day and year", "Write times such as 7/14/2017 2:05 PM, or name the unit of times."};
    case TimeUnit::seconds:
      if (too_late) return {kTooLate, "Write times in seconds since 1970; these may be milliseconds."};
      return {"is not a whole number of seconds", "Write times as whole seconds since 1970."};
    case TimeUnit::milliseconds:
      if (too_late) return {kTooLate, "Write times in milliseconds since 1970."};
      return {"is not a whole number of milliseconds", "Write times as whole milliseconds since 1970."};
    case TimeUnit::microseconds:
      if (too_late) return {kTooLate, "Write times in microseconds since 1970."};
      return {"is not a whole number of microseconds", "Write times as whole microseconds since 1970."};
    case TimeUnit::nanoseconds: break;
  }
  if (too_late) return {kTooLate, "Write times in nanoseconds since 1970."};
  return {"is not a whole number of nanoseconds", "Write times as whole nanoseconds since 1970."};
}

}  // namespace gusto
