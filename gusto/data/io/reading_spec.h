#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gusto/data/open_options.h"

namespace gusto {

/// How events are read, as typed in flags of the command or keys of a recipe. Empty: recognized, or the default.
struct ReadingSpec {
  std::string columns{};    ///< "user,item,-,rating" or "user=reviewer,item=sku", see OpenOptions
  std::string delimiter{};  ///< any text, or tab or space by name
  std::string quote{};      ///< csv or none
  std::string decimal{};    ///< . or ,
  std::string header{};     ///< yes or no
  std::string
      duplicates{};  ///< last, first, mean, sum, max, error or refuse, which is the same; sum if there are weights
  std::string time_unit{};  ///< seconds, milliseconds, microseconds, nanoseconds, iso or yyyymmdd
  std::string weights{};    ///< "view=1,cart=3,buy=8"
  std::string half_life{};  ///< a number with a unit: 90s, 15m, 12h, 30d, 8w or 1y
  std::string transform{};  ///< log1p, log10, clip(N), binary or rank
  std::string values{};     ///< auto, strength or ignore
  bool skip_bad_lines = false;

  bool operator==(const ReadingSpec&) const = default;
};

/// The texts, by the names that flags (with dashes) and recipes have for them.
inline constexpr std::array<std::pair<std::string_view, std::string ReadingSpec::*>, 11> kReadingTexts{
    {{"columns", &ReadingSpec::columns},
     {"delimiter", &ReadingSpec::delimiter},
     {"quote", &ReadingSpec::quote},
     {"decimal", &ReadingSpec::decimal},
     {"header", &ReadingSpec::header},
     {"duplicates", &ReadingSpec::duplicates},
     {"time_unit", &ReadingSpec::time_unit},
     {"weights", &ReadingSpec::weights},
     {"half_life", &ReadingSpec::half_life},
     {"transform", &ReadingSpec::transform},
     {"values", &ReadingSpec::values}}};

/// What is not typed in `first` is taken from `second`.
ReadingSpec completed(ReadingSpec first, const ReadingSpec& second);

/// Error(invalid_option), naming the option, for what makes no sense.
OpenOptions parse_reading(const ReadingSpec& spec);

}  // namespace gusto
