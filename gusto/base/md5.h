#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gusto {

/// MD5 (RFC 1321), for comparing downloads with published checksums; not for secrets. Anyone can make two files of the
/// same checksum: it tells of accidents, not of attacks.
/// Cost     about 2 ns a byte
class Md5 {
 public:
  void update(std::span<const std::byte> bytes);
  /// Thirty-two lower-case hexadecimal digits. Nothing may be added afterwards.
  std::string finish();

 private:
  void take(const std::byte* block);

  std::array<std::uint32_t, 4> state_{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U};
  std::array<std::byte, 64> open_{};  // the block that is being filled
  std::uint64_t size_ = 0;
};

}  // namespace gusto
