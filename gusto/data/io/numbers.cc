#include "gusto/data/io/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

#include "gusto/base/text.h"

namespace gusto {
namespace {

enum class Outcome { number, not_a_number, not_finite, out_of_range };

struct Reading {
  Outcome outcome;
  double number = 0;
};

Reading read_number(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc::invalid_argument || end != text.data() + text.size()) return {Outcome::not_a_number};
  if (problem == std::errc::result_out_of_range) return {Outcome::out_of_range};
  if (!std::isfinite(number)) return {Outcome::not_finite};
  if (std::abs(number) > std::numeric_limits<float>::max()) return {Outcome::out_of_range};
  return {Outcome::number, number};
}

}  // namespace

std::optional<float> parse_value_slowly(std::string_view text) {
  const Reading reading = read_number(text);
  if (reading.outcome != Outcome::number) return std::nullopt;
  return static_cast<float>(reading.number);
}

std::optional<float> parse_comma_value(std::string_view text) {
  std::string with_point(text);
  if (with_point.find('.') != std::string::npos) return std::nullopt;
  std::replace(with_point.begin(), with_point.end(), ',', '.');
  return parse_value(with_point);
}

std::string_view value_problem(std::string_view text) {
  switch (read_number(text).outcome) {
    case Outcome::not_finite: return "is not a finite number";
    case Outcome::out_of_range: return "is out of range";
    case Outcome::number:
    case Outcome::not_a_number: break;
  }
  return "is not a number";
}

}  // namespace gusto
