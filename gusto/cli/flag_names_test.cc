#include "gusto/cli/flag_names.h"

#include <gtest/gtest.h>

namespace gusto::cli {
namespace {

TEST(FlagNames, AreTheOptionsWithDashesButForThoseThatTheCommandNamesOtherwise) {
  EXPECT_EQ(flag_of("columns"), "--columns");
  EXPECT_EQ(flag_of("item_features"), "--item-features");
  EXPECT_EQ(flag_of("memory_limit"), "--memory");
  EXPECT_EQ(flag_of("feature_types"), "--types");
}

TEST(FlagNames, StandInMessagesWhereTheLibraryNamesOptions) {
  EXPECT_EQ(with_flags("Raise the option `memory_limit`, or leave the option `half_life` out."),
            "Raise --memory, or leave --half-life out.");
  EXPECT_EQ(with_flags("The option is in `backticks`, and the option `never ends."),
            "The option is in `backticks`, and the option `never ends.");
  EXPECT_EQ(with_flags(""), "");
}

}  // namespace
}  // namespace gusto::cli
