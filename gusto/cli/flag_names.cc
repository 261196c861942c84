#include "gusto/cli/flag_names.h"

#include <algorithm>
#include <array>
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

}  // namespace gusto::cli
