#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gusto {

class ThreadPool;  // parallel.h

/// A flag by which another thread, or a signal handler, asks work to stop. Once set it stays set.
class CancelToken {
 public:
  void cancel() noexcept { flag_.store(true, std::memory_order_relaxed); }
  bool canceled() const noexcept { return flag_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> flag_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "cancel() is called from signal handlers");
};

enum class ProgressUnit { steps, bytes };

/// A number that work reports on its way, under its name: rmse, say.
struct ProgressMetric {
  std::string_view name;
  double value;
};

/// How far a long piece of work has come.
struct ProgressEvent {
  std::string_view stage;                   ///< what is being done, e.g. "biased-mf"
  std::size_t done = 0;                     ///< of `total`, in `unit`
  std::size_t total = 0;                    ///< 0: unknown
  ProgressUnit unit = ProgressUnit::steps;  ///< what done and total count
  std::optional<std::size_t> epoch{};       ///< that has just ended, counted from 1
  std::optional<double> loss{};             ///< mean of that epoch
  std::optional<ProgressMetric> metric{};
  std::optional<double> seconds_left{};  ///< at the stage's pace so far, if the context is to work it out
};

/// Called on the thread that runs the work, also while its other threads run. It may throw to stop the work: what it
/// throws leaves the entry point unchanged, and nothing half-written stays.
using ProgressSink = std::function<void(const ProgressEvent&)>;

struct ContextOptions {
  unsigned threads = 0;                 ///< 0: all that the process may use (affinity and container limits)
  std::uint64_t memory_limit = 0;       ///< bytes that a model may state as its need; 0: what the container leaves
  const CancelToken* cancel = nullptr;  ///< not owned; may be null
  ProgressSink progress = {};           ///< may be empty
};

/// What a computation may use, none of which changes its result: threads, memory, progress, cancellation. Passed by
/// reference to everything that takes long.
///
/// Threads  one computation at a time per Context; make one for each thread that calls gusto
class Context {
 public:
  explicit Context(ContextOptions options = {});
  ~Context();

  ThreadPool& pool() { return *pool_; }
  unsigned threads() const;
  std::uint64_t memory_limit() const { return options_.memory_limit; }

  bool canceled() const { return options_.cancel != nullptr && options_.cancel->canceled(); }
  /// Throws Error(canceled) if the caller has asked to stop. Long loops call it at least every 100 ms.
  void check_canceled() const;

  /// Tells the sink, with the seconds left. Only for the thread that runs the work.
  void progress(ProgressEvent event);
  void progress(std::string_view stage, std::size_t done, std::size_t total, ProgressUnit unit = ProgressUnit::steps) {
    progress({.stage = stage, .done = done, .total = total, .unit = unit});
  }
  /// Tells the last event again if its stage goes on and a second has passed. parallel_blocks does, for steps that
  /// take long.
  void keep_telling();
  /// From now on `who` may take so many seconds (0: any number), and is thought to take `estimate` (0: not known),
  /// which is told. This or later progress throws Error(out_of_time) as soon as it is clear that it would take longer.
  void limit_time(std::string_view who, double seconds, double estimate = 0);
  /// How often the sink has thrown: for whoever handles errors and must let the sink's pass.
  std::size_t sink_throws() const { return sink_throws_; }

  /// Throws Error(out_of_memory) that names who needs how much, if bytes is above the limit.
  void require_memory(std::string_view who, std::uint64_t bytes) const;

 private:
  struct Telling;  // what was told of the present stage, and how long the work may take
  void tell(ProgressEvent event);

  ContextOptions options_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<Telling> telling_;
  std::size_t sink_throws_ = 0;
};

/// Calls body(begin, end, worker) for consecutive blocks of `block` indexes that cover [0, n), in parallel, checking
/// for cancellation before each block.
void parallel_blocks(Context& context, std::size_t n, std::size_t block,
                     const std::function<void(std::size_t begin, std::size_t end, unsigned worker)>& body);

/// Adds up body(begin, end) over such blocks, in block order: the same bits at any number of threads.
double parallel_sum(Context& context, std::size_t n, std::size_t block,
                    const std::function<double(std::size_t begin, std::size_t end)>& body);

}  // namespace gusto
