#pragma once

/// How the texts of a ReadingSpec become options.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gusto/data/io/reading_spec.h"
#include "gusto/data/open_options.h"

namespace gusto {

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
