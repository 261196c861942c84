// Files as people have them: what is recognized, what is said of it, and that each hint, followed to the letter, works.

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::read_text;

OpenedDataset read_with(std::string_view text, const ReadingSpec& spec) { return read_text(text, parse_reading(spec)); }
ReadingSpec columns_of(std::string columns) { return {.columns = std::move(columns)}; }
std::string notes_of(const OpenedDataset& opened) {
  std::string notes;
  for (const std::string& note : opened.report.assumed) notes += note + "\n";
  return notes;
}

TEST(Recognition, TakesAColumnOfNumbersBesideUserAndItemForTheValue) {
  const OpenedDataset opened = read_text("user,item,stars_given\n1,a,5\n1,b,1\n2,a,4\n");
  EXPECT_EQ(event_of(*opened.data, "1", "b").value, 1);
  EXPECT_EQ(notes_of(opened), "The column \"stars_given\" of ratings.txt is taken for the rating: it holds numbers.\n");
  for (const std::string name : {"ratings", "count", "quantity", "clicks", "label", "listen_count"}) {
    EXPECT_EQ(event_of(*read_text("user_id,item_id," + name + "\n1,a,5\n").data, "1", "a").value, 5) << name;
  }
}

TEST(Recognition, TakesAColumnOfPlausibleTimesForTheTime) {
  const OpenedDataset opened = read_text("user_id,item_id,rating,when_it_was\n2,2,4,1500039716\n1,9,4,1500017676\n");
  EXPECT_EQ(event_of(*opened.data, "1", "9").time, 1500017676);
  EXPECT_THAT(notes_of(opened), HasSubstr("\"when_it_was\" of ratings.txt is taken for the time: it holds times."));
  const OpenedDataset dates = read_text("user,item,review_date\n2,2,2017-07-14\n1,9,2017-07-15\n");
  EXPECT_EQ(event_of(*dates.data, "1", "9").time, 1500076800);
  EXPECT_EQ(event_of(*read_text("1,2,1500039716\n2,3,1500039717\n").data, "1", "2").time, 1500039716);
}

TEST(Recognition, NamesWhatStaysUnread) {
  const OpenedDataset opened = read_text("user,item,rating,shop,price\n1,a,5,north,2.5\n");
  EXPECT_EQ(notes_of(opened), "Columns of ratings.txt that are not read: \"shop\", \"price\".\n");
  EXPECT_THAT(opened.report.notes, ElementsAre(HasSubstr("that are not read")));
  EXPECT_THAT(read_with("user,item,rating,shop\n1,a,5,north\n", columns_of("user,item,rating,-")).report.notes,
              IsEmpty());
}

TEST(Recognition, AsksWhichOfSeveralColumnsOfNumbersIsTheValue) {
  const std::string text = "user,item,first,second\n1,a,5,2.5\n";
  const OpenedDataset opened = read_text(text);
  EXPECT_EQ(event_of(*opened.data, "1", "a").value, 1);
  EXPECT_THAT(notes_of(opened), HasSubstr("name one with the option `columns`, such as rating=first."));
  EXPECT_EQ(event_of(*read_with(text, columns_of("rating=first")).data, "1", "a").value, 5);
}

TEST(Recognition, SkipsTheIndexThatPandasWrites) {
  const OpenedDataset opened = read_text("0,7,10,5\n1,7,11,4\n2,8,10,3\n");
  EXPECT_EQ(opened.data->user_count(), 2u);
  EXPECT_EQ(event_of(*opened.data, "7", "11").value, 4);
  EXPECT_THAT(notes_of(opened), HasSubstr("The first column of ratings.txt numbers its lines, and is skipped."));
  EXPECT_EQ(event_of(*read_text(",user,item,rating\n0,7,10,5\n1,7,11,4\n").data, "7", "11").value, 4);
  EXPECT_EQ(event_of(*read_text("Unnamed: 0,user,item,rating\n0,7,10,5\n1,7,11,4\n").data, "7", "11").value, 4);
  EXPECT_EQ(event_of(*read_text(",0,1,2\n0,7,10,5\n1,7,11,4\n").data, "7", "11").value, 4);
  EXPECT_EQ(event_of(*read_text("\"user\" \"item\" \"rating\"\n\"1\" 7 10 5\n\"2\" 7 11 4\n").data, "7", "11").value,
            4);
}

