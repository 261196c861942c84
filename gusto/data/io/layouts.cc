#include "gusto/data/io/layouts.h"

#include <algorithm>

#include <fmt/format.h>

#include "gusto/base/text.h"

namespace gusto {

std::optional<SourceText> load_if_there(const std::filesystem::path& file, Encoding encoding, DatasetBuilder& builder) {
  if (std::filesystem::exists(file)) return load_source(file, encoding);
  builder.note(fmt::format("{} is missing, and so are the features that it would hold.", file.string()));
  return std::nullopt;
}

std::string_view year_of(std::string_view title) {
  constexpr std::size_t kDigits = 4;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t open = title.rfind('(');
  // Brackets are gone through from the last; what follows the year's may only be more of them.
  while (open != std::string_view::npos) {
    const std::string_view inside = title.substr(open + 1);
    const std::string_view year = inside.substr(0, kDigits);
    if (year.size() == kDigits && std::all_of(year.begin(), year.end(), is_digit) && inside.size() > kDigits &&
        !is_digit(inside[kDigits])) {
      return year;
    }
    const std::string_view before = trim(title.substr(0, open));
    if (!before.ends_with(')')) return {};
    open = open == 0 ? std::string_view::npos : title.rfind('(', open - 1);
  }
  return {};
}

}  // namespace gusto
