#include "gusto/models/shared/data_shape.h"

#include <gtest/gtest.h>

#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TEST(DataShape, CountsOnlyRowsWithEvents) {
  const auto data =
      test::dataset_of(4, 5, {{UserRow(0), ItemRow(0), 5}, {UserRow(0), ItemRow(3), 4}, {UserRow(2), ItemRow(3), 1}});
  const DataShape shape = shape_of(*data);
  EXPECT_EQ(shape.users, 2);
  EXPECT_EQ(shape.items, 2);
  EXPECT_EQ(shape.events, 3);
  EXPECT_EQ(shape.events_a_user(), 1.5);
  EXPECT_EQ(shape.narrower(), 2);
}

TEST(DataShape, RampsBetweenTwoEnds) {
  EXPECT_EQ(ramp(0, 2, 8), 0);
  EXPECT_EQ(ramp(2, 2, 8), 0);
  EXPECT_DOUBLE_EQ(ramp(4, 2, 8), 0.5);
  EXPECT_EQ(ramp(8, 2, 8), 1);
  EXPECT_EQ(ramp(100, 2, 8), 1);
}

TEST(DataShape, KeepsVectorsShortWhereRowsAreFew) {
  EXPECT_EQ(fitting_dim(64, {.users = 40, .items = 3, .events = 100}), 8U);
  EXPECT_EQ(fitting_dim(64, {.users = 5000, .items = 60, .events = 60000}), 8U);
  EXPECT_EQ(fitting_dim(64, {.users = 150, .items = 800, .events = 9000}), 32U);
  EXPECT_EQ(fitting_dim(256, {.users = 943, .items = 1682, .events = 100000}), 256U);
  EXPECT_EQ(fitting_rank({.users = 40, .items = 3, .events = 100}), 1U);
  EXPECT_EQ(fitting_rank({.users = 5000, .items = 60, .events = 60000}), 5U);
  EXPECT_EQ(fitting_rank({.users = 943, .items = 1682, .events = 100000}), 42U);
}

}  // namespace
}  // namespace gusto
