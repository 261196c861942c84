#include "gusto/data/fold_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace gusto {
namespace {

// U+00C0 to U+017F, by their letters without accents.
constexpr std::array<std::string_view, 0xC0> kLatin{
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   // 00C0
    "d", "n", "o",  "o",  "o", "o", "o",  "×", "o", "u", "u", "u", "u", "y", "th", "ss",  // 00D0
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   // 00E0
    "d", "n", "o",  "o",  "o", "o", "o",  "÷", "o", "u", "u", "u", "u", "y", "th", "y",   // 00F0
    "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d",   // 0100
    "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g",   // 0110
    "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i",   // 0120
    "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l",   // 0130
    "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o",   // 0140
    "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s",   // 0150
    "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u",   // 0160
    "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s",   // 0170
};

// Other letters with an accent, and the letters that they are.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 18> kAccented{{{0x386, 0x3B1},
                                                                             {0x388, 0x3B5},
                                                                             {0x389, 0x3B7},
                                                                             {0x38A, 0x3B9},
                                                                             {0x38C, 0x3BF},
                                                                             {0x38E, 0x3C5},
                                                                             {0x38F, 0x3C9},
                                                                             {0x3AC, 0x3B1},
                                                                             {0x3AD, 0x3B5},
                                                                             {0x3AE, 0x3B7},
                                                                             {0x3AF, 0x3B9},
                                                                             {0x3CC, 0x3BF},
                                                                             {0x3CD, 0x3C5},
                                                                             {0x3CE, 0x3C9},
                                                                             {0x3C2, 0x3C3},
                                                                             {0x439, 0x438},
                                                                             {0x451, 0x435},
                                                                             {0x457, 0x456}}};

// Of Greek and Cyrillic.
std::uint32_t lower_letter(std::uint32_t code) {
  if ((code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F)) return code + 0x20;
  return code >= 0x400 && code <= 0x40F ? code + 0x50 : code;
}

void append_code(std::uint32_t code, std::string& out) {  // of two bytes
  out += static_cast<char>(0xC0 | (code >> 6));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

std::uint32_t without_accent(std::uint32_t code) {
  for (const auto& [accented, letter] : kAccented) {
    if (accented == code) return letter;
  }
  return code;
}

// Characters of two bytes.
void fold_two(std::uint32_t code, std::string& out) {
  if (code >= 0xC0 && code < 0x180) out += kLatin[code - 0xC0];
  else if (code == 0xA0) out += ' ';
  // Between these are combining accents, which are left out.
  else if (code < 0x300 || code >= 0x370) append_code(without_accent(lower_letter(code)), out);
}

}  // namespace

std::string fold_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const auto tail = [&](std::size_t n) {
      return at + n < text.size() && (static_cast<unsigned char>(text[at + n]) & 0xC0U) == 0x80U;
    };
    if (lead < 0x80) {
      out += lead >= 'A' && lead <= 'Z' ? static_cast<char>(lead + ('a' - 'A')) : static_cast<char>(lead);
      ++at;
    } else if (lead >= 0xC2 && lead <= 0xDF && tail(1)) {
      fold_two(((lead & 0x1FU) << 6) | (static_cast<unsigned char>(text[at + 1]) & 0x3FU), out);
      at += 2;
    } else if (lead == 0xE2 && tail(1) && tail(2) && text[at + 1] == '\x80') {  // U+2000 to U+203F
      const auto last = static_cast<unsigned char>(text[at + 2]);
      if (last == 0x98 || last == 0x99) out += '\'';
      else if (last == 0x9C || last == 0x9D) out += '"';
      else if (last >= 0x90 && last <= 0x95) out += '-';
      else if (last <= 0x8A || last == 0xAF) out += ' ';
      else out += text.substr(at, 3);
      at += 3;
    } else {
      out += static_cast<char>(lead);
      ++at;
    }
  }
  return out;
}

}  // namespace gusto
