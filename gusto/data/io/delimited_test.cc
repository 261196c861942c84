#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/data/io/event_format.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::kCorrect;
using testing_io::read_text;

std::string complaint_about(std::string_view text, const OpenOptions& options = {},
                            ErrorCode code = ErrorCode::invalid_input) {
  return complaint([&] { read_text(text, options); }, code);
}

OpenOptions columns(std::vector<std::string> names) {
  OpenOptions options;
  options.columns = std::move(names);
  return options;
}

TEST(Delimited, RecognizesEachDelimiter) {
  for (const std::string delimiter : {"\t", "::", ";", "|", ","}) {
    std::string text;
    for (const std::string line : {"a/x/3.5/100", "b/x/2/-50"}) {
      for (char c : line) text += c == '/' ? delimiter : std::string(1, c);
      text += '\n';
    }
    const OpenedDataset opened = read_text(text);
    EXPECT_EQ(opened.report.delimiter, delimiter);
    EXPECT_FALSE(opened.report.header);
    EXPECT_THAT(opened.report.columns, ElementsAre("user", "item", "rating", "time"));
    EXPECT_EQ(opened.data->event_count(), 2u);
    EXPECT_EQ(event_of(*opened.data, "a", "x").value, 3.5f);
    EXPECT_EQ(event_of(*opened.data, "b", "x").time, -50);
  }
}

TEST(Delimited, TakesTheDelimiterThatDividesMost) {
  EXPECT_EQ(read_text("1;2,x;3\n4;5,y;6\n").report.delimiter, ";");
  EXPECT_EQ(read_text("1,a;b,3\n4,c,5\n").report.delimiter, ",");
}

TEST(Delimited, RecognizesColumnsByTheNamesInTheHeader) {
  const OpenedDataset opened = read_text("timestamp,Rating,ISBN,comment,User-ID\n7,4,x,fine,a\n8,5,y,,b\n");
  EXPECT_TRUE(opened.report.header);
  EXPECT_THAT(opened.report.columns, ElementsAre("time", "rating", "item", "-", "user"));
  EXPECT_EQ(event_of(*opened.data, "b", "y").value, 5);
  EXPECT_EQ(event_of(*opened.data, "b", "y").time, 8);
  EXPECT_EQ(opened.report.layout, "delimited");
  EXPECT_EQ(opened.report.reason,
            "It is a single file. Fields are separated by \",\"; the columns are known by their names in the header.");
}

TEST(Delimited, CountsEveryEventAsOneWithoutValues) {
  const OpenedDataset opened = read_text("a\tx\nb\ty\n");
  EXPECT_EQ(event_of(*opened.data, "b", "y").value, 1);
  EXPECT_FALSE(opened.data->has_times());
}

TEST(Delimited, TakesColumnsAsNamed) {
  const OpenedDataset plain = read_text("x,9,a,7\ny,8,b,6\n", columns({"item", "-", "user", "rating"}));
  EXPECT_EQ(event_of(*plain.data, "a", "x").value, 7);
  EXPECT_FALSE(plain.report.header);
  const OpenedDataset headed = read_text("what,who,much\nx,a,7\n", columns({"item", "user", "value"}));
  EXPECT_EQ(headed.data->event_count(), 1u);
  EXPECT_TRUE(headed.report.header);
  const OpenedDataset wide = read_text("a x 1 2 3 4\nb y 1 2 3 4\n", [] {
    OpenOptions options = columns({"user", "item"});
    options.delimiter = "space";
    return options;
  }());
  EXPECT_EQ(wide.data->event_count(), 2u);
}

TEST(Delimited, KeepsTheTextOfIds) {
  const OpenedDataset opened = read_text("7,x,1\n07,x,1\n7.0,x,1\n\xc3\xa9,x,1\n");
  EXPECT_EQ(opened.data->user_count(), 4u);
  EXPECT_TRUE(opened.data->catalog().users.find("\xc3\xa9").has_value());
}

TEST(Delimited, GivesUsersRowsInOrderOfFirstAppearance) {
  const OpenedDataset opened = read_text("b,y,1\na,x,2\nb,x,3\n");
  EXPECT_EQ(opened.data->catalog().users[0], "b");
}

