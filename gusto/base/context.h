#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "gusto/base/parallel.h"

namespace gusto {

/// A flag by which another thread, or a signal handler, asks work to stop. Once set it stays set.
class CancelToken {
 public:
  void cancel() noexcept { flag_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return flag_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> flag_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "cancel() is called from signal handlers");
};

/// How far a long piece of work has come.
struct ProgressEvent {
  std::string_view stage;  ///< what is being done, e.g. "biased-mf"
  std::size_t done;        ///< steps done
  std::size_t total;       ///< steps in all; 0 when unknown
  std::string_view note;   ///< e.g. "rmse .8512"; may be empty
};
using ProgressSink = std::function<void(const ProgressEvent&)>;

struct ContextOptions {
  unsigned threads = 0;                 ///< 0: all that the process may use (affinity and container limits)
  std::uint64_t seed = 42;              ///< every draw is keyed by it; 0 is a seed like any other
  std::uint64_t memory_limit = 0;       ///< bytes that a model may state as its need; 0: what the container leaves
  const CancelToken* cancel = nullptr;  ///< not owned; may be null
  ProgressSink progress = {};           ///< called from the thread that runs the work; may be empty
  /// Where a long fit keeps its state as it goes, and goes on from if the file is there: a fit that was stopped and resumed
  /// ends with the same bits as one that was not. Empty: nowhere. It is for one fit, and is removed once the model is
  /// safe.
  std::filesystem::path checkpoint = {};
};

/// What surrounds a computation without changing its result: threads, progress, cancellation, memory limit; and the
/// seed, which does. Passed by reference to everything that takes long.
///
/// Threads  one computation at a time per Context; make one for each thread that calls gusto
class Context {
 public:
  explicit Context(ContextOptions options = {});

  ThreadPool& pool() { return pool_; }
  unsigned threads() const { return pool_.threads(); }
  std::uint64_t seed() const { return options_.seed; }
  std::uint64_t memory_limit() const { return options_.memory_limit; }

  /// For models that declare `checkpoints`; empty if there is none.
  const std::filesystem::path& checkpoint() const { return options_.checkpoint; }

  bool cancelled() const { return options_.cancel != nullptr && options_.cancel->cancelled(); }
  /// Throws Error(cancelled) if the caller has asked to stop. Long loops call it at least every 100 ms.
  void check_cancelled() const;

  void progress(std::string_view stage, std::size_t done, std::size_t total, std::string_view note = {}) const;

  /// Throws Error(out_of_memory) that names who needs how much, if bytes is above the limit.
  void require_memory(std::string_view who, std::uint64_t bytes) const;

 private:
  friend class CheckpointAside;
  friend class SeedAside;
  ContextOptions options_;
  ThreadPool pool_;
};

/// Takes a context's checkpoint away as long as it lives: for fits that are not the one that the checkpoint is for.
class CheckpointAside {
 public:
  explicit CheckpointAside(Context& context) : context_(context) { context_.options_.checkpoint.swap(checkpoint_); }
  ~CheckpointAside() { context_.options_.checkpoint.swap(checkpoint_); }
  CheckpointAside(const CheckpointAside&) = delete;
  CheckpointAside& operator=(const CheckpointAside&) = delete;

 private:
  Context& context_;
  std::filesystem::path checkpoint_;
};

/// Gives a context another seed as long as it lives: for one run of several that differ in their draws.
class SeedAside {
 public:
  SeedAside(Context& context, std::uint64_t seed) : context_(context), seed_(context.seed()) {
    context_.options_.seed = seed;
  }
  ~SeedAside() { context_.options_.seed = seed_; }
  SeedAside(const SeedAside&) = delete;
  SeedAside& operator=(const SeedAside&) = delete;

 private:
  Context& context_;
  std::uint64_t seed_;
};

/// Calls body(begin, end, worker) for consecutive blocks of `block` indexes that cover [0, n), in parallel, checking
/// for cancellation before each block.
void parallel_blocks(Context& context, std::size_t n, std::size_t block,
                     const std::function<void(std::size_t begin, std::size_t end, unsigned worker)>& body);

/// Adds up body(begin, end) over such blocks, in block order: the same bits at any number of threads.
double parallel_sum(Context& context, std::size_t n, std::size_t block,
                    const std::function<double(std::size_t begin, std::size_t end)>& body);

}  // namespace gusto
