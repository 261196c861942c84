#pragma once

/// libarchive for the readers of this folder: the one place that knows its types.

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/bytes/compressed.h"

struct archive;

namespace gusto {

enum class ArchiveKind {
  zip,       ///< by its list of contents, so that its file must allow seeking
  tar,       ///< not compressed any more
  filtered,  ///< no archive: one file compressed as .zst, .xz or .bz2, which becomes its one entry
};

struct ArchiveEntry {
  enum class Kind { file, folder, link, other };
  std::string path;  ///< as stored
  Kind kind = Kind::file;
  bool encrypted = false;
  std::uint64_t size = 0;  ///< unpacked, as the archive says; 0 if it doesn't
};

/// Goes through an archive from its first entry to its last. Nothing is written to disk, and no thread or program is
/// started.
/// Errors   all may throw what reading `stored` does; corrupt_file, with the reason
/// Threads  belongs to one thread at a time
class ArchiveReader {
 public:
  /// A zip is opened again by the stream's name.
  ArchiveReader(std::unique_ptr<ByteStream> stored, ArchiveKind kind, UnpackLimits limits);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  const ByteStream& stored() const { return *stored_; }
  /// The next entry; nothing at the end.
  std::optional<ArchiveEntry> next();
  /// Reads on in the entry, as ByteStream::read. `name` is what messages call it.
  std::size_t read(std::span<char> out, std::string_view name);

 private:
  static long fill(archive* handle, void* self, const void** buffer);
  [[noreturn]] void fail(std::string_view name);
  std::uint64_t position() const;

  std::unique_ptr<ByteStream> stored_;
  ArchiveKind kind_;
  UnpackLimits limits_;
  struct Close {
    void operator()(archive* handle) const noexcept;
  };
  std::unique_ptr<archive, Close> handle_;
  std::unique_ptr<char[]> chunk_;
  std::exception_ptr problem_;  // of stored_, kept while C code returns
  std::uint64_t start_ = 0;     // of the entry, in stored bytes
  std::uint64_t unpacked_ = 0;  // of the entry
};

/// Throws: NAME unpacks to more than 1000 times its stored size.
[[noreturn]] void fail_unpacking(std::string_view name, const UnpackLimits& limits);

}  // namespace gusto