// Ties go to the lower item row: rows in the order of the file would favor what its first users rated.
TEST(Delimited, GivesItemsRowsThatTellNothingOfTheFile) {
  constexpr int kItemCount = 1000;
  std::string forwards, backwards;
  for (int item = 0; item < kItemCount; ++item) {
    forwards += "u,i" + std::to_string(item) + ",1\n";
    backwards += "u,i" + std::to_string(kItemCount - 1 - item) + ",1\n";
  }
  const auto data = read_text(forwards).data;
  const Vocabulary& items = data->catalog().items;
  EXPECT_EQ(items.text(), read_text(backwards).data->catalog().items.text());
  int of_first_half = 0;
  for (std::size_t row = 0; row < kItemCount / 2; ++row)
    of_first_half += std::stoi(std::string(items[row].substr(1))) < kItemCount / 2;
  EXPECT_NEAR(of_first_half, kItemCount / 4, kItemCount / 16);
  for (std::size_t e = 0; e < data->event_count(); ++e) {
    EXPECT_EQ(items[data->items()[e].index], "i" + std::to_string(e));
  }
}

TEST(Delimited, ReadsQuotedFields) {
  const OpenedDataset opened = read_text(
      "\"user\",\"item\",\"rating\"\r\n\"a,b\",\"say \"\"x\"\"\",\"4\"\r\nc,\"two\nlines\",5\r\nd,\"\"\"\",1");
  EXPECT_EQ(event_of(*opened.data, "a,b", "say \"x\"").value, 4);
  EXPECT_EQ(event_of(*opened.data, "c", "two\nlines").value, 5);
  EXPECT_EQ(event_of(*opened.data, "d", "\"").value, 1);
  EXPECT_EQ(opened.report.files.at(0).lines, 5u);
}

TEST(Delimited, SkipsAndCountsBlankLinesAndByteOrderMark) {
  const OpenedDataset opened = read_text("\xef\xbb\xbf\n1, 31 ,2.5 \r\n\r\n   \n2,31,3\n\n");
  EXPECT_EQ(opened.data->event_count(), 2u);
  EXPECT_EQ(event_of(*opened.data, "1", "31").value, 2.5f);
  EXPECT_EQ(opened.report.files.at(0).blank_lines, 4u);
  EXPECT_EQ(opened.report.files.at(0).lines, 6u);
  EXPECT_EQ(opened.report.files.at(0).records, 2u);
  EXPECT_THAT(opened.report.notes, ElementsAre("Blank lines of ratings.txt that were skipped: 4."));
}

TEST(Delimited, LetsTheLastOfDuplicatesCount) {
  constexpr std::string_view kText = "a,x,1\n\nb,x,2\na,x,3\na,y,4\na,x,5\n";
  const OpenedDataset last = read_text(kText);
  EXPECT_EQ(last.data->event_count(), 3u);
  EXPECT_EQ(last.report.duplicates, 2u);
  EXPECT_EQ(event_of(*last.data, "a", "x").value, 5);
  EXPECT_EQ(last.report.notes.front(),
            "Events left out because their user and item came again: 2; the last one counts.");

  OpenOptions options;
  options.duplicates = DuplicatePolicy::keep_first;
  EXPECT_EQ(event_of(*read_text(kText, options).data, "a", "x").value, 1);
  options.duplicates = DuplicatePolicy::refuse;
  EXPECT_EQ(complaint_about(kText, options),
            "ratings.txt, line 4: user \"a\" and item \"x\" already have an event on line 1."
            " | Remove one of them, or let the last one count.");
}

TEST(Delimited, NamesThePlaceOfABadNumber) {
  const auto about = [](std::string_view rating) {
    return complaint_about("user,item,rating,time\na,x,3,1\nb,x," + std::string(rating) + ",2\n");
  };
  const std::string place = "ratings.txt, line 3, column rating: ";
  EXPECT_EQ(about("good"), place + "\"good\" is not a number." + kCorrect);
  EXPECT_EQ(about(""), place + "\"\" is not a number." + kCorrect);
  EXPECT_EQ(about("3,5"), "ratings.txt, line 3: the line has 5 fields instead of 4." + kCorrect);
  EXPECT_EQ(about("0x10"), place + "\"0x10\" is not a number." + kCorrect);
  EXPECT_EQ(about("NaN"), place + "\"NaN\" is not a finite number." + kCorrect);
  EXPECT_EQ(about("inf"), place + "\"inf\" is not a finite number." + kCorrect);
  EXPECT_EQ(about("-Infinity"), place + "\"-Infinity\" is not a finite number." + kCorrect);
  EXPECT_EQ(about("1e400"), place + "\"1e400\" is out of range." + kCorrect);
  EXPECT_EQ(about("1e39"), place + "\"1e39\" is out of range." + kCorrect);
}

