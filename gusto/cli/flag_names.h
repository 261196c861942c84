#pragma once

#include <string>
#include <string_view>

namespace gusto::cli {

/// The flag of an option that the library names, see Error: "--memory" for "memory_limit", "--item-features" for
/// "item_features". The one place where the library's names become flags.
std::string flag_of(std::string_view option);

}  // namespace gusto::cli
