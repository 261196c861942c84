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

}  // namespace
}  // namespace gusto::cli
