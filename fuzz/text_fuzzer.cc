// Text from anyone: numbers are read wholly or not at all, Latin-1 always becomes UTF-8, messages stay short and
// printable.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/text.h"

using gusto::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  if (const auto number = gusto::parse_real(input)) require(std::isfinite(*number));
  if (const auto number = gusto::parse_integer(input)) require(gusto::parse_integer(std::to_string(*number)) == number);
  static_cast<void>(gusto::parse_bytes(input));
  require(gusto::is_utf8(gusto::latin1_to_utf8(input)));
  require(gusto::quote(input).size() <= 400);

  std::size_t length = 0;
  const auto parts = gusto::split(input, "::");
  for (const std::string_view part : parts) length += part.size();
  require(length + 2 * (parts.size() - 1) == input.size());

  const std::string_view half = input.substr(0, size / 2);
  require(gusto::edit_distance(half, half) == 0);
  require(gusto::edit_distance(half, input, 1000) == std::min<std::size_t>(size - half.size(), 1001));
  return 0;
}
