#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace gusto {

/// A read-only array whose numbers lie wherever it was made from: in a vector of its own, or in memory that something
/// else owns and that stays for as long as any copy of the array does, such as a mapped file.
///
/// Cost     copies share the numbers; an element is one load away, as in a span
/// Threads  const members may be called concurrently
template <class T>
class SharedArray {
 public:
  SharedArray() = default;
  /// Takes the numbers over. Not explicit: a vector that is moved in will do.
  SharedArray(std::vector<T>&& values) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(values));
    values_ = *kept;
    owner_ = std::move(kept);
  }
  /// Numbers that `owner` keeps alive and unchanged.
  SharedArray(std::shared_ptr<const void> owner, std::span<const T> values)
      : owner_(std::move(owner)), values_(values) {}

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  const T& operator[](std::size_t position) const { return values_[position]; }
  const T& front() const { return values_.front(); }
  const T& back() const { return values_.back(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  std::span<const T> span() const { return values_; }
  std::size_t size_bytes() const { return values_.size_bytes(); }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const T> values_;
};

}  // namespace gusto
