#pragma once

#include <string>

namespace gusto {

/// How events are read, as typed in flags of the command or keys of a recipe. Empty: recognized, or the default.
struct ReadingSpec {
  std::string columns{};     ///< "user,item,-,rating" or "user=reviewer,item=sku", see OpenOptions
  std::string delimiter{};   ///< any text, or tab or space by name
  std::string quote{};       ///< csv or none
  std::string decimal{};     ///< . or ,
  std::string header{};      ///< yes or no
  std::string duplicates{};  ///< last, first, mean, sum (with weights the default), max, error or refuse
  std::string time_unit{};   ///< seconds, milliseconds, microseconds, nanoseconds, iso or yyyymmdd
  std::string weights{};     ///< "view=1,cart=3,buy=8"
  std::string half_life{};   ///< a number with a unit: 90s, 15m, 12h, 30d, 8w or 1y
  std::string transform{};   ///< log1p, log10, clip(N), binary or rank
  std::string values{};      ///< auto, strength or ignore
  bool skip_bad_lines = false;

  bool operator==(const ReadingSpec&) const = default;
};

}  // namespace gusto
