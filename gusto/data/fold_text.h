#pragma once

#include <string>
#include <string_view>

namespace gusto {

/// Text as people compare it: letters of Latin, Greek and Cyrillic lowered, accents left out whether they are composed
/// with their letter or stand behind it ("Amélie", "AMELIE" and "amelie" with a combining accent are one), "ß" as "ss",
/// "æ" as "ae", "ø" as "o"; typographic apostrophes, dashes and blanks as their plain forms. Other bytes are kept.
std::string fold_text(std::string_view text);

}  // namespace gusto
