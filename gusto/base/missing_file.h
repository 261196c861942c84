#pragma once

#include <filesystem>

namespace gusto {

/// Throws Error(not_found) for a file that is not there, with the nearest name in its folder, if there is one.
[[noreturn]] void fail_for_missing_file(const std::filesystem::path& path);

}  // namespace gusto
