#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/bytes/source.h"

namespace gusto {

/// Lines above the header and the events: "sep=;" as Excel writes it, and remarks, which begin with "# " or "% ".
struct Preamble {
  std::size_t lines = 0;
  std::size_t remarks = 0;  ///< among them
  std::string delimiter;    ///< that the file names; empty: none
};
Preamble preamble_of(std::string_view text);
/// A text without that many lines at its beginning.
std::string_view without_lines(std::string_view text, std::size_t lines);

/// A file without its preamble, whose lines keep their numbers.
SourceText without_preamble(SourceText source);

/// The first lines that are not blank; fewer if there are no more.
std::vector<std::string_view> first_lines(std::string_view text, std::size_t count);

/// The delimiter that the caller names. Error(invalid_option)
std::string delimiter_given(const std::string& text);
/// As people say it: tabs, blanks, ",".
std::string delimiter_for_people(std::string_view delimiter);
/// As the option `delimiter` names it.
std::string delimiter_for_option(std::string_view delimiter);

/// The delimiter that divides the first two lines into most fields, preferably into equally many; a comma only if no
/// other does, where it is a decimal point; blanks if no other does and they divide all first lines equally.
/// Errors   invalid_input, for a file of that name
std::string recognize_delimiter(const std::string& name, const std::vector<std::string_view>& lines,
                                bool decimal_comma);

/// Lists of graph recommenders' sets: whole numbers between blanks, on lines of different lengths.
bool looks_like_lists(const std::vector<std::string_view>& lines);
/// What separates lists: what divides the first line into most parts.
std::string delimiter_of_lists(std::string_view line);

}  // namespace gusto