TEST(Recognition, KeepsUsersThatCountFromZeroWithOneEventEach) {
  const std::string text = "0\t25\t5\t978824351\n1\t133\t3\t978300174\n2\t207\t4\t978298504\n";
  const OpenedDataset opened = read_text(text);
  EXPECT_EQ(event_of(*opened.data, "1", "133").value, 3);
  EXPECT_THAT(notes_of(opened), HasSubstr("set the option `columns` to -,user,item,time."));
  EXPECT_EQ(event_of(*read_with(text, columns_of("-,user,item,time")).data, "133", "3").time, 978300174);
}

TEST(Recognition, SkipsBlanksAroundQuotedFields) {
  const OpenedDataset opened = read_text("user,item,rating\n\"1\", \"2\", 4\n2, 2 ,3\n \"3\" ,\"a, b\" , \"5\"\n");
  EXPECT_EQ(event_of(*opened.data, "1", "2").value, 4);
  EXPECT_EQ(event_of(*opened.data, "3", "a, b").value, 5);
  EXPECT_EQ(opened.data->catalog().items.size(), 2u);
}

TEST(Recognition, SaysWhenALoneQuotationMarkSwallowsLines) {
  const std::string text = "1\t\"a\t5\n2\tb\t4\n3\tc\"\t3\n4\td\t2\n5\te\t1\n";
  EXPECT_EQ(read_text(text).data->event_count(), 3u);
  EXPECT_THAT(complaint([] { read_text("1\t\"a\" b\t5\n2\tc\t4\n"); }), HasSubstr("set the option `quote` to none"));
  const std::string silent = "1\t\"a\n2\tb\"\t4\n3\tc\t3\n4\td\t2\n5\te\t1\n";
  const OpenedDataset opened = read_text(silent);
  EXPECT_THAT(notes_of(opened), HasSubstr("go on over several lines: 1, the first on line 1. If its quotation marks "
                                          "are text, set the option `quote` to none."));
  EXPECT_EQ(event_of(*read_with(text, {.quote = "none"}).data, "3", "c\"").value, 3);
}

TEST(Recognition, ReadsTimesInWhateverUnitTheyLookLike) {
  const auto time_of = [](std::string time) {
    const OpenedDataset opened = read_text("user,item,rating,timestamp\n1,9,4," + time + "\n");
    EXPECT_EQ(notes_of(opened), "");
    return event_of(*opened.data, "1", "9").time;
  };
  EXPECT_EQ(time_of("20170714"), 1499990400);
  EXPECT_EQ(time_of("1500017676"), 1500017676);
  EXPECT_EQ(time_of("1500017676123"), 1500017676);
  EXPECT_EQ(time_of("1500017676123456"), 1500017676);
  EXPECT_EQ(time_of("1500017676000000000"), 1500017676);
  EXPECT_EQ(time_of("2017/07/14 07:34:36"), 1500017676);
}

TEST(Recognition, TellsDaysFromMonthsWhereADateDoes) {
  const auto time = [](std::string_view dates) {
    return event_of(*read_text("user,item,date\n" + std::string(dates)).data, "1", "b").time;
  };
  EXPECT_EQ(time("1,a,14/07/2017\n1,b,03/08/2017\n"), 1501718400);
  EXPECT_EQ(time("1,a,7/14/2017\n1,b,8/3/2017\n"), 1501718400);
  EXPECT_EQ(time("1,a,14.07.2017 10:00\n1,b,3.8.2017 0:00\n"), 1501718400);
  const OpenedDataset either = read_text("user,item,date\n1,a,3/8/2017\n");
  EXPECT_EQ(event_of(*either.data, "1", "a").time, 1501718400);
  EXPECT_THAT(notes_of(either), HasSubstr("with the day first; if the month is, set the option `time_unit` to mdy"));
  const OpenedDataset months = read_with("user,item,date\n1,a,3/8/2017\n", {.time_unit = "mdy"});
  EXPECT_EQ(event_of(*months.data, "1", "a").time, 1488931200);
  EXPECT_EQ(notes_of(months), "");
}

