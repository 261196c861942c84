#pragma once

// Counts what a test program allocates, for which this replaces operator new. To be included in one file of a program.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

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

}  // namespace gusto::test

// Not inlined: GCC 12 takes a delete that it sees through for one that does not match its new.
#if GUSTO_COUNTS_ALLOCATIONS
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++gusto::test::allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  ++gusto::test::allocations;
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
