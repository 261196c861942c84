#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace gusto {

/// XXH3-64 of bytes (https://xxhash.com, specification 0.2), for checksums and receipts; not for secrets.
/// Cost     about 0.1 ns a byte
/// Threads  may be called concurrently
std::uint64_t xxh3(std::span<const std::byte> bytes, std::uint64_t seed = 0);

/// The same of bytes that come in pieces.
/// Threads  one at a time
class Xxh3 {
 public:
  Xxh3();
  void add(std::span<const std::byte> bytes);
  /// Of all bytes so far.
  std::uint64_t digest() const;

 private:
  struct State;
  struct Free {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Free> state_;
};

/// Sixteen lower-case hexadecimal digits.
std::string to_hex(std::uint64_t number);

}  // namespace gusto