TEST(Delimited, NamesThePlaceOfABadTime) {
  const auto about = [](std::string_view time) {
    return complaint_about("userId,movieId,rating,timestamp\na,x,3," + std::string(time) + "\n");
  };
  const std::string place = "ratings.txt, line 2, column timestamp: ";
  const std::string whole = " is not a whole number of seconds. | Write times as whole seconds since 1970.";
  const std::string far = " is a time after the year 9999 or as long before 1970. | ";
  EXPECT_EQ(about("12,5"), "ratings.txt, line 2: the line has 5 fields instead of 4." + kCorrect);
  EXPECT_EQ(about("now"), place + "\"now\"" + whole);
  EXPECT_EQ(about("1e9"), place + "\"1e9\"" + whole);
  EXPECT_EQ(about("-99999999999999999999"), place + "\"-99999999999999999999\"" + far +
                                                "Write times in seconds since 1970; these may be milliseconds.");
  EXPECT_EQ(about("2019-13-01"), place +
                                     "\"2019-13-01\" is no date as ISO 8601 writes it."
                                     " | Write times such as 2019-10-01 08:30:15, or name the unit of times.");
  EXPECT_EQ(complaint_about("userId,movieId,rating,timestamp\na,x,3,978300760\na,y,3,978300760000\n"),
            "ratings.txt, line 3, column timestamp: \"978300760000\"" + far +
                "Write times in seconds since 1970; these may be milliseconds.");
}

TEST(Delimited, NamesALineOfAnotherLength) {
  EXPECT_EQ(complaint_about("a,x,1\nb,2\nc,y,3\n"),
            "ratings.txt, line 2: the line has 2 fields instead of 3." + kCorrect);
  EXPECT_EQ(complaint_about("a,x,1\nb\n"), "ratings.txt, line 2: the line has 1 field instead of 3." + kCorrect);
}

TEST(Delimited, NamesACutLastLine) {
  EXPECT_EQ(complaint_about("a,x,1\nb,y"),
            "ratings.txt, line 2: the file ends in the middle of the line, with 2 of 3 fields."
            " | The file was cut short: copy or download it again.");
}

TEST(Delimited, NamesAnEmptyId) {
  EXPECT_EQ(complaint_about("a,x,1\n ,x,2\n"), "ratings.txt, line 2, column user: the id is empty." + kCorrect);
  EXPECT_EQ(complaint_about("a,x,1\na,,2\n"), "ratings.txt, line 2, column item: the id is empty." + kCorrect);
}

TEST(Delimited, RefusesAnEmptyFile) {
  for (const std::string_view text : {"", "\n\n", "\xef\xbb\xbf"}) {
    EXPECT_EQ(complaint_about(text), "ratings.txt is empty. | Give a file with an event on each line.");
  }
  EXPECT_EQ(complaint_about("user,item\n"),
            "ratings.txt holds a header and no events. | Give a file with an event on each line.");
}

TEST(Delimited, AsksForColumnsThatItDoesNotKnow) {
  const std::string hint = " | Name the columns with the option `columns`, for example user,item,rating,time.";
  EXPECT_EQ(complaint_about("userId,this,that,rating\na,x,y,1\n"),
            "ratings.txt, line 1: the header \"userId, this, that, rating\" has no column known to hold the item."
            " | Say which one does with the option `columns`, for example item=this.");
  EXPECT_EQ(complaint_about("a,x,1,2,3\nb,x,1,2,3\n"),
            "ratings.txt, line 1: the line has 5 fields, and no header known says what they are." + hint);
  EXPECT_EQ(complaint_about("a,x\n", columns({"user", "item", "rating"})),
            "ratings.txt, line 1: the line has 2 fields, fewer than the 3 columns named." + hint);
  EXPECT_EQ(complaint_about("a x 1\nb y\n"),
            "ratings.txt, line 1: no delimiter is recognized in \"a x 1\"."
            " | If each line is a user and that user's items, set the option `columns` to user,items; else say what "
            "separates the fields with the option `delimiter`.");
}

