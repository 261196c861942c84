#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gusto {

/// Bytes in order, from a file, a pipe, or what is inside a compressed file or an archive.
/// Threads  belongs to one thread at a time
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Reads on until `out` is full or the bytes end, and says how many there were: fewer than asked for only at the end.
  /// Errors   io; corrupt_file, if a compressed file or an archive is damaged or cut short
  virtual std::size_t read(std::span<char> out) = 0;
  /// What messages call it: the path, or the path of an archive and what is inside: "ml-1m.zip/ml-1m/ratings.dat".
  virtual const std::string& name() const = 0;
  /// Bytes as stored: read so far, and in all; 0 if that isn't known, as of a pipe. Of what is inside an archive, bytes
  /// as unpacked. For progress and reports.
  virtual std::uint64_t stored_position() const = 0;
  virtual std::uint64_t stored_size() const = 0;
};

/// A file or a pipe as it is stored.
/// Errors   not_found; io
std::unique_ptr<ByteStream> open_stored(const std::filesystem::path& path);

/// What a file or a pipe holds: its bytes, unpacked if they are compressed (.gz, .zst, .xz, .bz2, told by their first
/// bytes),
/// or those of the one file in an archive (.zip, .tar, .tar.gz, .tar.zst; not through a pipe).
/// "ml-1m.zip/ml-1m/ratings.dat" is a file in an archive.
/// Errors   not_found; io; corrupt_file; invalid_input, as FileTree
std::unique_ptr<ByteStream> open_stream(const std::filesystem::path& path);

/// Bytes in memory, which must outlive the stream; `name` stands for their path.
std::unique_ptr<ByteStream> stream_of(std::string name, std::string_view bytes);

}  // namespace gusto
