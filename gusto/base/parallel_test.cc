#include "gusto/base/parallel.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(ThreadPool, RunsEveryTaskOnce) {
  for (unsigned threads : {1u, 2u, 7u}) {
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> runs(1000);
    for (int round = 0; round < 50; ++round) {
      pool.run(runs.size(), [&](std::size_t index, unsigned worker) {
        EXPECT_LT(worker, threads);
        ++runs[index];
      });
    }
    for (const auto& count : runs) EXPECT_EQ(count, 50);
  }
}

TEST(ThreadPool, RethrowsAndStaysUsable) {
  ThreadPool pool(3);
  const auto faulty = [](std::size_t index, unsigned) {
    if (index >= 5) throw std::runtime_error(std::to_string(index));
  };
  EXPECT_THROW(pool.run(100, faulty), std::runtime_error);
  std::atomic<int> sum{0};
  pool.run(10, [&](std::size_t index, unsigned) { sum += static_cast<int>(index); });
  EXPECT_EQ(sum, 45);
}

TEST(ThreadPool, RunsNestedLoopsInline) {
  for (const unsigned threads : {1u, 2u}) {
    ThreadPool pool(threads);
    for (const std::size_t tasks : {std::size_t{1}, std::size_t{4}}) {
      std::atomic<std::size_t> count{0};
      pool.run(tasks, [&](std::size_t, unsigned outer) {
        pool.run(5, [&](std::size_t, unsigned inner) {
          EXPECT_EQ(inner, outer);
          ++count;
        });
      });
      EXPECT_EQ(count, 5 * tasks);
    }
  }
}

TEST(ThreadPool, ServesCallersInTurn) {
  ThreadPool pool(2);
  std::atomic<int> count{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) pool.run(8, [&](std::size_t, unsigned) { ++count; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(count, 4 * 100 * 8);
}

TEST(ThreadPool, TakesEmptyLoops) {
  ThreadPool pool(2);
  pool.run(0, [](std::size_t, unsigned) { FAIL(); });
}

}  // namespace
}  // namespace gusto
