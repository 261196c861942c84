#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace gusto {

/// A value that is made when it is first asked for, such as a part of a file that is read and checked only if somebody
/// uses it. Copies share the value.
/// Errors   get() throws what making the value throws, and then tries again when asked again
/// Cost     once made: one atomic load
/// Threads  get() may be called concurrently; the value is made once
template <class T>
class Deferred {
 public:
  /// The value T().
  Deferred() = default;
  /// A value that is there. Not explicit, so that a plain value will do where a deferred one may stand.
  Deferred(T value) : state_(std::make_shared<State>()) {
    state_->value = std::move(value);
    state_->made.store(true, std::memory_order_release);
  }
  static Deferred later(std::function<T()> make) {
    Deferred result;
    result.state_ = std::make_shared<State>();
    result.state_->make = std::move(make);
    return result;
  }

  const T& get() const {
    if (state_ == nullptr) return nothing();
    if (!state_->made.load(std::memory_order_acquire)) make();
    return *state_->value;
  }

 private:
  struct State {
    std::function<T()> make;  // emptied when done: it may hold much alive
    std::mutex mutex;
    std::optional<T> value;
    std::atomic<bool> made{false};
  };

  static const T& nothing() {
    static const T value{};
    return value;
  }
  void make() const {
    const std::lock_guard lock(state_->mutex);
    if (state_->made.load(std::memory_order_relaxed)) return;
    state_->value = state_->make();
    state_->make = nullptr;
    state_->made.store(true, std::memory_order_release);
  }

  std::shared_ptr<State> state_;
};

}  // namespace gusto