TEST(Recognition, NamesCircumstancesThatAreNotRead) {
  std::string text = "userID,itemID,rating,age,time,daytype,season,mood\n";
  for (int i = 0; i < 12; ++i)
    text += fmt::format("{},{},{},30,{},{},{},fine\n", i % 3, i, 1 + i % 5, 1 + i % 4, i % 2, i % 3);
  const OpenedDataset opened = read_text(text);
  EXPECT_FALSE(opened.data->has_times());
  EXPECT_EQ(event_of(*opened.data, "0", "3").value, 4);
  EXPECT_THAT(notes_of(opened), HasSubstr("not read: \"age\", \"time\", \"daytype\", \"season\", \"mood\"."));
}

TEST(Recognition, SaysOfTimesThatFewMean) {
  EXPECT_THAT(notes_of(read_text("user,item,time\n1,a,17361\n")), HasSubstr("before 1990"));
  EXPECT_THAT(notes_of(read_text("user,item,time\n1,a,1500017676\n1,b,9500017676\n")), HasSubstr("in the future"));
}

TEST(Recognition, TakesUnknownNamesAboveNumbersForAHeader) {
  const OpenedDataset two = read_text("u_x,i_x\n1,10\n2,11\n");
  EXPECT_EQ(two.data->event_count(), 2u);
  EXPECT_THAT(notes_of(two), HasSubstr("such as user=i_x,item=u_x."));
  EXPECT_TRUE(read_with("u_x,i_x\n1,10\n", columns_of("user=i_x,item=u_x")).data->catalog().users.find("10"));
  const OpenedDataset four = read_text("a,b,c,d\n1,10,5,1500017676\n");
  EXPECT_EQ(event_of(*four.data, "1", "10").value, 5);
  EXPECT_EQ(event_of(*four.data, "1", "10").time, 1500017676);
  const std::string wide = "a,b,c,d,e\n1,10,5,6,7\n";
  EXPECT_THAT(complaint([&] { read_text(wide); }), HasSubstr("for example user=a,item=b."));
  EXPECT_EQ(read_with(wide, columns_of("user=a,item=b")).data->event_count(), 1u);
}

TEST(Recognition, CompletesPartialNaming) {
  const OpenedDataset opened = read_with("user_id,what,stars,time\n1,a,5,1500017676\n", columns_of("item=what"));
  EXPECT_EQ(event_of(*opened.data, "1", "a").value, 5);
  EXPECT_EQ(event_of(*opened.data, "1", "a").time, 1500017676);
  const std::string json = "{\"user_id\":1,\"what\":\"a\",\"stars\":5}\n";
  EXPECT_EQ(event_of(*read_with(json, columns_of("item=what")).data, "1", "a").value, 5);
  const std::string text = "user,this,that\n1,a,b\n";
  EXPECT_THAT(complaint([&] { read_text(text); }), HasSubstr("for example item=this."));
  EXPECT_TRUE(read_with(text, columns_of("item=this")).data->catalog().items.find("a"));
}

TEST(Recognition, ReadsWhatExcelWrites) {
  const OpenedDataset opened = read_text("sep=;\r\nuser;item;rating\r\n2;2;4\r\n1;9;4\r\n");
  EXPECT_EQ(event_of(*opened.data, "1", "9").value, 4);
  EXPECT_EQ(opened.report.files.at(0).lines, 4u);
  EXPECT_THAT(complaint([&] { read_text("sep=;\nuser;item;rating\n2;2;x\n"); }), HasSubstr("ratings.txt, line 3,"));
}

TEST(Recognition, PassesOverEmptyFieldsAtTheEnd) {
  for (const std::string text : {"user,item,rating\n2,2,4,\n1,9,3,\n", "user,item,rating,\n2,2,4,\n1,9,3,\n",
                                 "user,item,rating,\n2,2,4\n1,9,3\n", "2,2,4,\n1,9,3,\n", "2,2,4\n1,9,3,,\n"}) {
    const OpenedDataset opened = read_text(text);
    EXPECT_EQ(event_of(*opened.data, "1", "9").value, 3) << text;
    EXPECT_THAT(opened.report.notes, IsEmpty()) << text;
  }
}

