#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/bytes/archive_reader.h"
#include "gusto/data/bytes/file_tree.h"

namespace gusto {

/// What kind of archive a file is, by its first bytes: zip, or tar, which may be compressed. Nothing for other files,
/// and for pipes, which are not touched.
std::optional<ArchiveKind> archive_kind(const std::filesystem::path& path);

/// The folder in an archive: see FileTree.
class ArchiveFolder final : public FileTree {
 public:
  ArchiveFolder(std::filesystem::path archive, ArchiveKind kind, UnpackLimits limits);

  bool has(std::string_view name) const override;
  std::unique_ptr<ByteStream> open(std::string_view name) const override;
  std::string path_of(std::string_view name) const override;
  std::optional<std::string> only_file() const override;

  /// The names of all files, in alphabetical order.
  std::vector<std::string> files() const;
  /// A file by its whole path in the archive.
  std::unique_ptr<ByteStream> open_path(std::string_view path) const;
  /// The only file there is.
  /// Errors   invalid_input, if there are several
  std::unique_ptr<ByteStream> open_only() const;

 private:
  struct File {
    std::size_t place;  // among the entries of the archive
    ArchiveEntry entry;
  };
  std::unique_ptr<ArchiveReader> reader() const;
  void list();
  const File* find(std::string_view path) const;

  std::filesystem::path archive_;
  ArchiveKind kind_;
  UnpackLimits limits_;
  std::vector<File> files_;  // by path
  std::string top_;          // the folder that is shown: empty, or with a slash at its end
};

}  // namespace gusto
