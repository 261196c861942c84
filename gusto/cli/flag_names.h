#pragma once

#include <string>
#include <string_view>

namespace gusto::cli {

/// The flag of an option that the library names: "--memory" for "memory_limit", "--item-features" for "item_features".
std::string flag_of(std::string_view option);

/// A text of the library with "the option `NAME`" replaced by the option's flag, see Error. The one place where the
/// library's names become flags.
std::string with_flags(std::string_view text);

}  // namespace gusto::cli
