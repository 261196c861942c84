#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gusto {

/// The end of the year 9999, the latest time that a reader accepts, and with a minus sign the earliest.
inline constexpr std::int64_t kLatestTime = 253402300799;

/// How a column of times is written.
enum class TimeUnit {
  seconds,       ///< since 1970, UTC: "978300760"; a fraction is left out: "978300760.25"
  milliseconds,  ///< since 1970, UTC: "978300760000"
  microseconds,  ///< in the same way
  nanoseconds,
  iso,       ///< ISO 8601, as in parse_iso_time
  yyyymmdd,  ///< digits of a date: "20191001"; or with the time of day, UTC: "20191001083015"
  dmy,       ///< day, month and year, as in parse_local_date: "14.07.2017 14:05", "14 Jul 2017"
  mdy,       ///< month, day and year: "7/14/2017 2:05 PM", "July 14, 2017"
};
std::string_view to_string(TimeUnit unit);

/// How many of a unit there are in a second; 1 of dates.
constexpr std::int64_t units_per_second(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::milliseconds: return 1'000;
    case TimeUnit::microseconds: return 1'000'000;
    case TimeUnit::nanoseconds: return 1'000'000'000;
    default: return 1;
  }
}

/// The unit that a time is most likely in: of a text that looks like a date, iso, mdy or dmy, which is meant where both
/// may be, see is_either_way; of a number yyyymmdd if it is a date from 1900 to 2100 in that form; else milliseconds
/// from 10¹¹, microseconds from 10¹⁴, nanoseconds from 10¹⁷.
TimeUnit recognize_time_unit(std::string_view text);
TimeUnit recognize_time_unit(std::int64_t number);

/// Seconds since 1970 (UTC) of an ISO 8601 date, with or without a time of day and an offset from UTC, which is meant
/// where none is given: "2019-10-01", "2019/10/01", "2019.10.01", "2019-10-01 08:30", "2019-10-01T08:30:15.250Z",
/// "2019-10-01 08:30:15+02:00 UTC". Fractions of a second are left out. Nothing if it is none, such as a 30th of
/// February.
std::optional<std::int64_t> parse_iso_time(std::string_view text);
/// The same of a date that begins with its day, or else with its month: numbers between points, hyphens or slashes, or
/// the month's English name; with or without a time of day, by 24 or by twelve hours, and an offset.
std::optional<std::int64_t> parse_local_date(std::string_view text, bool day_first);
/// Whether a date such as 03/04/2017 may begin with its day as well as with its month.
bool is_either_way(std::string_view text);
/// The same of a number that is a date in the form yyyymmdd or yyyymmddhhmmss.
std::optional<std::int64_t> time_of_digits(std::int64_t number);

/// A time in a column's unit, in seconds since 1970, rounded down. Nothing if it is beyond ±kLatestTime.
std::optional<std::int64_t> parse_time(std::string_view text, TimeUnit unit);

/// Why parse_time refused, to follow the text: "is not a whole number of seconds"; and what to do about it.
struct TimeProblem {
  std::string_view sentence;
  std::string_view hint;
};
TimeProblem time_problem(std::string_view text, TimeUnit unit);

}  // namespace gusto
