#include "gusto/data/times.h"

#include <chrono>

#include "gusto/base/text.h"

namespace gusto {
namespace {

// In seconds the first would be the year 5138; in its own unit each is the year 1973.
constexpr std::int64_t kFirstMilliseconds = 100'000'000'000;
constexpr std::int64_t kFirstMicroseconds = 1'000 * kFirstMilliseconds;
constexpr std::int64_t kFirstNanoseconds = 1'000 * kFirstMicroseconds;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

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

// "08:30", "08:30:15" or "08:30:15.250", in seconds.
std::optional<std::int64_t> read_time_of_day(Scanner& scanner) {
  const auto hour = scanner.digits(2);
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

}  // namespace

std::string_view to_string(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::seconds: return "seconds";
    case TimeUnit::milliseconds: return "milliseconds";
    case TimeUnit::microseconds: return "microseconds";
    case TimeUnit::nanoseconds: return "nanoseconds";
    case TimeUnit::yyyymmdd: return "yyyymmdd";
    case TimeUnit::iso: break;
  }
  return "iso";
}

TimeUnit recognize_time_unit(std::string_view text) {
  if (text.size() >= 8 && (text[4] == '-' || text[4] == '/') && is_digit(text[0])) return TimeUnit::iso;
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
  const std::string_view between = scanner.skip("/") ? "/" : "-";
  if (between == "-" && !scanner.skip("-")) return std::nullopt;
  const auto month = scanner.digits(2);
  if (!month || !scanner.skip(between)) return std::nullopt;
  const auto day = scanner.digits(2);
  if (!day) return std::nullopt;
  const std::optional<std::int64_t> midnight = midnight_of(*year, *month, *day);
  if (!midnight || scanner.done()) return midnight;
  if (!scanner.skip("T") && !scanner.skip("t") && !scanner.skip(" ")) return std::nullopt;
  const auto time_of_day = read_time_of_day(scanner);
  if (!time_of_day) return std::nullopt;
  const auto offset = read_offset(scanner);
  if (!offset || !scanner.done()) return std::nullopt;
  return *midnight + *time_of_day - *offset;
}

std::optional<std::int64_t> parse_time(std::string_view text, TimeUnit unit) {
  if (unit == TimeUnit::iso) return parse_iso_time(text);
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
