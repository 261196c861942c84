#include "gusto/base/context.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/system.h"

namespace gusto {
namespace {

TEST(Context, SumsToTheSameBitsAtAnyNumberOfThreads) {
  const auto part = [](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += 1.0 / static_cast<double>(i + 1);
    return sum;
  };
  Context one({.threads = 1});
  const double expected = parallel_sum(one, 100001, 64, part);
  for (unsigned threads : {2u, 7u}) {
    Context many({.threads = threads});
    EXPECT_EQ(parallel_sum(many, 100001, 64, part), expected);
  }
}

TEST(Context, StopsALoopWhenAsked) {
  CancelToken cancel;
  Context context({.threads = 2, .cancel = &cancel});
  std::atomic<int> blocks{0};
  try {
    parallel_blocks(context, 1000, 1, [&](std::size_t, std::size_t, unsigned) {
      if (++blocks == 10) cancel.cancel();
    });
    FAIL() << "ran to the end";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::canceled);
  }
  EXPECT_LT(blocks, 1000);
}

TEST(Context, RefusesANeedAboveTheLimitWithAFigure) {
  const Context context({.threads = 1, .memory_limit = 1 << 20});
  context.require_memory("svd", 1 << 20);
  try {
    context.require_memory("svd", std::uint64_t{3} << 20);
    FAIL() << "let it pass";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_EQ(error.message(), "svd needs about 3.0 MiB, and the memory limit is 1.0 MiB.");
  }
}

TEST(Context, WorksOutTheSecondsLeftAtTheStagesPace) {
  std::vector<std::optional<double>> left;
  Context context({.threads = 1, .progress = [&](const ProgressEvent& event) { left.push_back(event.seconds_left); }});
  context.progress("first", 2, 10);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  context.progress("first", 4, 10);
  context.progress("second", 5, 10);
  context.progress("second", 1, 10);  // again from the beginning
  context.progress("third", 0, 0);
  context.progress("third", 7, 0);
  ASSERT_EQ(left.size(), 6U);
  EXPECT_FALSE(left[0]);
  ASSERT_TRUE(left[1]);
  EXPECT_GE(*left[1], 0.06);
  for (std::size_t n = 2; n < 6; ++n) EXPECT_FALSE(left[n]) << n;
}

TEST(Context, TellsAgainWhileAStepTakesLong) {
  std::vector<ProgressEvent> told;
  Context context({.threads = 1, .progress = [&](const ProgressEvent& event) { told.push_back(event); }});
  const auto work_long = [&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1100);
    parallel_blocks(context, 1100, 1, [&](std::size_t, std::size_t, unsigned) {
      if (std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  };
  context.progress({.stage = "work", .done = 2, .total = 3, .epoch = 2});
  work_long();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].stage, "work");
  EXPECT_EQ(told[1].done, 2U);
  EXPECT_FALSE(told[1].epoch) << "it ended once";
  context.progress("work", 3, 3);
  work_long();
  EXPECT_EQ(told.size(), 3U) << "the stage is over";
}

TEST(Context, StopsWorkThatWouldTakeTooLong) {
  Context context({.threads = 1});
  const auto error_of = [&](const auto& body) {
    try {
      body();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::out_of_time);
      return error.message();
    }
    return std::string();
  };
  EXPECT_EQ(error_of([&] { context.limit_time("ease", 120, 1250); }),
            "ease would take about 21 minutes to train, and the option `budget` allows 2 minutes.");
  EXPECT_EQ(error_of([&] { context.limit_time("ease", 120, 100); }), "");
  context.limit_time("als", 20);
  context.progress("als", 0, 100);
  std::this_thread::sleep_for(std::chrono::milliseconds(1010));
  EXPECT_TRUE(error_of([&] { context.progress("als", 1, 100); }).starts_with("als would take about "));
  EXPECT_EQ(error_of([&] { context.progress("als", 90, 100); }), "");
  context.limit_time({}, 0);
  EXPECT_EQ(error_of([&] { context.progress("als", 91, 1'000'000); }), "");
}

TEST(Context, LetsThroughWhatTheSinkThrowsWhileOtherThreadsRun) {
  std::atomic<int> inside{0};
  Context context({.threads = 4, .progress = [](const ProgressEvent&) { throw 7; }});
  const auto work = [&](std::size_t, std::size_t, unsigned worker) {
    ++inside;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (worker == 0) context.progress("work", 1, 2);
    --inside;
  };
  try {
    parallel_blocks(context, 1000, 1, work);
    FAIL() << "went on";
  } catch (int thrown) {
    EXPECT_EQ(thrown, 7);
  }
  EXPECT_EQ(inside, 1);  // the one that threw
  EXPECT_EQ(context.sink_throws(), 1U);
}

TEST(System, KnowsItsMachine) {
  EXPECT_GE(available_threads(), 1u);
  EXPECT_GT(available_memory(), std::uint64_t{1} << 26);
  EXPECT_GT(peak_memory(), std::uint64_t{1} << 20);
}

}  // namespace
}  // namespace gusto