TEST(Recognition, TakesRunsOfBlanksForOneDelimiter) {
  const std::string text = "     2       2   4.0\n    13      11   3.5 \n     1       9   4.0\n";
  const OpenedDataset opened = read_text(text);
  EXPECT_EQ(event_of(*opened.data, "13", "11").value, 3.5f);
  EXPECT_EQ(read_with(text, {.delimiter = "space"}).data->event_count(), 3u);
  EXPECT_EQ(event_of(*read_text("user  item rating\n\"a b\"   x  4\n").data, "a b", "x").value, 4);
}

TEST(Recognition, ReadsListsHoweverFewAndShort) {
  const OpenedDataset opened = read_text("10 4 7 9\n11 4 8\n12 7 8 9\n");
  EXPECT_EQ(opened.data->event_count(), 8u);
  EXPECT_EQ(opened.data->user_count(), 3u);
  const std::string names = "ann x y\nbo x\n";
  EXPECT_THAT(complaint([&] { read_text(names); }), HasSubstr("set the option `columns` to user,items"));
  EXPECT_EQ(read_with(names, columns_of("user,items")).data->event_count(), 3u);
}

TEST(Recognition, ReadsAnArrayOfJson) {
  const OpenedDataset opened =
      read_text("[{\"user\": 2, \"item\": \"a,}\\\"\", \"rating\": 4.0}, {\"user\": 1, \"item\": 9, \"rating\": 3}]");
  EXPECT_EQ(event_of(*opened.data, "1", "9").value, 3);
  EXPECT_TRUE(opened.data->catalog().items.find("a,}\""));
  const OpenedDataset pretty =
      read_text("[\n  {\n    \"user\": 2,\n    \"item\": 5\n  },\n  {\"user\": 3, \"item\": 5}\n]\n");
  EXPECT_EQ(pretty.data->event_count(), 2u);
  EXPECT_THAT(complaint([&] { read_text("[{\"user\":1,\"item\":2},\n{\"user\":1}]"); }), HasSubstr("line 2"));
}

TEST(Recognition, CountsKindsThatHaveNoWeights) {
  const std::string text = "user,item,event\n1,a,view\n2,a,view\n3,b,buy\n4,c,view\n";
  const OpenedDataset opened = read_text(text);
  EXPECT_EQ(event_of(*opened.data, "3", "b").value, 1);
  EXPECT_EQ(notes_of(opened),
            "The column \"event\" tells kinds of events apart, and all of them count alike: view 3, buy 1. Weigh them "
            "with the option `weights`, such as view=1,buy=8.\n");
  EXPECT_EQ(event_of(*read_with(text, {.weights = "view=1,buy=8"}).data, "3", "b").value, 8);
}

TEST(Recognition, AddsUpWeightsUnlessToldOtherwise) {
  const std::string text = "user,item,event,timestamp\n1,A,buy,1600000000\n1,A,view,1602592000\n";
  EXPECT_EQ(event_of(*read_with(text, {.weights = "view=1,buy=8"}).data, "1", "A").value, 9);
  const auto value = [&](std::string duplicates) {
    const ReadingSpec spec{.duplicates = std::move(duplicates), .weights = "view=1,buy=8"};
    return event_of(*read_with(text, spec).data, "1", "A").value;
  };
  EXPECT_EQ(value("last"), 1);
  EXPECT_EQ(value("first"), 8);
  EXPECT_EQ(value("max"), 8);
}

TEST(Recognition, OrdersDuplicatesByTime) {
  const std::string text = "user,item,rating,timestamp\n1,A,5,1600000300\n1,A,2,1600000100\n1,A,3,1600000200\n";
  const auto event = [&](std::string duplicates) {
    return event_of(*read_with(text, {.duplicates = std::move(duplicates)}).data, "1", "A");
  };
  EXPECT_EQ(event("last").value, 5);
  EXPECT_EQ(event("first").value, 2);
  EXPECT_EQ(event("first").time, 1600000100);
  EXPECT_EQ(event("max").value, 5);
  EXPECT_EQ(event("max").time, 1600000300);
}

