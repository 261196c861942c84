#include "gusto/data/assembly/event_store.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

constexpr std::size_t kUsers = 90;
constexpr std::size_t kItems = 40;
constexpr std::size_t kBlocks = 300;

/// Random events in many blocks, so many of which repeat a pair that all policies have something to do.
void fill(EventStore& store) {
  std::vector<std::uint32_t> user_rows(kUsers), item_rows(kItems);
  std::iota(user_rows.begin(), user_rows.end(), 0U);
  std::iota(item_rows.begin(), item_rows.end(), 0U);
  std::uint64_t line = 1;
  for (std::size_t b = 0; b < kBlocks; ++b) {
    std::vector<NumberedEvent> block;
    Random random(7, "event store", b);
    for (std::uint32_t e = 0; e < 20; ++e) {
      block.push_back({static_cast<std::uint32_t>(random.below(kUsers)),
                       static_cast<std::uint32_t>(random.below(kItems)), static_cast<float>(1 + random.below(5)), e,
                       static_cast<std::int64_t>(random.below(50))});
    }
    store.add(block, user_rows, item_rows, line, true);
    line += block.size();
  }
}

std::vector<ItemRow> turned_rows() {
  std::vector<ItemRow> rows;
  for (std::size_t i = 0; i < kItems; ++i) rows.emplace_back(kItems - 1 - i);
  return rows;
}

// Every second block is spilled: runs are joined twice, and what is read back comes in many pieces.
TEST(EventStore, SpillsInManyRunsWhatItSettlesInOneOtherwise) {
  const test::TemporaryFolder folder;
  for (const DuplicatePolicy policy : {DuplicatePolicy::keep_last, DuplicatePolicy::keep_first, DuplicatePolicy::mean,
                                       DuplicatePolicy::sum, DuplicatePolicy::refuse}) {
    Context context({.threads = 2});
    EventStore whole({policy});
    fill(whole);
    const SettledEvents expected = whole.settle(kUsers, turned_rows(), context);

    EventStore store({policy});
    store.spill_beyond(600, folder.path());
    fill(store);
    ASSERT_TRUE(store.spilled());
    std::vector<ItemRow> items;
    std::vector<float> values;
    std::vector<std::int64_t> times;
    std::size_t pieces = 0;
    const SettledEvents settled =
        store.settle_spilled(kUsers, turned_rows(), context, [&](const EventColumns& columns) {
          items.insert(items.end(), columns.items.begin(), columns.items.end());
          values.insert(values.end(), columns.values.begin(), columns.values.end());
          times.insert(times.end(), columns.times.begin(), columns.times.end());
          ++pieces;
        });
    EXPECT_EQ(settled.duplicates, expected.duplicates);
    ASSERT_EQ(settled.repeated.has_value(), policy == DuplicatePolicy::refuse);
    if (settled.repeated) {
      EXPECT_EQ(settled.repeated->user, expected.repeated->user);
      EXPECT_EQ(settled.repeated->item, expected.repeated->item);
      EXPECT_EQ(settled.repeated->first_line, expected.repeated->first_line);
      EXPECT_EQ(settled.repeated->second_line, expected.repeated->second_line);
      continue;
    }
    EXPECT_GT(pieces, 10u);
    const auto same = [](const auto& a, const auto& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
    EXPECT_TRUE(same(items, expected.columns.items));
    EXPECT_TRUE(same(values, expected.columns.values));
    EXPECT_TRUE(same(times, expected.columns.times));
  }
}

}  // namespace
}  // namespace gusto
