#include "gusto/cli/terminal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace gusto::cli {
namespace {

struct Character {
  std::size_t bytes;
  std::size_t width;
  char32_t code = 0;
};

using Ranges = std::pair<char32_t, char32_t>;

// Combining marks and format characters of the scripts that titles come in (Unicode general categories Mn, Me, Cf).
constexpr std::array<Ranges, 14> kNarrowless{{{0x0300, 0x036F},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05BD},
                                              {0x064B, 0x065F},
                                              {0x0E31, 0x0E31},
                                              {0x0E34, 0x0E3A},
                                              {0x0E47, 0x0E4E},
                                              {0x1AB0, 0x1AFF},
                                              {0x1DC0, 0x1DFF},
                                              {0x200B, 0x200F},
                                              {0x202A, 0x202E},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F},
                                              {0xFE20, 0xFE2F}}};

// Unicode's East Asian Width W and F, in blocks.
constexpr std::array<Ranges, 9> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};

// C0 and C1 controls, line and paragraph separators, marks that turn the direction of text.
constexpr std::array<Ranges, 5> kHarmful{
    {{0x00, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFFF9, 0xFFFB}}};

constexpr char32_t kNoUtf8 = 0x110000;  // beyond Unicode

template <std::size_t N>
bool within(const std::array<Ranges, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const Ranges& r) { return c >= r.first && c <= r.second; });
}

Character character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {1, lead < 0x20 || lead == 0x7F ? 0U : 1U, lead};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (bytes == 1 || at + bytes > text.size()) return {1, 1, kNoUtf8};
  char32_t code = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0U) != 0x80U) return {1, 1, kNoUtf8};
    code = (code << 6) | (next & 0x3FU);
  }
  return {bytes, within(kNarrowless, code) ? 0U : within(kWide, code) ? 2U : 1U, code};
}

/// Bytes of the longest beginning of text that takes at most `width` columns.
std::size_t bytes_that_fit(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  std::size_t columns = 0;
  while (at < text.size()) {
    const Character next = character_at(text, at);
    if (columns + next.width > width) break;
    columns += next.width;
    at += next.bytes;
  }
  return at;
}

}  // namespace

Terminal terminal_of(std::FILE* stream) {
  Terminal terminal;
  const int descriptor = ::fileno(stream);
  terminal.interactive = ::isatty(descriptor) == 1;
  if (!terminal.interactive) return terminal;
  terminal.columns = kMaxWidth;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  terminal.color = (no_color == nullptr || *no_color == '\0') && !(term != nullptr && std::string_view(term) == "dumb");
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = std::max<std::size_t>(size.ws_col, 40);
    terminal.width = std::min(terminal.columns, kMaxWidth);
  }
  return terminal;
}

std::string paint(const Terminal& terminal, Style style, std::string_view text) {
  if (!terminal.color || style == Style::plain || text.empty()) return std::string(text);
  static constexpr std::array<std::string_view, 7> kCodes{"", "1", "2", "32", "33", "31", "36"};
  std::string painted = "\033[";
  painted.append(kCodes[static_cast<std::size_t>(style)]).append("m").append(text).append("\033[0m");
  return painted;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character next = character_at(text, at);
    columns += next.width;
    at += next.bytes;
  }
  return columns;
}

std::string harmless(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Character next = character_at(text, at);
    if (next.code == kNoUtf8 || within(kHarmful, next.code)) result += "�";
    else result += text.substr(at, next.bytes);
    at += next.bytes;
  }
  return result;
}

std::string shorten(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(text.substr(0, bytes_that_fit(text, width - 1))) + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 2);  // room for one wide character, so that every step advances
  std::vector<std::string> lines;
  std::string line;
  std::size_t columns = 0;
  const auto close = [&] {
    lines.push_back(std::exchange(line, {}));
    columns = 0;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    std::string_view word = text.substr(0, end);
    std::size_t word_columns = display_width(word);
    if (columns > 0 && word_columns > 0 && columns + 1 + word_columns > width) close();
    while (word_columns > width) {
      std::size_t bytes = bytes_that_fit(word, width);
      const std::size_t hyphen = word.substr(0, bytes).rfind('-');
      if (hyphen != std::string_view::npos && hyphen > 0) bytes = hyphen + 1;
      line = word.substr(0, bytes);
      close();
      word.remove_prefix(bytes);
      word_columns = display_width(word);
    }
    if (word_columns > 0) {
      if (columns > 0) {
        line += ' ';
        ++columns;
      }
      line += word;
      columns += word_columns;
    }
    if (end < text.size() && text[end] == '\n') close();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!line.empty() || lines.empty()) close();
  return lines;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(text) + std::string(columns < width ? width - columns : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(columns < width ? width - columns : 0, ' ') + std::string(text);
}

std::string bar(double share, std::size_t width) {
  static constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double exact = std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8;
  const auto eighths = static_cast<std::size_t>(std::lround(exact));
  std::string drawn;
  for (std::size_t i = 0; i < eighths / 8; ++i) drawn += "█";
  drawn += kEighths[eighths % 8];
  if (drawn.empty() && share > 0) drawn = "▏";
  return drawn;
}

}  // namespace gusto::cli
