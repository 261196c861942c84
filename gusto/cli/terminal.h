#pragma once

/// What a terminal shows: widths in columns, colors, lines broken to fit.

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace gusto::cli {

/// No paragraph is wider than this, whatever the terminal.
inline constexpr std::size_t kMaxWidth = 80;
/// More columns than any table needs.
inline constexpr std::size_t kUnlimited = std::size_t{1} << 20;

/// An output stream as the user sees it.
struct Terminal {
  bool interactive = false;          ///< a terminal, not a file or a pipe
  bool color = false;                ///< interactive, and neither NO_COLOR nor TERM=dumb is set
  std::size_t width = kMaxWidth;     ///< of paragraphs: the terminal's, at most kMaxWidth
  std::size_t columns = kUnlimited;  ///< of tables: the terminal's; in a file or a pipe nothing is cut
};
Terminal terminal_of(std::FILE* stream);

enum class Style { plain, bold, dim, good, warn, bad, accent };

/// The text in that style; unchanged where colors are off.
std::string paint(const Terminal& terminal, Style style, std::string_view text);

/// Columns that UTF-8 text takes: 0 for combining marks and controls, 2 for East Asian wide characters and emoji, else
/// 1. Bytes that are no UTF-8 count 1 each.
std::size_t display_width(std::string_view text);

/// The text with each control character, line end or mark that turns the direction of text replaced by "�": what is
/// printed of data changes neither the terminal nor the lines around it.
std::string harmless(std::string_view text);

/// The text if it fits, else as many whole characters as leave room for "…".
std::string shorten(std::string_view text, std::size_t width);

/// The text broken at spaces into lines of at most `width` columns; a longer word is broken after a hyphen, or where it
/// must be.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// The text padded with spaces to `width` columns, on the right or on the left.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// A horizontal bar of `share` (0 to 1) of `width` columns, in eighths of a column.
std::string bar(double share, std::size_t width);

}  // namespace gusto::cli
