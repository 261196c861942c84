#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/bytes/compressed.h"

namespace gusto {

/// A folder of files, on disk or in an archive. Nothing is ever unpacked to disk.
///
/// Of an archive (.zip, .tar, .tar.gz, .tar.zst), the folder is where its files begin to part: files under one top
/// folder are the files of that one. What a packer adds for its own system ("__MACOSX", ".DS_Store") is left out.
/// Archives within archives are not entered.
/// Errors   corrupt_file, if an archive is damaged, cut short, or unpacks to more than it may; invalid_input, if an
///          entry is encrypted or no file, if a path leads out of the archive or is there twice, or for archives within
///          archives
/// Threads  const members may be called concurrently, and so may streams of one folder
class FileTree {
 public:
  virtual ~FileTree() = default;

  /// Whether there is such a file, or there may be: one that can't be examined is left to be opened, which says why.
  virtual bool has(std::string_view name) const = 0;
  /// A file's bytes, unpacked.
  /// Cost     in a compressed tar all that lies before it is unpacked too
  virtual std::unique_ptr<ByteStream> open(std::string_view name) const = 0;
  /// What messages call a file: "ml-1m/ratings.dat", "ml-1m.zip/ml-1m/ratings.dat". open_stream takes it too.
  virtual std::string path_of(std::string_view name) const = 0;
  /// The name of the only file of an archive; nothing if there are several, or of a folder on disk.
  virtual std::optional<std::string> only_file() const = 0;
};

/// The folder or archive at a path; null if what is there is neither, as a file or a pipe of events.
/// Errors   as FileTree; invalid_input too for an archive without files
/// Cost     an archive is gone through once; a compressed tar is unpacked for that
std::unique_ptr<FileTree> open_tree(const std::filesystem::path& path, UnpackLimits limits = {});

}  // namespace gusto
