#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// Bytes for people: "812 B", "1.4 MiB", "23 GiB".
std::string format_bytes(std::uint64_t bytes);
/// The reverse, as typed: "8G", "512M", "1.5GiB", "4096"; nothing if it is no size.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// A duration for people: "0.34 s", "12.1 s", "3 min 5 s".
std::string format_seconds(double seconds);
/// An estimate of one: "40 seconds", "3 minutes", "1.5 hours".
std::string format_about(double seconds);
/// As typed, in seconds: "90s", "2m", "1.5h", "30d", "8w", "1y"; nothing if it is no length of time.
std::optional<double> parse_duration(std::string_view text);

/// A whole number with separators for people: "1,000,209".
std::string format_count(std::uint64_t count);

/// Seconds since 1970 as a UTC date and time: "2003-02-28 17:49:50".
std::string format_time(std::int64_t unix_seconds);

/// The smallest number of insertions, deletions, substitutions and swaps of neighbors between two byte strings, or
/// limit + 1 as soon as it is known to be above the limit (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit = 64);

/// The candidate closest in spelling to `name`, if any is close enough to be what was meant.
std::optional<std::string_view> nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// ASCII letters lowered, other bytes kept.
std::string to_lower(std::string_view text);

std::string_view trim(std::string_view text);

/// The parts between separators; "a,,b" gives three, "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, std::string_view separator);

/// The texts with the separator between them; the reverse of split().
template <class Texts>
std::string join(const Texts& texts, std::string_view separator) {
  std::string result;
  bool first = true;
  for (const auto& text : texts) {
    if (!first) result += separator;
    first = false;
    result += text;
  }
  return result;
}

/// A finite number, written in full and nothing else ("3.5", "-1e3"); nothing otherwise.
std::optional<double> parse_real(std::string_view text);
/// A whole number, written in full and nothing else; nothing otherwise or if it doesn't fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

bool is_utf8(std::string_view text);
std::string latin1_to_utf8(std::string_view text);

/// Text for an error message: quotes around it, control characters escaped, cut after `limit` bytes.
std::string quote(std::string_view text, std::size_t limit = 60);

}  // namespace gusto
