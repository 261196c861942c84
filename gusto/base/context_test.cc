#include "gusto/base/context.h"

#include <atomic>

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/system.h"
#include "gusto/base/testing/testing.h"

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
    EXPECT_EQ(error.code(), ErrorCode::cancelled);
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

TEST(Context, CheckpointIsForOneFitOnly) {
  Context context({.threads = 1, .checkpoint = "fit.checkpoint"});
  EXPECT_EQ(context.checkpoint(), "fit.checkpoint");
  {
    const CheckpointAside aside(context);
    EXPECT_TRUE(context.checkpoint().empty());
    const CheckpointAside again(context);
    EXPECT_TRUE(context.checkpoint().empty());
  }
  EXPECT_EQ(context.checkpoint(), "fit.checkpoint");
}

TEST(Context, WhoIsStoppedHearsOfTheCheckpointOnceThereIsOne) {
  const test::TemporaryFolder folder;
  CancelToken cancel;
  cancel.cancel();
  const Context context({.threads = 1, .cancel = &cancel, .checkpoint = folder.path() / "fit.checkpoint"});
  EXPECT_EQ(test::error_of([&] { context.check_cancelled(); }).message(), "Stopped as asked; nothing was written.");
  const std::string path = folder.write("fit.checkpoint", "");
  const Error error = test::error_of([&] { context.check_cancelled(); });
  EXPECT_EQ(error.code(), ErrorCode::cancelled);
  EXPECT_EQ(error.message(), "Stopped as asked; \"" + path + "\" holds what was learned so far.");
}

TEST(System, KnowsItsMachine) {
  EXPECT_GE(available_threads(), 1u);
  EXPECT_GT(available_memory(), std::uint64_t{1} << 26);
  EXPECT_GT(peak_memory(), std::uint64_t{1} << 20);
}

TEST(Context, ASeedAsideLastsAsLongAsItLives) {
  Context context({.threads = 1, .seed = 5});
  {
    const SeedAside aside(context, 9);
    EXPECT_EQ(context.seed(), 9U);
  }
  EXPECT_EQ(context.seed(), 5U);
}

}  // namespace
}  // namespace gusto