TEST(Recognition, ReadsTheHeadersOfRecBole) {
  const OpenedDataset opened =
      read_text("user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\ta\t5\t1500017676\n");
  EXPECT_EQ(event_of(*opened.data, "1", "a").value, 5);
  EXPECT_EQ(event_of(*opened.data, "1", "a").time, 1500017676);
}

TEST(Recognition, ReadsDecimalCommas) {
  const std::string text = "user;item;rating\n1;a;4,5\n2;a;3\n";
  EXPECT_THAT(complaint([&] { read_with(text, columns_of("user,item,rating")); }),
              HasSubstr("Set the option `decimal` to ,"));
  EXPECT_THAT(complaint([] { read_text("user;item;stars_given\n1;a;4,5\n"); }), HasSubstr("Set the option `decimal`"));
  EXPECT_EQ(event_of(*read_with(text, {.decimal = ","}).data, "1", "a").value, 4.5f);
  EXPECT_EQ(event_of(*read_with("1 a 4,5\n2 b 3,5\n", {.decimal = ","}).data, "1", "a").value, 4.5f);
  EXPECT_EQ(event_of(*read_with("1,a,\"4,5\"\n2,b,\"3,5\"\n", {.decimal = ","}).data, "1", "a").value, 4.5f);
}

TEST(Recognition, SaysOfIdsThatDifferByTheirSpellingOnly) {
  const OpenedDataset opened = read_text("user,item,rating\n1,7,5\n2,7.0,4\n3,8,1\n");
  EXPECT_EQ(opened.data->catalog().items.size(), 3u);
  EXPECT_THAT(notes_of(opened), HasSubstr("Ids of items that are others with .0 behind them: 1, such as 7 and 7.0."));
}

TEST(Recognition, PassesOverRemarksAtTheBeginning) {
  const OpenedDataset opened = read_text("% bip weighted\n# 2 3\n1 10 5\n2 11 4\n");
  EXPECT_EQ(event_of(*opened.data, "2", "11").value, 4);
  EXPECT_EQ(notes_of(opened), "Lines at the beginning of ratings.txt that are remarks, and are not read: 2.\n");
}

// What inspect prints reads the same events, without recognition.
TEST(Recognition, CanBeWrittenAsOptions) {
  for (const std::string text :
       {"0,7,10,5\n1,7,11,4\n2,8,10,3\n", "user,item,stars_given,x,y\n1,a,5,p,q\n2,b,4,r,s\n", "10 4 7 9\n11 4 8\n",
        "u_x,i_x\n1,10\n", "  2   2   4.0\n 13  11   3.5\n", "{\"user_id\":1,\"sku\":\"a\",\"stars\":5}\n",
        "sep=;\nuser;item;day\n1;a;20170714\n", "1\ta\t1500017676000\n", "user,item,rating\n1,a,2,\n1,b,3,\n",
        "user,item,event\n1,a,view\n1,b,view\n"}) {
    const OpenedDataset opened = read_text(text);
    ReadingSpec spec;
    for (const auto& [option, value] : opened.report.reading) {
      for (const auto& [name, member] : kReadingTexts) {
        if (name == option) spec.*member = value;
      }
    }
    const OpenedDataset again = read_with(text, spec);
    EXPECT_EQ(again.report.reading, opened.report.reading) << text;
    ASSERT_EQ(again.data->event_count(), opened.data->event_count()) << text;
    EXPECT_EQ(again.data->catalog().users.text(), opened.data->catalog().users.text()) << text;
    EXPECT_TRUE(std::equal(again.data->values().begin(), again.data->values().end(), opened.data->values().begin()));
    EXPECT_TRUE(std::equal(again.data->times().begin(), again.data->times().end(), opened.data->times().begin(),
                           opened.data->times().end()));
  }
}

}  // namespace
}  // namespace gusto
