#include "gusto/base/missing_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kNamesLookedAt = 10'000;

// The nearest name in a folder.
std::optional<std::string> nearest_file(const std::filesystem::path& folder, const std::string& name) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
    if (names.size() == kNamesLookedAt) break;
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto nearest = nearest_name(name, views);
  if (!nearest) return std::nullopt;
  return std::string(*nearest);
}

}  // namespace

void fail_for_missing_file(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code ignored;
  std::string hint = "Check the path.";
  if (!std::filesystem::is_directory(folder, ignored)) {
    hint = fmt::format("There is no folder {} either: check the path.", folder.string());
  } else if (const auto nearest = nearest_file(folder, path.filename().string())) {
    hint = fmt::format("Did you mean {}?", path.has_parent_path() ? (folder / *nearest).string() : *nearest);
  }
  throw Error(ErrorCode::not_found, fmt::format("There is no file {}.", path.string()), std::move(hint));
}

}  // namespace gusto
