#include "gusto/base/text.h"

#include <gmock/gmock.h>

namespace gusto {
namespace {

TEST(Text, DurationsAreReadAndEstimatesWritten) {
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("2m"), 120);
  EXPECT_EQ(parse_duration("1.5h"), 5400);
  for (const char* none : {"", "m", "2", "-2m", "2 minutes", "0s"}) EXPECT_FALSE(parse_duration(none)) << none;
  EXPECT_EQ(format_about(0.2), "1 second");
  EXPECT_EQ(format_about(41.4), "41 seconds");
  EXPECT_EQ(format_about(60), "1 minute");
  EXPECT_EQ(format_about(90), "1.5 minutes");
  EXPECT_EQ(format_about(1250), "21 minutes");
  EXPECT_EQ(format_about(5400), "1.5 hours");
  EXPECT_EQ(format_about(3 * 86400), "3 days");
}

TEST(Text, FormatsQuantitiesForPeople) {
  EXPECT_EQ(format_bytes(812), "812 B");
  EXPECT_EQ(format_bytes(1434), "1.4 KiB");
  EXPECT_EQ(format_bytes(std::uint64_t{24} << 30), "24 GiB");
  EXPECT_EQ(format_seconds(0.004), "4.0 ms");
  EXPECT_EQ(format_seconds(0.344), "0.34 s");
  EXPECT_EQ(format_seconds(185), "3 min 5 s");
  EXPECT_EQ(format_count(7), "7");
  EXPECT_EQ(format_count(1000209), "1,000,209");
  EXPECT_EQ(format_time(978300760), "2000-12-31 22:12:40");
}

TEST(Text, ReadsByteSizes) {
  EXPECT_EQ(parse_bytes("4096"), 4096u);
  EXPECT_EQ(parse_bytes("8G"), std::uint64_t{8} << 30);
  EXPECT_EQ(parse_bytes("1.5 GiB"), std::uint64_t{3} << 29);
  EXPECT_EQ(parse_bytes("512mb"), std::uint64_t{512} << 20);
  for (const char* bad : {"", "G", "8X", "8GG", "-1", "1e400", "nan"}) EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
}

TEST(Text, EditDistanceCountsSwapsOnce) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("item-knn", "itme-knn"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("abc", "xyz", 1), 2u);
}

TEST(Text, SuggestsOnlyNearNames) {
  const std::vector<std::string_view> names = {"dim", "epochs", "learning_rate", "reg"};
  EXPECT_EQ(nearest_name("epoch", names), "epochs");
  EXPECT_EQ(nearest_name("lerning_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("learning", names), "learning_rate");
  EXPECT_EQ(nearest_name("temperature", names), std::nullopt);
  const std::vector<std::string_view> models{"bias", "biased-mf", "item-knn", "user-knn"};
  EXPECT_EQ(nearest_name("biasd-mf", models), "biased-mf");
  EXPECT_EQ(nearest_name("biased-fm", models), "biased-mf");
  EXPECT_EQ(nearest_name("biased", models), "biased-mf");
  EXPECT_EQ(nearest_name("knn_item", models), "item-knn");
  EXPECT_EQ(nearest_name("item", models), "item-knn");
}

TEST(Text, ReadsNumbersWhollyOrNotAtAll) {
  EXPECT_EQ(parse_real("3.5"), 3.5);
  EXPECT_EQ(parse_real("+2"), 2.0);
  EXPECT_EQ(parse_real("-1e3"), -1000.0);
  for (const char* bad : {"", " 1", "1 ", "1x", "nan", "inf", "1e400", "--1"}) {
    EXPECT_EQ(parse_real(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("+5"), 5);
  for (const char* bad : {"+-5", "-+5", "++5", "--5", "+", "-"}) {
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
    EXPECT_EQ(parse_real(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
}

TEST(Text, TellsUtf8FromLatin1) {
  EXPECT_TRUE(is_utf8("Léon (1994)"));
  EXPECT_TRUE(is_utf8("\xF0\x9F\x8E\xAC"));
  EXPECT_FALSE(is_utf8("L\xE9on"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));      // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));  // a surrogate
  EXPECT_FALSE(is_utf8("\xE2\x82"));      // cut
  EXPECT_EQ(latin1_to_utf8("L\xE9on"), "Léon");
}

TEST(Text, QuotesForMessages) {
  EXPECT_EQ(quote("a\tb\n"), "\"a\\tb\\n\"");
  EXPECT_EQ(quote(std::string_view("\0", 1)), "\"\\x00\"");
  EXPECT_EQ(quote("aéb", 2), "\"a…\"");
}

TEST(Text, SplitsAndTrims) {
  EXPECT_THAT(split("1::2::3", "::"), testing::ElementsAre("1", "2", "3"));
  EXPECT_THAT(split("", ","), testing::ElementsAre(""));
  EXPECT_EQ(trim(" a b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
}

}  // namespace
}  // namespace gusto
