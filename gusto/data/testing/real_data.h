#pragma once

// Larger data sets, which tests measure against where they are. For tests only.

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace gusto::test {

/// The folder or file of that name in the folder that GUSTO_DATA names, by default ../shared/data beside the checkout.
/// Where it is missing: nothing, and a line that says so, and the test takes the embedded data set.
inline std::optional<std::filesystem::path> real_data(const std::string& name) {
  const char* const given = std::getenv("GUSTO_DATA");
  const std::filesystem::path folder = given != nullptr ? given : GUSTO_SOURCE_DIR "/../shared/data";
  if (std::filesystem::exists(folder / name)) return folder / name;
  std::cout << "There is no " << name << " in " << folder
            << " (the folder that GUSTO_DATA names): testing with the embedded data set instead.\n";
  return std::nullopt;
}

}  // namespace gusto::test
