#include "gusto/data/io/text_shape.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

using Lines = std::vector<std::string_view>;

// In order of preference, where several divide the first lines into equally many fields.
constexpr std::array<std::string_view, 5> kDelimiters{"\t", "::", ";", "|", ","};

// Fields of a line, where quotation marks may hide delimiters.
std::size_t count_fields(std::string_view line, std::string_view delimiter) {
  std::size_t count = 1;
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') inside = !inside;
    if (inside || !line.substr(i).starts_with(delimiter)) continue;
    ++count;
    i += delimiter.size() - 1;
  }
  return count;
}

std::size_t count_words(std::string_view line) {
  std::size_t count = 0;
  bool inside = false, quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const bool blank = c == ' ' && !quoted;
    if (!blank && !inside) ++count;
    inside = !blank;
  }
  return count;
}

std::string_view next_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The delimiter of a line such as sep=; or nothing.
std::string_view separator_named(std::string_view line) {
  if (line.starts_with('"') && line.ends_with('"') && line.size() > 1) line = line.substr(1, line.size() - 2);
  if (line.size() != 5 || to_lower(line.substr(0, 4)) != "sep=") return {};
  return line.substr(4);
}

bool is_remark(std::string_view line) {
  return line.starts_with("# ") || line.starts_with("% ") || line == "#" || line == "%";
}

}  // namespace

Preamble preamble_of(std::string_view text) {
  Preamble preamble;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (const std::string_view named = separator_named(line); !named.empty() && preamble.delimiter.empty()) {
      preamble.delimiter = named;
    } else if (is_remark(line)) {
      ++preamble.remarks;
    } else {
      break;
    }
    ++preamble.lines;
    text = without_lines(text, 1);
  }
  return preamble;
}

std::string_view without_lines(std::string_view text, std::size_t lines) {
  for (; lines > 0; --lines) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

SourceText without_preamble(SourceText source) {
  const std::size_t lines = preamble_of(source.text).lines;
  source.text = without_lines(source.text, lines);
  source.lines_before += lines;
  return source;
}

Lines first_lines(std::string_view text, std::size_t count) {
  Lines lines;
  while (!text.empty() && lines.size() < count) {
    const std::string_view line = next_line(text);
    if (line.find_first_not_of(' ') != std::string_view::npos) lines.push_back(line);
    text = without_lines(text, 1);
  }
  return lines;
}

std::string delimiter_given(const std::string& text) {
  if (text == "tab" || text == "\\t") return "\t";
  if (text == "space") return " ";
  if (text.empty() || text.find_first_of("\"\r\n") != std::string::npos) {
    throw Error(ErrorCode::invalid_option, fmt::format("The delimiter {} cannot separate fields.", quote(text)),
                "Use tab, or a text such as , or ; or :: in its place.");
  }
  return text;
}

std::string delimiter_for_people(std::string_view delimiter) {
  if (delimiter == "\t") return "tabs";
  if (delimiter == " ") return "blanks";
  return quote(delimiter);
}

std::string delimiter_for_option(std::string_view delimiter) {
  if (delimiter == "\t") return "tab";
  if (delimiter == " ") return "space";
  return std::string(delimiter);
}

std::string recognize_delimiter(const std::string& name, const Lines& lines, bool decimal_comma) {
  const std::string_view first = lines.front(), second = lines[std::min<std::size_t>(1, lines.size() - 1)];
  std::string_view best;
  std::pair<bool, std::size_t> best_merit{false, 1};
  for (const std::string_view candidate : kDelimiters) {
    if (candidate == "," && decimal_comma && !best.empty()) continue;
    const std::size_t fields = count_fields(first, candidate);
    const bool even = fields > 1 && count_fields(second, candidate) == fields;
    if (fields > 1 && std::pair(even, fields) > best_merit) {
      best_merit = {even, fields};
      best = candidate;
    }
  }
  const std::size_t words = count_words(first), below = count_words(second);
  // R gives the column in which it numbers lines no name.
  const bool aligned =
      words > 1 && (below == words || (below == words + 1 && first.front() == '"')) &&
      std::all_of(lines.begin() + 1, lines.end(), [&](std::string_view line) { return count_words(line) == below; });
  const bool by_comma = best == "," && decimal_comma;
  if (aligned && (best.empty() || by_comma)) return " ";
  if (!best.empty()) return std::string(best);
  throw Error(ErrorCode::invalid_input,
              fmt::format("{}, line 1: no delimiter is recognized in {}.", name, quote(first)),
              words > 1 ? "If each line is a user and that user's items, set the option `columns` to user,items; else "
                          "say what separates the fields with the option `delimiter`."
                        : "Give a file with a user and an item on each line, separated by a comma, a tab or blanks.");
}

bool looks_like_lists(const Lines& lines) {
  std::size_t shortest = 0, longest = 0;
  for (const std::string_view line : lines) {
    if (line.find_first_not_of("0123456789 ") != std::string_view::npos) return false;
    const std::size_t count = count_words(line);
    shortest = shortest == 0 ? count : std::min(shortest, count);
    longest = std::max(longest, count);
  }
  return longest > 2 && shortest < longest;
}

std::string delimiter_of_lists(std::string_view line) {
  std::string_view best = " ";
  for (const std::string_view candidate : kDelimiters) {
    if (count_fields(line, candidate) > count_fields(line, best)) best = candidate;
  }
  return std::string(best);
}

}  // namespace gusto
