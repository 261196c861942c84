#pragma once

#include <cstdint>

namespace gusto::nn {

/// A time in UTC, by the Gregorian calendar.
struct Calendar {
  std::int64_t day;       ///< since 1970-01-01
  std::int64_t year;      ///< astronomical: the year before 1 is 0
  std::uint32_t month;    ///< 0 is January
  std::uint32_t weekday;  ///< 0 is Monday
  std::uint32_t hour;
};

/// Of seconds since 1970, any that fit.
/// Source   Hinnant: chrono-compatible low-level date algorithms (civil_from_days)
constexpr Calendar calendar_of(std::int64_t time) {
  const auto floor_divide = [](std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  Calendar result{};
  result.day = floor_divide(time, 86400);
  result.hour = static_cast<std::uint32_t>((time % 86400 + 86400) % 86400 / 3600);
  result.weekday = static_cast<std::uint32_t>(((result.day + 3) % 7 + 7) % 7);
  const std::int64_t shifted = result.day + 719468;  // since 0000-03-01
  const std::int64_t era = floor_divide(shifted, 146097);
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  result.month = static_cast<std::uint32_t>((month_from_march + 2) % 12);
  result.year = year_of_era + era * 400 + (result.month < 2 ? 1 : 0);
  return result;
}

}  // namespace gusto::nn
