#include "gusto/cli/flag_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace gusto::cli {
namespace {

// Flags that are not the option's name with dashes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherNames{
    {{"memory_limit", "memory"}, {"feature_types", "types"}}};

}  // namespace

std::string flag_of(std::string_view option) {
  for (const auto& [name, flag] : kOtherNames) {
    if (name == option) option = flag;
  }
  std::string flag = "--" + std::string(option);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string with_flags(std::string_view text) {
  constexpr std::string_view kBefore = "the option `";
  std::string out;
  while (true) {
    const std::size_t begin = text.find(kBefore);
    const std::size_t end = begin == text.npos ? text.npos : text.find('`', begin + kBefore.size());
    if (end == text.npos) return out += text;
    out += text.substr(0, begin);
    out += flag_of(text.substr(begin + kBefore.size(), end - begin - kBefore.size()));
    text.remove_prefix(end + 1);
  }
}

}  // namespace gusto::cli
