#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gusto {

/// Any decimal number that a float holds, by the standard library: the plain reference version of parse_value.
std::optional<float> parse_value_slowly(std::string_view text);

/// A finite decimal number, written in full and nothing else: the nearest double, rounded to float.
/// Cost     some nanoseconds; least for up to 15 digits without sign or exponent
inline std::optional<float> parse_value(std::string_view text) {
  constexpr std::size_t kExactDigits = 15;  // fit a double, as do the powers of ten: one rounding, in the division
  constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.empty() || text.size() > kExactDigits) return parse_value_slowly(text);
  std::uint64_t digits = 0;
  std::size_t point = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i] - '0');
    if (digit < 10) {
      digits = 10 * digits + digit;
    } else if (text[i] == '.' && point == text.size()) {
      point = i;
    } else {
      return parse_value_slowly(text);
    }
  }
  if (point == text.size()) return static_cast<float>(digits);
  if (text.size() == 1) return std::nullopt;
  return static_cast<float>(static_cast<double>(digits) / kPowers[text.size() - 1 - point]);
}

/// The same of a number whose decimal point is a comma.
std::optional<float> parse_comma_value(std::string_view text);

/// Why parse_value refused: "is not a number", "is not a finite number" or "is out of range".
std::string_view value_problem(std::string_view text);

}  // namespace gusto
