#pragma once

// Counts what a test program allocates. Programs that ask for it list testing/allocations.cc among their sources,
// which replaces operator new.

#include <atomic>
#include <cstddef>

// Sanitizers bring an operator new of their own, which finds more errors than this one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUSTO_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define GUSTO_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef GUSTO_COUNTS_ALLOCATIONS
#define GUSTO_COUNTS_ALLOCATIONS 1
#endif

namespace gusto::test {

/// So far, on all threads.
inline std::atomic<std::size_t> allocations = 0;
/// Bytes that are allocated now, and the most that have been at once.
inline std::atomic<std::size_t> live_bytes = 0;
inline std::atomic<std::size_t> peak_bytes = 0;

/// The most bytes that were allocated at once while body() ran, less those before.
template <class Body>
std::size_t peak_of(const Body& body) {
  const std::size_t before = live_bytes;
  peak_bytes = before;
  body();
  return peak_bytes - before;
}

}  // namespace gusto::test
