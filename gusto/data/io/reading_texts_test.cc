#include "gusto/data/io/reading_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ReadingSpec, NothingTypedIsTheDefault) {
  const OpenOptions options = parse_reading({});
  EXPECT_FALSE(options.columns || options.delimiter || options.header || options.time_unit || options.half_life);
  EXPECT_EQ(options.duplicates, DuplicatePolicy::keep_last);
  EXPECT_TRUE(options.weights.empty());
}

TEST(ReadingSpec, EveryTextHasItsMeaning) {
  const OpenOptions options = parse_reading({.columns = "item, user,-",
                                             .delimiter = ";;",
                                             .header = "no",
                                             .duplicates = "sum",
                                             .time_unit = "milliseconds",
                                             .weights = "view=1, buy=2.5",
                                             .half_life = "2w",
                                             .skip_bad_lines = true});
  EXPECT_THAT(*options.columns, ElementsAre("item", "user", "-"));
  EXPECT_EQ(*options.delimiter, ";;");
  EXPECT_FALSE(*options.header);
  EXPECT_EQ(options.duplicates, DuplicatePolicy::sum);
  EXPECT_EQ(*options.time_unit, TimeUnit::milliseconds);
  EXPECT_THAT(options.weights, ElementsAre(Pair("view", 1.0F), Pair("buy", 2.5F)));
  EXPECT_EQ(*options.half_life, 14 * 86400.0);
  EXPECT_TRUE(options.skip_bad_lines);
}

TEST(ReadingSpec, WhatMakesNoSenseIsRefused) {
  const auto refusal = [](const ReadingSpec& spec) {
    return test::error_of([&] { static_cast<void>(parse_reading(spec)); }).message();
  };
  EXPECT_EQ(refusal({.header = "perhaps"}), "The header cannot be \"perhaps\".");
  EXPECT_EQ(refusal({.duplicates = "median"}), "What counts of duplicates cannot be \"median\".");
  EXPECT_EQ(refusal({.time_unit = "days"}), "The unit of times cannot be \"days\".");
  EXPECT_EQ(refusal({.weights = "view"}), "Weights view: \"view\" is no kind with a weight.");
  EXPECT_EQ(refusal({.weights = "view=1,view=2"}), "Weights view=1,view=2: view is there twice.");
  EXPECT_EQ(refusal({.half_life = "soon"}), "The half-life \"soon\" is no length of time.");
  EXPECT_EQ(refusal({.half_life = "-1d"}), "The half-life \"-1d\" is no length of time.");
}

TEST(ReadingSpec, WhatIsTypedFirstWins) {
  const ReadingSpec both = completed({.columns = "user,item"}, {.columns = "item,user", .half_life = "1y"});
  EXPECT_EQ(both, (ReadingSpec{.columns = "user,item", .half_life = "1y"}));
}

}  // namespace
}  // namespace gusto
