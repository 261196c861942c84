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

enum class StoredFormat { plain, gzip, zstd, zip, tar };
inline constexpr std::size_t kFormatHead = 262;  ///< bytes that tell the format
/// By the first bytes of a file, which may have fewer.
StoredFormat format_of(std::string_view head);

/// The first bytes of a stream, which then gives them again.
std::string peek(std::unique_ptr<ByteStream>& stream, std::size_t count);

/// The stream itself; or, if it begins as a .gz or .zst file does, what it unpacks to; checksums are looked at, which
/// .gz always has and .zst mostly. Both may consist of several such files, end to end.
/// Errors   reading throws corrupt_file, if the stream is damaged, cut short, or above the limits
/// Cost     about 3 ns an unpacked byte for .gz, 1 ns for .zst; under 1 MiB of memory for .gz, and as much as the
///          file's writer chose, up to 128 MiB, for .zst
std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> stored, UnpackLimits limits = {});

}  // namespace gusto
