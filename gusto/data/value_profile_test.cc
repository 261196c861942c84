#include "gusto/data/value_profile.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using test::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Strength strength_of_values(const std::vector<float>& values, ValueUse use = ValueUse::automatic, bool made = false) {
  ValueProfile profile;
  profile.add(values);
  return profile.strength(use, made);
}

std::vector<float> transformed(std::string_view how, std::vector<float> values) {
  parse_value_transform(how).apply(values);
  return values;
}

TEST(ValueProfile, RatingsOnAScaleAreNoStrengths) {
  EXPECT_FALSE(strength_of_values({1, 2, 3, 4, 5, 5, 4}).used());
  EXPECT_FALSE(strength_of_values({0.5F, 3.5F, 5}).used());
  EXPECT_FALSE(strength_of_values({10, 60, 70, 80, 95, 100}).used()) << "a scale up to 100";
  EXPECT_FALSE(strength_of_values({-10, 3.25F, 9.5F}).used());
  EXPECT_FALSE(strength_of_values({1, 1, 1}).used());
  EXPECT_FALSE(strength_of_values({}).used());
}

TEST(ValueProfile, CountsWithALongTailCountByTheirLogarithm) {
  const Strength strength = strength_of_values({1, 1, 2, 1, 1, 1, 3, 1, 400});
  ASSERT_EQ(strength.form, Strength::Form::logarithm);
  EXPECT_NEAR(strength.of(3) / strength.of(1), std::log(4.0) / std::log(2.0), 1e-6);
}

TEST(ValueProfile, WhatWasMadeCountsAsItIsAndHasAMeanOfOne) {
  const std::vector<float> values{1, 1, 8, 2};
  const Strength strength = strength_of_values(values, ValueUse::automatic, true);
  ASSERT_EQ(strength.form, Strength::Form::linear);
  EXPECT_FLOAT_EQ(strength.of(8), 8 * strength.of(1));
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(strength.of(value));
  EXPECT_NEAR(sum / 4, 1, 1e-6);
}

TEST(ValueProfile, WhatIsNotAboveZeroCountsNothing) {
  const Strength strength = strength_of_values({-3, 0, 2, 4}, ValueUse::strength);
  EXPECT_EQ(strength.of(-3), 0);
  EXPECT_EQ(strength.of(0), 0);
  EXPECT_NEAR(strength.of(2) + strength.of(4), 2, 1e-6) << "the mean is over those that are choices";
  EXPECT_FALSE(strength_of_values({-3, 0}, ValueUse::strength).used());
}

TEST(ValueProfile, TheOptionDecidesOverWhatValuesLookLike) {
  EXPECT_TRUE(strength_of_values({1, 2, 5}, ValueUse::strength).used());
  EXPECT_FALSE(strength_of_values({1, 2, 500}, ValueUse::ignore, true).used());
}

TEST(ValueProfile, SaysWhatIsInUse) {
  ValueProfile counts;
  counts.add(std::vector<float>{1, 1, 1, 1, 1, 1, 0, 90});
  const Strength strength = counts.strength(ValueUse::automatic, false);
  EXPECT_THAT(counts.describe(strength, ValueUse::automatic),
              AllOf(HasSubstr("look like counts, 0 to 90"), HasSubstr("no choices: 1")));
  EXPECT_THAT(counts.describe({}, ValueUse::ignore), IsEmpty());
}

TEST(ValueTransform, DoesWhatItsNameSays) {
  EXPECT_THAT(transformed("log1p", {0, 1}), ElementsAre(0, std::log(2.0F)));
  EXPECT_THAT(transformed("log10", {9, 99}), ElementsAre(1, 2));
  EXPECT_THAT(transformed("clip(3)", {1, 3, 9}), ElementsAre(1, 3, 3));
  EXPECT_THAT(transformed("binary", {-1, 0, 7}), ElementsAre(0, 0, 1));
  EXPECT_THAT(transformed("rank", {5, 1, 5, 9}), ElementsAre(0.625F, 0.25F, 0.625F, 1));
  EXPECT_THAT(transformed("", {5, 1}), ElementsAre(5, 1));
}

TEST(ValueTransform, RefusesWhatMakesNoSense) {
  for (const char* text : {"log2", "clip", "clip()", "clip(-1)", "clip(3", "LOG1P"}) {
    EXPECT_EQ(code_of([&] { parse_value_transform(text); }), ErrorCode::invalid_option) << text;
  }
  EXPECT_EQ(code_of([] { transformed("log1p", {1, -1}); }), ErrorCode::not_finite);
}

}  // namespace
}  // namespace gusto
