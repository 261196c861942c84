#include "gusto/data/movielens/layouts.h"

#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {

std::optional<SourceText> load_if_there(const FileTree& folder, std::string_view name, Encoding encoding,
                                        DatasetBuilder& builder) {
  if (folder.has(name)) return load_source(*folder.open(name), encoding);
  builder.note(fmt::format("{} is missing, and so are the features that it would hold.", folder.path_of(name)));
  return std::nullopt;
}

void require_no_columns(const std::string& name, const OpenOptions& options) {
  if (!options.columns && !options.delimiter && !options.header) return;
  throw Error(ErrorCode::invalid_option, fmt::format("The layout of {} fixes columns and delimiter.", name),
              "Name the file of events itself, or leave these options out.");
}

std::string_view year_of(std::string_view title) {
  constexpr std::size_t kDigits = 4;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  // Brackets at the end are gone through from the last.
  while (true) {
    title = trim(title);
    const std::size_t open = title.rfind('(');
    if (!title.ends_with(')') || open == std::string_view::npos) return {};
    const std::string_view inside = title.substr(open + 1);
    const std::string_view year = inside.substr(0, kDigits);
    if (inside.size() > kDigits && !is_digit(inside[kDigits]) && std::all_of(year.begin(), year.end(), is_digit)) {
      return year;
    }
    title = title.substr(0, open);
  }
}

}  // namespace gusto
