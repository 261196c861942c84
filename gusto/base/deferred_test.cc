#include "gusto/base/deferred.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(Deferred, IsMadeOnceForAllCopiesAndThreads) {
  std::atomic<int> made = 0;
  const auto value = Deferred<std::string>::later([&] {
    ++made;
    return std::string("here");
  });
  EXPECT_EQ(made, 0);
  std::vector<std::thread> threads;
  std::vector<const std::string*> places(4);
  for (const std::string*& place : places) {
    threads.emplace_back([copy = value, &place] { place = &copy.get(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  for (const std::string* place : places) EXPECT_EQ(place, &value.get());
  EXPECT_EQ(value.get(), "here");
}

TEST(Deferred, TriesAgainAfterAnError) {
  int calls = 0;
  const auto value = Deferred<int>::later([&] {
    if (++calls < 3) throw std::runtime_error("not yet");
    return 7;
  });
  EXPECT_THROW(value.get(), std::runtime_error);
  EXPECT_THROW(value.get(), std::runtime_error);
  EXPECT_EQ(value.get(), 7);
  EXPECT_EQ(value.get(), 7);
  EXPECT_EQ(calls, 3);
}

TEST(Deferred, LetsGoOfWhatMadeIt) {
  auto held = std::make_shared<int>(3);
  const std::weak_ptr<int> watched = held;
  const auto value = Deferred<int>::later([held = std::move(held)] { return *held; });
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(value.get(), 3);
  EXPECT_TRUE(watched.expired());
}

TEST(Deferred, MayBeThereFromTheStart) {
  const Deferred<std::string> given = std::string("now");
  EXPECT_EQ(given.get(), "now");
  EXPECT_EQ(Deferred<std::string>().get(), "");
}

}  // namespace
}  // namespace gusto
