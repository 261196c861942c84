#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gusto/data/bytes/byte_stream.h"

namespace gusto {

/// What unpacking may make of a few stored bytes before it is taken for an attack: more than `ratio` times as many as
/// were stored, and more than `spare` in all. Text that people keep shrinks 3 to 30 times.
struct UnpackLimits {
  std::uint64_t ratio = 1000;
  std::uint64_t spare = std::uint64_t{1} << 30;

  bool exceeded(std::uint64_t unpacked, std::uint64_t stored) const {
    return unpacked > spare && unpacked / ratio > stored;
  }
};

enum class StoredFormat { plain, gzip, zstd, xz, bzip2, zip, tar };
inline constexpr std::size_t kFormatHead = 262;  ///< bytes that tell the format
/// By the first bytes of a file, which may have fewer.
StoredFormat format_of(std::string_view head);

/// The first bytes of a stream, which then gives them again.
std::string peek(std::unique_ptr<ByteStream>& stream, std::size_t count);

/// The stream itself; or, if it begins as a .gz, .zst, .xz or .bz2 file does, what it unpacks to; checksums are looked
/// at, which .gz and .bz2 always have, .xz and .zst mostly. All may consist of several such files, end to end.
/// Errors   reading throws corrupt_file, if the stream is damaged, cut short, or above the limits
/// Cost     about 3 ns an unpacked byte for .gz, 1 ns for .zst, 10 ns for .xz, 30 ns for .bz2; under 1 MiB of memory
///          for .gz, 4 MiB for .bz2, and as much as the file's writer chose, for .zst up to 128 MiB, for the others
std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> stored, UnpackLimits limits = {});

}  // namespace gusto
