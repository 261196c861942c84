#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "gusto/base/matrix.h"

namespace gusto::nn {

/// Memory that is handed out in pieces and taken back all at once.
///
/// A training step needs the same buffers as the step before. Taking them from an arena leaves the pages mapped and the
/// allocator alone: after the first step nothing is allocated any more.
///
/// Cost     a few instructions a piece
/// Threads  one thread at a time
class Arena {
 public:
  /// n uninitialized values on a cache-line boundary; valid until reset().
  template <class T>
  std::span<T> allocate(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return {reinterpret_cast<T*>(allocate_bytes(n * sizeof(T))), n};
  }
  /// Takes everything back, and keeps the memory for the next round.
  void reset() {
    chunk_ = 0;
    used_ = 0;
  }
  /// Bytes held.
  std::size_t bytes() const;

  /// Bytes that pieces of so many floats take at most, few of them large.
  static std::uint64_t memory_need(std::uint64_t floats) { return floats * sizeof(float) + kLeastChunk; }

 private:
  static constexpr std::size_t kLeastChunk = std::size_t{1} << 18;
  struct Chunk {
    AlignedVector<std::byte> bytes;
  };
  std::byte* allocate_bytes(std::size_t size);

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;  // the one being handed out
  std::size_t used_ = 0;   // of it
};

}  // namespace gusto::nn
