#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gusto {

/// A whole file, mapped into memory for reading. The bytes stay where they are when the object moves.
///
/// Writers of gusto replace files and never change them in place, so that a mapping stays what it was; a file that
/// another program shortens while it is mapped stops the process when the lost part is read.
/// Cost     pages are read when first touched
/// Threads  const members may be called concurrently
class MappedFile {
 public:
  /// An empty file of no name.
  MappedFile() = default;
  /// Errors   not_found; io, if it is not a regular file or the operating system refuses
  static MappedFile open(const std::filesystem::path& path);

  std::size_t size() const { return data_ ? data_.get_deleter().size : 0; }
  std::span<const std::byte> bytes() const { return {data_.get(), size()}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_.get()), size()}; }

 private:
  struct Unmap {
    std::size_t size;
    void operator()(const std::byte* data) const noexcept;
  };
  std::unique_ptr<const std::byte[], Unmap> data_;
};

/// A file that is written bit by bit beside its place and appears there at commit(), as write_file_atomically() has it.
/// Until then, and if it is destroyed before, path stays what it was.
///
/// Threads  one at a time
class AtomicFile {
 public:
  /// Errors   io, naming the path and the operating system's reason; also if path exists and is not a regular file
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Error(io)
  void append(std::span<const std::byte> bytes);
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  /// Syncs the file, renames it into place and syncs the folder. Nothing may be appended afterward. Error(io)
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty once renamed
  int fd_;
};

/// Bytes that wait on disk to be read back, in a file without a name that is gone when the object or the process is.
///
/// Memory   256 KiB
/// Threads  one at a time
class SpillFile {
 public:
  /// Lies in this folder, where room is needed. Error(io)
  explicit SpillFile(std::filesystem::path folder);
  ~SpillFile();
  SpillFile(SpillFile&& other) noexcept;
  SpillFile& operator=(SpillFile&& other) noexcept;

  /// Error(io)
  void append(std::span<const std::byte> bytes);
  std::uint64_t size() const { return written_ + buffer_.size(); }
  /// Reads bytes from that place on into `out`, and says how many: fewer than fit only at the end. Error(io)
  std::size_t read(std::uint64_t place, std::span<std::byte> out);
  /// Hands over all bytes so far, in order and in pieces. Error(io)
  void read(const std::function<void(std::span<const std::byte>)>& sink);

 private:
  void flush();

  std::filesystem::path folder_;
  int fd_;
  std::uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
};

/// Replaces the file at path by these bytes, so that whoever opens it, also after a crash, finds the old content or the
/// new and never a mixture: writes a temporary file in the same folder, syncs it, renames it over path, syncs the
/// folder. On failure the temporary file is removed and the old file is untouched. A symbolic link is replaced, not
/// followed.
///
/// Errors   io, naming the path and the operating system's reason; also if path exists and is not a regular file
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace gusto
