#include <cstdint>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/data/open/open.h"
#include "gusto/data/table/make_dataset.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/data/testing/tables.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing_io::event_of;
using testing_io::made;

// Owned columns in stored order.
struct StoredColumns {
  std::vector<std::int64_t> users{4, 4, 2, 9};
  std::vector<std::int64_t> items{1, 2, 1, 3};
  std::vector<float> values{1, 2, 3, 4};
  std::vector<std::int64_t> times{5, 6, 1, 2};
  std::vector<double> ages{20, 30, 40};
  std::vector<std::int64_t> people{4, 2, 9};
};

EventTable table_of(const std::shared_ptr<const StoredColumns>& stored) {
  EventTable table;
  table.users = TableColumn::ints(stored->users);
  table.items = TableColumn::ints(stored->items);
  table.values = TableColumn::numbers(stored->values);
  table.times = TableColumn::times(stored->times, TimeUnit::seconds);
  table.user_features = {{TableColumn::ints(stored->people), {{TableColumn::numbers(stored->ages).named("age")}}}};
  table.owner = stored;
  return table;
}

TEST(MakeDataset, NumbersInStoredOrderStayWhereTheyAreAndAlive) {
  auto stored = std::make_shared<const StoredColumns>();
  const std::weak_ptr<const StoredColumns> watch = stored;
  OpenedDataset opened = made(table_of(stored));
  EXPECT_EQ(opened.data->values().data(), stored->values.data());
  EXPECT_EQ(opened.data->times().data(), stored->times.data());
  EXPECT_EQ(opened.data->catalog().user_features.at("age").numbers.span().data(), stored->ages.data());
  stored.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(event_of(*opened.data, "9", "3").value, 4);
  opened = {};
  EXPECT_TRUE(watch.expired());
}

TEST(MakeDataset, NumbersAreCopiedWhereTheyHaveToChangePlaces) {
  const auto stored = std::make_shared<const StoredColumns>();
  EventTable table = table_of(stored);
  table.owner.reset();
  EXPECT_NE(made(table).data->values().data(), stored->values.data());

  auto late = std::make_shared<StoredColumns>();
  late->times = {6, 5, 1, 2};
  OpenedDataset opened = made(table_of(late));
  EXPECT_NE(opened.data->values().data(), late->values.data());
  EXPECT_THAT(opened.data->values(), ElementsAre(2, 1, 3, 4));

  auto twice = std::make_shared<StoredColumns>();
  twice->items = {1, 1, 1, 3};
  opened = made(table_of(twice));
  EXPECT_THAT(opened.data->values(), ElementsAre(2, 3, 4));
  EXPECT_EQ(opened.report.duplicates, 1U);

  auto apart = std::make_shared<StoredColumns>();
  apart->users = {4, 2, 9, 4};
  opened = made(table_of(apart));
  EXPECT_NE(opened.data->times().data(), apart->times.data());
  EXPECT_EQ(opened.data->values()[0], 4) << "user 4's earlier event comes first";
}

}  // namespace
}  // namespace gusto
