#include "gusto/data/simulation/ordered_output.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

TEST(WriteBlocks, BlocksLieInOrderWhoeverIsFirst) {
  const test::TemporaryFolder folder;
  Context context({.threads = 5});
  AtomicFile file(folder.path() / "a");
  std::string expected;
  for (int block = 0; block < 40; ++block) expected += "[" + std::to_string(block) + "]";
  write_blocks(file, 40, context, [](std::size_t block, unsigned, std::string& text) {
    EXPECT_TRUE(text.empty());
    std::this_thread::sleep_for(std::chrono::microseconds(block % 7 == 0 ? 3000 : 10));
    text = "[" + std::to_string(block) + "]";
  });
  file.commit();
  EXPECT_EQ(MappedFile::open(folder.path() / "a").text(), expected);
}

TEST(WriteBlocks, AnErrorEndsItAndNobodyWaitsForEver) {
  const test::TemporaryFolder folder;
  Context context({.threads = 5});
  AtomicFile file(folder.path() / "a");
  const auto fail_at_three = [](std::size_t block, unsigned, std::string& text) {
    text = "x";
    if (block != 3) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    throw Error(ErrorCode::io, "No more.");
  };
  EXPECT_EQ(test::code_of([&] { write_blocks(file, 1000, context, fail_at_three); }), ErrorCode::io);
}

TEST(WriteBlocks, StopsWhenAsked) {
  const test::TemporaryFolder folder;
  CancelToken cancel;
  Context context({.threads = 3, .cancel = &cancel});
  AtomicFile file(folder.path() / "a");
  const auto cancel_at_twenty = [&](std::size_t block, unsigned, std::string& text) {
    text = "x";
    if (block == 20) cancel.cancel();
  };
  EXPECT_EQ(test::code_of([&] { write_blocks(file, 100'000, context, cancel_at_twenty); }), ErrorCode::canceled);
}

}  // namespace
}  // namespace gusto
