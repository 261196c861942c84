#include "gusto/nn/schedule.h"

#include <gtest/gtest.h>

namespace gusto::nn {
namespace {

TEST(Schedule, ConstantStaysAtOne) {
  for (std::size_t step = 0; step < 100; ++step) EXPECT_EQ(schedule_factor(Schedule::constant, 0, step, 100), 1);
}

TEST(Schedule, WarmUpRisesInAStraightLine) {
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 0.1, 0, 100), 0.1);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 0.1, 4, 100), 0.5);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 0.1, 9, 100), 1);
}

TEST(Schedule, LinearAndCosineFallTowardZeroWithoutReachingIt) {
  for (const Schedule schedule : {Schedule::linear, Schedule::cosine}) {
    double before = 1.1;
    for (std::size_t step = 0; step < 50; ++step) {
      const double factor = schedule_factor(schedule, 0, step, 50);
      EXPECT_LT(factor, before);
      EXPECT_GT(factor, 0);
      before = factor;
    }
    EXPECT_EQ(schedule_factor(schedule, 0, 0, 50), 1);
    EXPECT_LT(before, 0.03);
  }
  EXPECT_NEAR(schedule_factor(Schedule::cosine, 0, 25, 50), 0.5, 1e-12);
}

TEST(Schedule, StepsDownTwice) {
  EXPECT_EQ(schedule_factor(Schedule::step, 0, 49, 100), 1);
  EXPECT_EQ(schedule_factor(Schedule::step, 0, 51, 100), 0.1);
  EXPECT_EQ(schedule_factor(Schedule::step, 0, 80, 100), 0.01);
}

}  // namespace
}  // namespace gusto::nn
