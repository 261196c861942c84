#pragma once

/// A small fixed pool of threads, and loops whose work is cut by the data.
///
/// A loop of n tasks hands task numbers to threads as they become free. Since tasks are cut by the data, never by the
/// number of threads, and every task writes only its own output, results do not depend on the number of threads.

#include <cstddef>
#include <functional>
#include <memory>

namespace gusto {

class ThreadPool {
 public:
  /// threads counts the calling thread too: a pool of 1 starts none.
  /// Errors   invalid_option, if the system does not start so many
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned threads() const { return threads_; }

  /// Runs task(index, worker) for every index in [0, tasks), worker in [0, threads()); returns when all are done.
  ///
  /// Errors   if tasks throw, the one with the lowest index among those that threw is rethrown here, after the tasks
  ///          that were running have ended; tasks not yet begun are left out
  /// Threads  one loop runs at a time: a call from inside a task runs inline, a call from another thread waits
  void run(std::size_t tasks, const std::function<void(std::size_t index, unsigned worker)>& task);

 private:
  struct Shared;
  unsigned threads_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace gusto
