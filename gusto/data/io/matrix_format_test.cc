#include "gusto/data/io/matrix_format.h"

#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

OpenedDataset read_matrix(std::string_view text, std::string columns = {}) {
  return read_text(text, parse_reading({.columns = std::move(columns)}));
}

TEST(Matrix, APivotOfPandasIsRead) {
  const OpenedDataset opened = read_matrix("userId,10,20,30\n7,5.0,,3.0\n9,,4.0,\n12,2.0,,1.0\n");
  EXPECT_EQ(opened.data->event_count(), 5U);
  EXPECT_EQ(event_of(*opened.data, "7", "30").value, 3);
  EXPECT_EQ(event_of(*opened.data, "9", "20").value, 4);
  EXPECT_THAT(opened.report.columns, ElementsAre("user", "matrix"));
  EXPECT_THAT(opened.report.assumed,
              ElementsAre(HasSubstr("is taken for a matrix: a line is a user, a column an item")));
  // Named items, users without a name above them, R's header without one, NA for none.
  EXPECT_EQ(event_of(*read_matrix(",Heat,Alien,Jaws\nann,5,,3\nbob,,4,\n").data, "bob", "Alien").value, 4);
  EXPECT_EQ(event_of(*read_matrix("\"a\",\"b\",\"c\"\n\"u1\",NA,3,4\n\"u2\",5,NA,NA\n").data, "u2", "a").value, 5);
}

TEST(Matrix, JestersRatingsAreRead) {
  // The first column counts the values of its line; 99 stands for none.
  const OpenedDataset opened = read_matrix("3,-9.5,99,8.25,99,0\n4,99,1,2,3,4\n2,99,99,99,7,-7\n");
  EXPECT_EQ(opened.data->event_count(), 9U);
  EXPECT_EQ(event_of(*opened.data, "1", "1").value, -9.5);
  EXPECT_EQ(event_of(*opened.data, "3", "5").value, -7);
  EXPECT_THAT(opened.report.columns, ElementsAre("-", "matrix(99)"));
}

TEST(Matrix, NumbersStandForNoValueWhereOthersLieFarFromThem) {
  const auto columns = [](std::string_view text) { return read_matrix(text).report.columns; };
  EXPECT_THAT(columns("1001,99,5,3,99\n1002,4,99,99,1\n"), ElementsAre("user", "matrix(99)"));
  EXPECT_THAT(columns("5 0 3 0 0\n0 4 0 0 1\n0 0 0 1 5\n"), ElementsAre("matrix(0)"));
  EXPECT_THAT(columns("u,a,b,c\nx,-1,2,3\ny,1,-1,-1\n"), ElementsAre("user", "matrix(-1)"));
  EXPECT_THAT(columns("user,a,b,c\nx,-1,0,1\ny,0,0,-1\nz,1,0,0\n"), ElementsAre("user", "matrix(0)"));
  EXPECT_THAT(columns("A,B,C,D\n5,,3,\n,4,,1\n2,,,5\n"), ElementsAre("matrix"));
}

TEST(Matrix, IsSaidByTheColumns) {
  const std::string text = "7,0,5,99,1\n9,1,99,99,4\n";
  const OpenedDataset opened = read_matrix(text, "user,-,matrix(99)");
  EXPECT_EQ(opened.data->event_count(), 3U);
  EXPECT_EQ(event_of(*opened.data, "9", "3").value, 4);
  EXPECT_THAT(opened.report.assumed, IsEmpty());
  EXPECT_EQ(read_matrix("5,99\n99,1\n", "matrix(99)").data->event_count(), 2U);
  for (const char* columns : {"user,rating,matrix", "user,matrix(none)", "user,matrix(1"}) {
    EXPECT_THAT(complaint([&] { read_matrix(text, columns); }, ErrorCode::invalid_option), HasSubstr("user,matrix"))
        << columns;
  }
}

TEST(Matrix, OptionsThatInspectPrintsReadItAgain) {
  for (const char* text : {"userId,10,20,30\n7,5.0,,3.0\n9,,4.0,\n",
                           "3,-9.5,99,8.25,99,0\n4,99,1,2,3,4\n2,99,99,99,7,-7\n", "A,B,C,D\n5,,3,\n,4,,1\n2,,,5\n"}) {
    const OpenedDataset first = read_matrix(text);
    std::string columns, header;
    for (const auto& [name, value] : first.report.reading) {
      if (name == "columns") columns = value;
      if (name == "header") header = value;
    }
    const OpenedDataset again = read_text(text, parse_reading({.columns = columns, .header = header}));
    EXPECT_EQ(again.data->event_count(), first.data->event_count()) << text;
    EXPECT_EQ(again.data->user_count(), first.data->user_count()) << text;
  }
}

TEST(Matrix, CellsThatAreNoValuesAreNamed) {
  EXPECT_THAT(complaint([] { read_matrix("u,a,b\nx,5,\ny,few,1\n", "user,matrix"); }),
              HasSubstr("line 3, column a: \"few\" is not a number"));
  EXPECT_THAT(complaint([] { read_matrix("u,a,b\nx,5,1\ny,5\n", "user,matrix"); }),
              HasSubstr("line 3: the line has 2 fields instead of 3"));
}

TEST(Matrix, UsersOfSeveralBlocksAreNumberedOn) {
  std::string text;
  for (int line = 0; line < 40'000; ++line) text += "1,99,3,99,5,99,4,99\n";
  const OpenedDataset opened = read_matrix(text, "matrix(99)");
  EXPECT_EQ(opened.data->user_count(), 40'000U);
  EXPECT_EQ(event_of(*opened.data, "40000", "7").value, 4);
}

TEST(Matrix, WhatIsNoneIsNotTakenForOne) {
  for (const char* text : {"user,item,rating,time,flag\n1,2,5,1500000000,0\n1,3,4,1500000001,0\n2,2,,1500000002,1\n",
                           "client,sku,qty,extra\n1,200,0,\n2,300,1,5\n", "kunde,artikel,menge\n1,2,0\n2,3,1\n",
                           "user_id,age,income,kids\n1,20,,1\n2,,300,0\n"}) {
    try {
      EXPECT_EQ(read_matrix(text).report.layout == "matrix", false) << text;
    } catch (const Error&) {  // refused for what else is wrong with it
    }
  }
}

}  // namespace
}  // namespace gusto
