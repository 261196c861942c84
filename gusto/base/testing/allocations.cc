#include "gusto/base/testing/allocations.h"

#include <cstdlib>
#include <new>

#include <malloc.h>

#if GUSTO_COUNTS_ALLOCATIONS
namespace {

void* count(void* memory) {
  using namespace gusto::test;
  if (memory == nullptr) throw std::bad_alloc();
  ++allocations;
  const std::size_t size = malloc_usable_size(memory);
  const std::size_t live = live_bytes.fetch_add(size) + size;
  std::size_t most = peak_bytes;
  while (live > most && !peak_bytes.compare_exchange_weak(most, live)) {
  }
  return memory;
}

void release(void* memory) {
  gusto::test::live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

// Not inlined: GCC 12 takes a delete that it sees through for one that does not match its new.
[[gnu::noinline]] void* operator new(std::size_t size) { return count(std::malloc(size > 0 ? size : 1)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return count(std::aligned_alloc(step, (size + step - 1) / step * step));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
#endif
