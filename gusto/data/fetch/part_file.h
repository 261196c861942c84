#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gusto/base/context.h"
#include "gusto/base/descriptor.h"

namespace gusto {

/// What is known of the file that a part belongs to.
struct PartOrigin {
  std::string url;
  std::string etag;           ///< strong, else empty
  std::string last_modified;  ///< as the server wrote it
  std::optional<std::uint64_t> total;
};

/// The beginning of a file that is being downloaded: TARGET.part, and TARGET.part.origin, which says of what. It
/// belongs to one process at a time, and stays when that ends, so that the next can go on.
class PartFile {
 public:
  /// Opens or creates it, and waits as long as somebody else has it. Nothing if the target exists, or has been
  /// completed meanwhile; not so if it is to be replaced.
  /// Errors   io; canceled
  static std::optional<PartFile> acquire(const std::filesystem::path& target, bool replace, Context& context);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  const PartOrigin& origin() const { return origin_; }
  /// Starts again, from such a file.
  void restart(PartOrigin origin);
  /// Errors   io, e.g. if the disk is full; what was written stays
  void append(std::span<const std::byte> bytes);
  /// Syncs it and gives it the target's name.
  void complete();
  /// Removes it.
  void discard();

 private:
  PartFile(std::filesystem::path target, int fd);
  std::filesystem::path origin_path() const;
  void read_origin();

  std::filesystem::path target_;
  std::filesystem::path path_;
  std::unique_ptr<Descriptor> file_;  // locked
  std::uint64_t size_ = 0;
  PartOrigin origin_;
};

}  // namespace gusto
