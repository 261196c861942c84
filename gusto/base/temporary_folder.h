#pragma once

#include <filesystem>

namespace gusto {

/// A new folder, for this process's user alone, where the system keeps temporary files; removed at the end with all
/// that is in it.
class TemporaryFolder {
 public:
  /// Error(io) if there is no place for one
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace gusto
