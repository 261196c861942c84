#include "gusto/base/parallel.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"

namespace gusto {

struct ThreadPool::Shared {
  using Task = std::function<void(std::size_t, unsigned)>;

  std::mutex caller;  // one loop at a time
  std::mutex mutex;   // guards what follows
  std::condition_variable start;
  std::condition_variable done;
  const Task* task = nullptr;
  std::size_t tasks = 0;
  std::atomic<std::uint64_t> round{0};  // a new number for every loop
  std::atomic<unsigned> running{0};     // workers that have not yet left the current loop
  std::atomic<bool> stop{false};
  std::size_t failed_index = std::numeric_limits<std::size_t>::max();
  std::exception_ptr failure;

  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;

  // Takes task numbers until none are left.
  void work(const Task& body, std::size_t count, unsigned worker);
  void serve(unsigned worker);
  void end_workers();
};

namespace {

// Loops often follow one another within microseconds, less than it takes to wake a thread: so a waiting thread looks
// this many times before it sleeps, for some 20 µs.
constexpr int kLooks = 1000;

template <class Condition>
void look_for(const Condition& condition) {
  for (int look = 0; look < kLooks && !condition(); ++look) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

// The pool whose task this thread is running, to run nested loops inline.
thread_local const void* running_pool = nullptr;
thread_local unsigned running_worker = 0;

// Notes it, for as long as the object lives.
class RunningIn {
 public:
  RunningIn(const void* pool, unsigned worker)
      : outer_pool_(std::exchange(running_pool, pool)), outer_worker_(std::exchange(running_worker, worker)) {}
  ~RunningIn() {
    running_pool = outer_pool_;
    running_worker = outer_worker_;
  }
  RunningIn(const RunningIn&) = delete;
  RunningIn& operator=(const RunningIn&) = delete;

 private:
  const void* outer_pool_;
  unsigned outer_worker_;
};

}  // namespace

void ThreadPool::Shared::work(const Task& body, std::size_t count, unsigned worker) {
  const RunningIn here(this, worker);
  while (true) {
    const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
    if (index >= count) break;
    try {
      body(index, worker);
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (index < failed_index) {
        failed_index = index;
        failure = std::current_exception();
      }
    }
  }
}

void ThreadPool::Shared::serve(unsigned worker) {
  std::uint64_t seen = 0;
  const auto called = [&] { return stop || round != seen; };
  while (true) {
    look_for(called);
    std::unique_lock lock(mutex);
    start.wait(lock, called);
    if (stop) return;
    seen = round;
    const Task& body = *task;
    const std::size_t count = tasks;
    lock.unlock();
    work(body, count, worker);
    lock.lock();
    if (--running == 0) done.notify_one();
  }
}

ThreadPool::ThreadPool(unsigned threads) : threads_(threads == 0 ? 1 : threads), shared_(std::make_unique<Shared>()) {
  shared_->workers.reserve(threads_ - 1);
  for (unsigned worker = 1; worker < threads_; ++worker) {
    try {
      shared_->workers.emplace_back([shared = shared_.get(), worker] { shared->serve(worker); });
    } catch (const std::system_error& error) {
      shared_->end_workers();
      throw Error(
          ErrorCode::invalid_option,
          fmt::format("The system starts {} of {} threads and no more: {}.", worker, threads_, error.code().message()),
          "Ask for fewer threads.");
    }
  }
}

ThreadPool::~ThreadPool() { shared_->end_workers(); }

void ThreadPool::Shared::end_workers() {
  {
    const std::lock_guard lock(mutex);
    stop = true;
  }
  start.notify_all();
  for (std::thread& worker : workers) worker.join();
}

void ThreadPool::run(std::size_t tasks, const std::function<void(std::size_t, unsigned)>& task) {
  if (running_pool == shared_.get()) {
    for (std::size_t index = 0; index < tasks; ++index) task(index, running_worker);
    return;
  }
  const std::lock_guard one_loop(shared_->caller);
  if (threads_ == 1 || tasks <= 1) {
    const RunningIn here(shared_.get(), 0);
    for (std::size_t index = 0; index < tasks; ++index) task(index, 0);
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->task = &task;
    shared_->tasks = tasks;
    shared_->next.store(0, std::memory_order_relaxed);
    shared_->failed_index = std::numeric_limits<std::size_t>::max();
    shared_->failure = nullptr;
    shared_->running = threads_ - 1;
    ++shared_->round;
  }
  shared_->start.notify_all();
  shared_->work(task, tasks, 0);
  look_for([&] { return shared_->running == 0; });
  std::unique_lock lock(shared_->mutex);
  shared_->done.wait(lock, [&] { return shared_->running == 0; });
  if (shared_->failure) std::rethrow_exception(std::exchange(shared_->failure, nullptr));
}

}  // namespace gusto
