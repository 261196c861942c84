#pragma once

// What tests of every floor share. For tests only.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/temporary_folder.h"

namespace gusto::test {

/// The Error that the action throws; one of code `internal` if it throws none.
template <class Action>
Error error_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::internal, "no error");
}

/// Its code.
template <class Action>
ErrorCode code_of(Action&& action) {
  return error_of(std::forward<Action>(action)).code();
}

/// What a file holds, byte for byte; nothing if there is no such file.
inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// One that tests put files into.
class TemporaryFolder : public gusto::TemporaryFolder {
 public:
  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(path() / name, std::ios::binary) << content;
    return (path() / name).string();
  }
};

}  // namespace gusto::test
