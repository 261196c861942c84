#include "gusto/data/io/numbers.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace gusto {
namespace {

TEST(Numbers, ReadsValuesWrittenInFull) {
  EXPECT_EQ(parse_value("3.5"), 3.5f);
  EXPECT_EQ(parse_value("5"), 5.0f);
  EXPECT_EQ(parse_value("-1.25"), -1.25f);
  EXPECT_EQ(parse_value("1e3"), 1000.0f);
  EXPECT_EQ(parse_value("16777217"), 16777216.0f);
  EXPECT_EQ(parse_value("0.1"), 0.1f);
  for (const char* text : {"", ".", "-", "1.2.3", "3x", " 3", "nan", "inf", "1e400", "1e39", "--1", "0x1"}) {
    EXPECT_EQ(parse_value(text), std::nullopt) << text;
  }
}

TEST(Numbers, SaysWhatIsWrong) {
  EXPECT_EQ(value_problem("x"), "is not a number");
  EXPECT_EQ(value_problem("nan"), "is not a finite number");
  EXPECT_EQ(value_problem("1e400"), "is out of range");
}

RC_GTEST_PROP(Numbers, FastAndSlowAgree, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789.-e")));
  RC_ASSERT(parse_value(text) == parse_value_slowly(text));
}

RC_GTEST_PROP(Numbers, FastAndSlowAgreeOnDecimals, ()) {
  const std::string digits = std::to_string(*rc::gen::inRange<std::int64_t>(0, 1000000000000000));
  std::string text = digits;
  text.insert(*rc::gen::inRange<std::size_t>(0, digits.size() + 1), ".");
  RC_ASSERT(parse_value(text) == parse_value_slowly(text));
}

}  // namespace
}  // namespace gusto
