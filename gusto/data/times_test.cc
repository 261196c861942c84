#include "gusto/data/times.h"

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(Times, IsoDatesAreReadAsUtcUnlessTheySayOtherwise) {
  EXPECT_EQ(parse_iso_time("1970-01-01"), 0);
  EXPECT_EQ(parse_iso_time("2001-01-01 00:12:40"), 978307960);
  EXPECT_EQ(parse_iso_time("2019-10-01T08:30:15.250Z"), 1569918615);
  EXPECT_EQ(parse_iso_time("2019-10-01 08:30:15 UTC"), 1569918615);
  EXPECT_EQ(parse_iso_time("2019-10-01T10:30:15+02:00"), 1569918615);
  EXPECT_EQ(parse_iso_time("2019-10-01T10:30:15+0200"), 1569918615);
  EXPECT_EQ(parse_iso_time("2019-10-01T04:00:15-04:30"), 1569918615);
  EXPECT_EQ(parse_iso_time("2019-10-01 08:30"), 1569918600);
  EXPECT_EQ(parse_iso_time("1969-12-31 23:59:59"), -1);
  EXPECT_EQ(parse_iso_time("2016-12-31T23:59:60Z"), 1483228799);
}

TEST(Times, DatesThatAreNoneAreNotRead) {
  for (const char* text : {"", "2019", "2019-02-30", "2019-13-01", "2019-1-1", "2019-10-01T24:00", "2019-10-01T08:60",
                           "2019-10-01T08:30:61", "2019-10-01T08:30:15.", "2019-10-01 08:30:15 CET", "2019-10-01x",
                           "2019-10-01T08:30:15+2", "2019-10-01T08:30:15Zx"}) {
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
  }
}

TEST(Times, FractionsAreLeftOutTowardThePast) {
  EXPECT_EQ(parse_time("978300760.75", TimeUnit::seconds), 978300760);
  EXPECT_EQ(parse_time("978300760999", TimeUnit::milliseconds), 978300760);
  EXPECT_EQ(parse_time("-1", TimeUnit::milliseconds), -1);
  EXPECT_EQ(parse_time("-0.5", TimeUnit::seconds), -1);
  EXPECT_EQ(parse_time("-2.0", TimeUnit::seconds), -2);
  EXPECT_EQ(parse_time("-1000", TimeUnit::milliseconds), -1);
}

TEST(Times, DigitsOfDatesAreReadAsUtc) {
  EXPECT_EQ(parse_time("20191001", TimeUnit::yyyymmdd), 1569888000);
  EXPECT_EQ(parse_time("20191001.0", TimeUnit::yyyymmdd), 1569888000);
  EXPECT_EQ(parse_time("20191001083015", TimeUnit::yyyymmdd), 1569918615);
  EXPECT_EQ(parse_iso_time("2019/10/01 08:30:15"), 1569918615);
  for (const char* text : {"20190230", "20191301", "2019", "2019100108", "20191001246060", "-20191001", "20191001.5"}) {
    EXPECT_EQ(parse_time(text, TimeUnit::yyyymmdd), std::nullopt) << text;
  }
  EXPECT_EQ(parse_iso_time("2019/10-01"), std::nullopt);
}

TEST(Times, DatesBeginWithTheDayOrTheMonth) {
  EXPECT_EQ(parse_time("14.07.2017", TimeUnit::dmy), 1499990400);
  EXPECT_EQ(parse_time("14/07/2017 14:05", TimeUnit::dmy), 1500041100);
  EXPECT_EQ(parse_time("14-7-2017 14:05:30", TimeUnit::dmy), 1500041130);
  EXPECT_EQ(parse_time("14-Jul-2017", TimeUnit::dmy), 1499990400);
  EXPECT_EQ(parse_time("14 July 2017, 16:05 +0200", TimeUnit::dmy), 1500041100);
  EXPECT_EQ(parse_time("7/14/2017 2:05 PM", TimeUnit::mdy), 1500041100);
  EXPECT_EQ(parse_time("07/14/2017 12:05 am", TimeUnit::mdy), 1499990700);
  EXPECT_EQ(parse_time("July 14, 2017", TimeUnit::mdy), 1499990400);
  EXPECT_EQ(parse_time("Jul 14 2017 14:05Z", TimeUnit::mdy), 1500041100);
  for (const char* text : {"", "31.02.2017", "14.07/2017", "14.07.17", "14.07", "14.07.2017 25:00", "14 Jux 2017",
                           "14.07.2017 13:05 PM", "14.07.2017x", "7/14/2017"}) {
    EXPECT_EQ(parse_time(text, TimeUnit::dmy), std::nullopt) << text;
  }
  EXPECT_TRUE(is_either_way("03/04/2017 10:00"));
  EXPECT_FALSE(is_either_way("03.04.2017"));
  EXPECT_FALSE(is_either_way("13/04/2017"));
}

TEST(Times, WhatIsNoTimeIsNotRead) {
  for (const char* text :
       {"", "now", "1.", ".5", "1e9", "0x10", "253402300800", "99999999999999999999", " 1", "1.2.3"}) {
    EXPECT_EQ(parse_time(text, TimeUnit::seconds), std::nullopt) << text;
  }
  EXPECT_EQ(parse_time("253402300799", TimeUnit::seconds), kLatestTime);
}

TEST(Times, UnitsAreRecognizedByTheirForm) {
  EXPECT_EQ(recognize_time_unit("978300760"), TimeUnit::seconds);
  EXPECT_EQ(recognize_time_unit("978300760.5"), TimeUnit::seconds);
  EXPECT_EQ(recognize_time_unit("-5"), TimeUnit::seconds);
  EXPECT_EQ(recognize_time_unit("978300760000"), TimeUnit::milliseconds);
  EXPECT_EQ(recognize_time_unit("2019-10-01T08:30:15Z"), TimeUnit::iso);
  EXPECT_EQ(recognize_time_unit("soon"), TimeUnit::seconds);
  EXPECT_EQ(recognize_time_unit("978300760000000"), TimeUnit::microseconds);
  EXPECT_EQ(recognize_time_unit("978300760000000000"), TimeUnit::nanoseconds);
  EXPECT_EQ(recognize_time_unit("20170714"), TimeUnit::yyyymmdd);
  EXPECT_EQ(recognize_time_unit("20171314"), TimeUnit::seconds);
  EXPECT_EQ(recognize_time_unit("2017/07/14"), TimeUnit::iso);
  EXPECT_EQ(recognize_time_unit("2017.07.14"), TimeUnit::iso);
  EXPECT_EQ(recognize_time_unit("14.07.2017"), TimeUnit::dmy);
  EXPECT_EQ(recognize_time_unit("3/8/2017"), TimeUnit::dmy);
  EXPECT_EQ(recognize_time_unit("8/13/2017"), TimeUnit::mdy);
  EXPECT_EQ(recognize_time_unit("7/10/2017"), TimeUnit::dmy);
  EXPECT_EQ(recognize_time_unit("July 14, 2017"), TimeUnit::mdy);
}

}  // namespace
}  // namespace gusto
