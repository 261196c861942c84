#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "gusto/base/system.h"

namespace gusto {

/// An array that grows at its end, for numbers by the hundred million: a large one is moved by its pages, so that
/// growing needs neither a second copy nor the time to make one, and what lies beyond its end takes no memory until it
/// is written.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::size_t size() const { return size_; }
  std::span<T> values() { return {data_.get(), size_}; }
  std::span<const T> values() const { return {data_.get(), size_}; }

  /// So many values more at the end, for the caller to write.
  std::span<T> extend(std::size_t count) {
    if (count > capacity_ - size_) reallocate(size_ + count > 2 * capacity_ ? size_ + count : 2 * capacity_);
    size_ += count;
    return {data_.get() + size_ - count, count};
  }
  /// Leaves out all values, and keeps the memory for others.
  void clear() { size_ = 0; }
  /// Leaves out all beyond the first `count` values, and gives back what the array does not use.
  void truncate(std::size_t count) {
    size_ = count;
    reallocate(count);
  }
  /// The values, to be freed by the owner; the array is empty then.
  std::shared_ptr<const T[]> release() {
    size_ = capacity_ = 0;
    return {data_.release(), Free()};
  }

 private:
  struct Free {
    void operator()(const T* data) const noexcept { std::free(const_cast<T*>(data)); }
  };

  void reallocate(std::size_t capacity) {
    if (capacity == capacity_) return;
    if (capacity == 0) {
      data_.reset();
    } else {
      if (capacity > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
      void* const moved = std::realloc(data_.get(), capacity * sizeof(T));
      if (moved == nullptr) throw std::bad_alloc();
      static_cast<void>(data_.release());
      data_.reset(static_cast<T*>(moved));
      prefer_large_pages(std::as_writable_bytes(std::span(data_.get(), capacity)));
    }
    capacity_ = capacity;
  }

  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace gusto