TEST(Delimited, RefusesOptionsThatMakeNoSense) {
  const auto about = [](const OpenOptions& options) {
    return complaint_about("a,x,1\n", options, ErrorCode::invalid_option);
  };
  EXPECT_EQ(about(columns({"user", "color"})),
            "The column \"color\" is of no kind known."
            " | Columns are user, item, rating, time and kind, and - for one that is not read.");
  EXPECT_EQ(about(columns({"user", "rating"})),
            "The columns given lack item. | Name the columns with the option `columns`, for example "
            "user,item,rating,time.");
  EXPECT_EQ(about(columns({"user", "item", "user"})),
            "The column user is named twice. | Name it once, and write - for a column that is not read.");
  OpenOptions options;
  options.delimiter = "";
  EXPECT_EQ(about(options),
            "The delimiter \"\" cannot separate fields. | Use tab, or a text such as , or ; or :: in its place.");
}

TEST(Delimited, RefusesWhatIsNotText) {
  EXPECT_EQ(complaint_about("a,x,1\nb,\xe9,2\n"),
            "ratings.txt, line 2: the text is not UTF-8."
            " | Convert the file, for example with iconv -f LATIN1 -t UTF-8.");
  EXPECT_EQ(complaint_about(std::string("a,x,1\nb,\0,2\n", 12)),
            "ratings.txt, line 2: the file holds a zero byte, so it is not text."
            " | Give a text file; unpack it first if it is an archive.");
  EXPECT_EQ(complaint_about("\xff\xfe"
                            "a"),
            "ratings.txt, line 1: the file is in UTF-16."
            " | Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8.");
}

TEST(Delimited, NamesQuotationMarksThatDoNotMatch) {
  EXPECT_EQ(complaint_about("a,x,1\nb,\"y,2\n"),
            "ratings.txt, line 2: a quotation mark opens a field and none closes it."
            " | Close it, or set the option `quote` to none if quotation marks are text.");
  EXPECT_EQ(complaint_about("a,x,1\nb,\"y\"z,2\n"),
            "ratings.txt, line 2: text follows the quotation mark that closes field 2."
            " | Write quotation marks inside a field twice, or set the option `quote` to none if they are text.");
}

TEST(Delimited, NamesAMissingFile) {
  const TemporaryFolder folder;
  Context context({.threads = 1});
  const std::string path = (folder.path() / "none.csv").string();
  EXPECT_EQ(complaint([&] { open_dataset(path, {}, context); }, ErrorCode::not_found),
            "There is no file " + path + ". | Check the path.");
}

TEST(Delimited, StopsWhenAsked) {
  std::string text;
  for (int line = 0; line < 70000; ++line) text += std::to_string(line) + ",x\n";
  CancelToken cancel;
  cancel.cancel();
  Context context({.threads = 1, .cancel = &cancel});
  EXPECT_NE(complaint([&] { read_delimited("f", text, {}, context); }, ErrorCode::canceled), "");
}

RC_GTEST_PROP(Delimited, ReadsWhatWasWritten, ()) {
  const auto inside = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab0\",;| \n\r")));
  const auto id = rc::gen::map(inside, [](const std::string& text) { return "<" + text + ">"; });
  const auto lines =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(id, id)));
  const auto quote = [](const std::string& text) {
    std::string result = "\"";
    for (char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
    return result + "\"";
  };
  std::string text = "user,item\n";
  for (const auto& [user, item] : lines) text += quote(user) + "," + quote(item) + "\n";
  const OpenedDataset opened = read_text(text);
  RC_ASSERT(opened.data->event_count() + opened.report.duplicates == lines.size());
  for (const auto& [user, item] : lines) {
    RC_ASSERT(opened.data->catalog().users.find(user).has_value());
    RC_ASSERT(opened.data->catalog().items.find(item).has_value());
  }
}

}  // namespace
}  // namespace gusto
