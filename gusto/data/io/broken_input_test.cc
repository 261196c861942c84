// What people bring, broken in all the ways that one can think of: each kind of damage with the exact sentence that
// they get, and what looks broken and is read all the same.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/bytes/file_tree.h"
#include "gusto/data/testing/archives.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing_io::kCorrect;
using namespace std::string_literals;
using testing_io::packed;
using testing_io::PackedFile;
using testing_io::Packing;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

struct Input {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;  // name and content; the first is opened, or their folder
  std::string sentence;                                    // message and hint, with a bar between them
  std::function<void(OpenOptions&)> choose = {};
  ErrorCode code = ErrorCode::invalid_input;
};
void PrintTo(const Input& input, std::ostream* out) { *out << input.name; }

/// Without the folder's name, which differs from run to run.
std::string without_folder(std::string text, const std::filesystem::path& folder) {
  const std::string name = folder.string();
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
    const bool inside = text.substr(at + name.size(), 1) == "/";
    text.replace(at, name.size() + (inside ? 1 : 0), inside ? "" : "FOLDER");
  }
  return text;
}

OpenedDataset open(const test::TemporaryFolder& folder, const Input& input) {
  for (const auto& [name, content] : input.files) folder.write(name, content);
  OpenOptions options;
  if (input.choose) input.choose(options);
  for (auto* paths : {&options.side_files.users, &options.side_files.items}) {
    for (std::filesystem::path& path : *paths) path = folder.path() / path;
  }
  const bool alone = input.files.size() == 1 || input.files.front().first == "events";
  Context context({.threads = 2});
  return open_dataset(alone ? folder.path() / input.files.front().first : folder.path(), options, context);
}

class BrokenInput : public testing::TestWithParam<Input> {};

TEST_P(BrokenInput, GetsItsSentence) {
  const test::TemporaryFolder folder;
  const std::string said = testing_io::complaint([&] { open(folder, GetParam()); }, GetParam().code);
  EXPECT_EQ(without_folder(said, folder.path()), GetParam().sentence);
}

Input one(std::string name, std::string content, std::string sentence, std::function<void(OpenOptions&)> choose = {},
          ErrorCode code = ErrorCode::invalid_input) {
  return {std::move(name), {{"events", std::move(content)}}, std::move(sentence), std::move(choose), code};
}

Input archive(std::string name, Packing packing, const std::vector<PackedFile>& files, std::string sentence,
              ErrorCode code = ErrorCode::invalid_input) {
  return {std::move(name), {{"events", packed(packing, files)}}, std::move(sentence), {}, code};
}

Input cut(std::string name, std::string content, std::size_t kept, std::string sentence) {
  return {std::move(name), {{"events", content.substr(0, kept)}}, std::move(sentence), {}, ErrorCode::corrupt_file};
}

const std::string kEvents = " | Give a file with an event on each line.";
const std::string kGiveText = " | Give a text file; unpack it first if it is an archive.";
const std::string kConvert = " | Convert the file, for example with iconv -f LATIN1 -t UTF-8.";
const std::string kTwoFields =
    " | Give a file with a user and an item on each line, separated by a comma, a tab or blanks.";
const std::string kNameColumns = " | Name the columns with the option `columns`, for example user,item,rating,time.";
const std::string kCopyAgain = " | Copy or download it again.";
const std::string kPackAgain = " | Pack it again from the files alone, or unpack it and name the folder.";
const std::string kHeader = "user,item,rating,time\n";
const std::string kGood = kHeader + "1,2,3,100\n";

std::vector<Input> encodings() {
  return {
      one("EmptyFile", "", "events is empty." + kEvents),
      one("OnlyBlankLines", "\n\n   \n\r\n", "events is empty." + kEvents),
      one("OnlyAHeader", kHeader, "events holds a header and no events." + kEvents),
      one("OnlyAByteOrderMark", "\xef\xbb\xbf", "events is empty." + kEvents),
      one("Utf16",
          "\xff\xfe"
          "1\0,\0"
          "2\0\n\0"s,
          "events, line 1: the file is in UTF-16. | Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8."),
      one("Utf16BigEndian",
          "\xfe\xff\0"
          "1\0,\0"
          "2\0\n"s,
          "events, line 1: the file is in UTF-16. | Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8."),
      one("Utf16WithoutMark",
          "1\0,\0"
          "2\0\n\0"s,
          "events, line 1: the file holds a zero byte, so it is not text." + kGiveText),
      one("ZeroByteInAnId", kGood + "1\0a,3,4,5\n"s,
          "events, line 3: the file holds a zero byte, so it is not text." + kGiveText),
      one("ZeroBytesAtTheEnd", kGood + std::string(512, '\0'),
          "events, line 3: the file holds a zero byte, so it is not text." + kGiveText),
      one("Latin1", kGood + "Andr\xe9,3,4,5\n", "events, line 3: the text is not UTF-8." + kConvert),
      one("CutUtf8", kGood + "Andr\xc3,3,4,5\n", "events, line 3: the text is not UTF-8." + kConvert),
      one("OverlongUtf8", kGood + "\xc0\xaf,3,4,5\n", "events, line 3: the text is not UTF-8." + kConvert),
      one("Surrogate", kGood + "\xed\xa0\x80,3,4,5\n", "events, line 3: the text is not UTF-8." + kConvert),
      one("Program",
          "\x7f"
          "ELF\x02\x01\x01\0\0\0\0"s,
          "events, line 1: the file holds a zero byte, so it is not text." + kGiveText),
      one("WebPage", "<!DOCTYPE html>\n<html><head><title>Not found</title></head>\n</html>\n",
          "events is a web page, which is not read. | Download the file itself, perhaps after signing in where the "
          "page "
          "asks for it."),
  };
}

std::vector<Input> lines() {
  const std::string long_line(10 * kMegabyte, 'x');
  std::string many_fields;
  for (std::size_t i = 0; i < 200'000; ++i) many_fields += "1,";
  return {
      one("TenMegabytesOnOneLine", long_line,
          "events, line 1: no delimiter is recognized in "
          "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"." +
              kTwoFields),
      one("TwoHundredThousandFields", many_fields,
          "events, line 1: the line has 200000 fields, and no header known says what they are." + kNameColumns),
      one("TwoHundredThousandFieldsBehindAQuotedOne", kGood + "\"3\"," + many_fields + "\n",
          "events, line 3: the line has 200002 fields instead of 4." + kCorrect),
      one("TenMegabytesInTheMiddle", kGood + long_line + "\n3,4,5,6\n",
          "events, line 3: the line has 1 field instead of 4." + kCorrect),
      one("TenMegabytesInANumber", kGood + "3,4," + std::string(10 * kMegabyte, '7') + ",6\n",
          "events, line 3, column rating: \"777777777777777777777777777777777777777777777777777777777777…\" is out of "
          "range." +
              kCorrect),
      one("AMegabyteOfARatingThatIsText", kGood + "3,4," + std::string(kMegabyte, 'r') + ",6\n",
          "events, line 3, column rating: \"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr…\" is not a "
          "number." +
              kCorrect),
      one("TooFewFields", kGood + "3,4,5\n3,5,5,6\n", "events, line 3: the line has 3 fields instead of 4." + kCorrect),
      one("TooManyFields", kGood + "3,4,5,6,7\n", "events, line 3: the line has 5 fields instead of 4." + kCorrect),
      one("FileCutInALine", kGood + "3,4",
          "events, line 3: the file ends in the middle of the line, with 2 of 4 fields. | The file was cut short: copy "
          "or download it again."),
      one("QuotationMarkThatNothingCloses", kGood + "3,\"4,5,6\n7,8,1,2\n",
          "events, line 3: a quotation mark opens a field and none closes it. | Close it, or set the option `quote` to "
          "none if quotation marks are text."),
      one("TextAfterAQuotedField", kGood + "3,\"4\"x,5,6\n",
          "events, line 3: text follows the quotation mark that closes field 2. | Write quotation marks inside a field "
          "twice, or set the option `quote` to none if they are text."),
      one("QuotedFieldAtTheEnd", kGood + "3,4,5,\"6",
          "events, line 3: a quotation mark opens a field and none closes it. | Close it, or set the option `quote` to "
          "none if quotation marks are text."),
      one("OtherDelimiterLater", kGood + "3;4;5;6\n", "events, line 3: the line has 1 field instead of 4." + kCorrect),
      one("NoDelimiter", "a 2 3\nb 5\n",
          "events, line 1: no delimiter is recognized in \"a 2 3\". | If each line is a user and that user's items, "
          "set "
          "the option `columns` to user,items; else say what separates the fields with the option `delimiter`."),
      one("OneColumn", "item\n4\n", "events, line 1: no delimiter is recognized in \"item\"." + kTwoFields),
      one("HeaderInTheMiddle", kGood + kHeader + "3,4,5,6\n",
          "events, line 3, column rating: \"rating\" is not a number." + kCorrect),
      one("HeaderThatNamesNothingKnown", "a,b,c,d,e\n1,2,3,4,5\n",
          "events, line 1: the header \"a, b, c, d, e\" names no user and no item known. | Name them with the option "
          "`columns`, for example user=a,item=b."),
      one("HeaderWithoutItems", "user,rating\n1,2\n",
          "events, line 1: the header \"user, rating\" has no column known to hold the item. | Give a file with a "
          "user and an item in each event."),
      one("FiveColumnsWithoutHeader", "1,2,3,4,5\n",
          "events, line 1: the line has 5 fields, and no header known says what they are." + kNameColumns),
      one("EmptyUser", kGood + ",4,5,6\n", "events, line 3, column user: the id is empty." + kCorrect),
      one("BlankItem", kGood + "3, \t,5,6\n", "events, line 3, column item: the id is empty." + kCorrect),
      one("OldMacLineEnds", "1,2,3,4\r1,3,5,6\r",
          "events, line 1: lines end with a carriage return and no line feed. | Convert them, for example with tr "
          "'\\r' '\\n'."),
      one("Duplicate", kGood + "1,2,4,101\n",
          "events, line 3: user \"1\" and item \"2\" already have an event on line 2. | Remove one of them, or let the "
          "last one count.",
          [](OpenOptions& o) { o.duplicates = DuplicatePolicy::refuse; }),
      one("DuplicateByBlanksOnly", kGood + "1 , 2,4,101\n",
          "events, line 3: user \"1\" and item \"2\" already have an event on line 2. | Remove one of them, or let the "
          "last one count.",
          [](OpenOptions& o) { o.duplicates = DuplicatePolicy::refuse; }),
  };
}

struct BadField {
  std::string name;
  std::string text;
  std::string problem;
  std::string hint = "Correct the line, or remove it.";
};

std::vector<Input> numbers() {
  const std::vector<BadField> ratings{
      {"Empty", "", "is not a number"},
      {"Text", "good", "is not a number"},
      {"Huge", "1e400", "is out of range"},
      {"AboveFloats", "1e39", "is out of range"},
      {"Nan", "nan", "is not a finite number"},
      {"NanOfOthers", "NaN", "is not a finite number"},
      {"Infinite", "inf", "is not a finite number"},
      {"MinusInfinite", "-inf", "is not a finite number"},
      {"Hexadecimal", "0x1A", "is not a number"},
      {"TwoPoints", "1.2.3", "is not a number"},
      {"Unit", "4 stars", "is not a number"},
      {"Plus", "+4", "is not a number"},
      {"Null", "null", "is not a number"},
      {"OtherDigits", "\u0664", "is not a number"},
  };
  const std::string far = "is a time after the year 9999 or as long before 1970";
  const std::string milliseconds = "Write times in seconds since 1970; these may be milliseconds.";
  const std::string odd = "is not a whole number of seconds";
  const std::string whole = "Write times as whole seconds since 1970.";
  const std::vector<BadField> times{
      {"Huge", "100000000000000000", far, milliseconds},
      {"VeryNegative", "-100000000000000000", far, milliseconds},
      {"BeyondSixtyFourBits", "99999999999999999999", far, milliseconds},
      {"Milliseconds", "978300760000", far, milliseconds},
      {"Text", "yesterday", odd, whole},
      {"Exponent", "1e9", odd, whole},
      {"ThirteenthMonth", "2019-13-01", odd, whole},
      {"Empty", "", odd, whole},
  };
  std::vector<Input> all;
  const auto add = [&](const std::string& column, const std::string& line, const BadField& field) {
    all.push_back(
        one(column + field.name, kGood + line,
            "events, line 3, column " + column + ": \"" + field.text + "\" " + field.problem + ". | " + field.hint));
  };
  for (const BadField& field : ratings) add("rating", "3,4," + field.text + ",6\n", field);
  for (const BadField& field : times) add("time", "3,4,5," + field.text + "\n", field);
  all.push_back(
      one("DecimalComma", kGood + "3,4,\"3,5\",6\n",
          "events, line 3, column rating: \"3,5\" is not a number. | Set the option `decimal` to , if the comma "
          "is a decimal point."));
  all.push_back(
      one("ThirtiethOfFebruary", kHeader + "1,2,3,2019-02-28\n1,3,3,2019-02-30\n",
          "events, line 3, column time: \"2019-02-30\" is no date as ISO 8601 writes it. | Write times such as "
          "2019-10-01 08:30:15, or name the unit of times."));
  return all;
}

std::vector<Input> json_and_lists() {
  const std::string good = "{\"user\":\"a\",\"item\":\"x\",\"rating\":5}\n";
  return {
      one("JsonCutShort", good + "{\"user\":\"b\",\"item\":", "events, line 2: the line is no JSON object." + kCorrect),
      one("JsonArray", good + "[1,2,3]\n", "events, line 2: the line is no JSON object." + kCorrect),
      one("JsonWithoutItem", good + "{\"user\":\"b\",\"rating\":5}\n",
          "events, line 2: there is no \"item\" in the object." + kCorrect),
      one("JsonRatingAsText", good + "{\"user\":\"b\",\"item\":\"x\",\"rating\":\"good\"}\n",
          "events, line 2: the rating \"\\\"good\\\"\" is not a number." + kCorrect),
      one("JsonUserIsAList", good + "{\"user\":[\"b\"],\"item\":\"x\",\"rating\":5}\n",
          "events, line 2: the user is a list." + kCorrect),
      one("JsonNested", good + "{\"user\":" + std::string(100000, '[') + "\n",
          "events, line 2: the line is no JSON object." + kCorrect),
      one("JsonZeroCharacter", good + "{\"user\":\"b\\u0000\",\"item\":\"x\",\"rating\":5}\n",
          "events, line 2: the user \"\\\"b\\\\u0000\\\"\" holds a zero byte." + kCorrect),
      one("JsonHalfASurrogate", good + "{\"user\":\"\\ud800\",\"item\":\"x\",\"rating\":5}\n",
          "events, line 2: the line is no JSON object." + kCorrect),
      one("JsonNumberTooLarge", good + "{\"user\":\"b\",\"item\":\"x\",\"rating\":1e400}\n",
          "events, line 2: a number in the object is out of range." + kCorrect),
      one("JsonTextBehind", good + "{\"user\":\"b\",\"item\":\"x\",\"rating\":4} and more\n",
          "events, line 2: the line is no JSON object." + kCorrect),
      one("KindWithoutWeight", "user,item,kind\na,x,view\na,y,like\n",
          "events, line 3, column kind: \"like\" has no weight. | Add like=… to the option `weights`; weight 0 leaves "
          "such events out.",
          [](OpenOptions& o) {
            o.weights = {{"view", 1.0f}};
          }),
      one(
          "ColumnOfNoKind", kGood,
          "The column \"thing\" is of no kind known. | Columns are user, item, rating, time and kind, and - for one "
          "that is not read.",
          [](OpenOptions& o) {
            o.columns = {{"user", "thing"}};
          },
          ErrorCode::invalid_option),
  };
}

std::vector<Input> folders() {
  const std::string ratings = "1::10::5::978300760\n";
  return {
      {"FolderWithoutEvents",
       {{"README", "x"}, {"more", "y"}},
       "The folder FOLDER holds none of u.data, ratings.dat and ratings.csv. | Name a file with an event on each line, "
       "or a folder as GroupLens publishes them.",
       {},
       ErrorCode::not_found},
      {"MoviesOfOtherColumns",
       {{"ratings.dat", ratings}, {"movies.dat", "10::Heat (1995)\n"}},
       "movies.dat, line 1: the line has 2 fields instead of 3." + kCorrect},
      {"UnknownOccupation",
       {{"ratings.dat", ratings}, {"users.dat", "1::F::1::99::48067\n"}},
       "users.dat, line 1, column occupation: \"99\" is no occupation. | Write a whole number from 0 to 20, as the "
       "README of ml-1m lists."},
      {"MoviesWithoutTitle",
       {{"ratings.csv", "userId,movieId,rating\n1,2,3\n"}, {"movies.csv", "movieId,genres\n2,Drama\n"}},
       "movies.csv, line 1: there is no column title. | Give a file of movies with the columns movieId, title and "
       "genres.",
       {},
       ErrorCode::not_found},
      {"EmptyMovies",
       {{"ratings.csv", "userId,movieId,rating\n1,2,3\n"}, {"movies.csv", ""}},
       "movies.csv is empty. | Copy or download it again, or remove it."},
      {"EmptyRatings", {{"ratings.csv", ""}, {"movies.csv", ""}}, "ratings.csv is empty." + kEvents},
      {"GenreThatIsNoFlag",
       {{"u.data", "1\t10\t5\t978300760\n"}, {"u.genre", "Drama|0\n"}, {"u.item", "10|Heat (1995)|||x|2\n"}},
       "u.item, line 1, column Drama: \"2\" is neither 0 nor 1. | Write 1 if the item is of that genre, else 0."},
      {"FeaturesOfNobody",
       {{"events", kGood}, {"side", "userId,age\nu1,3\n"}},
       "side, column userId: none of its ids, such as \"u1\", is among the users. | Say which column holds the ids "
       "with the option `feature_types`, for example \"code=id\", and write ids as the events do.",
       [](OpenOptions& o) { o.side_files.users = {"side"}; }},
      {"FeaturesWithATruncatedLine",
       {{"events", kGood}, {"side", "itemId,size,color\n2,3,red\n3,4\n"}},
       "side, line 3: the line has 2 fields instead of 3." + kCorrect,
       [](OpenOptions& o) { o.side_files.items = {"side"}; }},
  };
}

std::vector<Input> archives() {
  const std::vector<PackedFile> good{{"ml/ratings.csv", kGood},
                                     {"ml/movies.csv", "movieId,title,genres\n2,Heat (1995),Crime\n"}};
  const std::string zip = packed(Packing::zip, good);
  const std::string gz = packed(Packing::gz, {{"x", kGood}});
  const std::string zst = packed(Packing::zst, {{"x", kGood}});
  const std::string tar_gz = packed(Packing::tar_gz, good);
  return {
      cut("CutZip", zip, zip.size() / 2,
          "events is damaged or cut short: the list of files at its end is missing." + kCopyAgain),
      cut("CutGz", gz, gz.size() / 2,
          "events is damaged or cut short: the compressed data end too early." + kCopyAgain),
      cut("CutZst", zst, zst.size() - 3, "events is damaged or cut short: Truncated zstd input." + kCopyAgain),
      cut("CutTarGz", tar_gz, tar_gz.size() / 2,
          "events is damaged or cut short: the compressed data end too early." + kCopyAgain),
      archive("AbsolutePath", Packing::zip, {{"/etc/ratings.csv", kGood}, {"x", "y"}},
              "events holds an entry \"/etc/ratings.csv\", which leads out of the archive." + kPackAgain),
      archive("PathThatLeadsOut", Packing::zip, {{"ml/../../ratings.csv", kGood}, {"x", "y"}},
              "events holds an entry \"ml/../../ratings.csv\", which leads out of the archive." + kPackAgain),
      archive("PathThatLeadsOutOfATar", Packing::tar, {{"../ratings.csv", kGood}, {"x", "y"}},
              "events holds an entry \"../ratings.csv\", which leads out of the archive." + kPackAgain),
      archive("LinkInATar", Packing::tar, {{"ratings.csv", "", AE_IFLNK, "/etc/passwd"}, {"x", "y"}},
              "events/ratings.csv is a link, which is not followed." + kPackAgain),
      archive("EncryptedZip", Packing::zip_encrypted, {{"ratings.csv", kGood}, {"movies.csv", "x"}},
              "events/movies.csv is encrypted. | Unpack the archive with its password, and name the folder."),
      archive("ArchiveWithin", Packing::zip, {{"ml.zip", zip}},
              "events/ml.zip is compressed or an archive, inside an archive. | Unpack the outer one, and name what was "
              "in it."),
      archive("EmptyZip", Packing::zip, {},
              "events is damaged or cut short: the list of files at its end is missing." + kCopyAgain,
              ErrorCode::corrupt_file),
      archive("FileThereTwice", Packing::zip, {{"ratings.csv", kGood}, {"ratings.csv", kGood}},
              "events holds \"ratings.csv\" twice." + kPackAgain),
      archive("ZipWithoutEvents", Packing::zip, {{"a.txt", "x"}, {"b.txt", "y"}},
              "The archive events holds none of u.data, ratings.dat and ratings.csv. | Name the file of events in it, "
              "as events/events.csv.",
              ErrorCode::not_found),
      archive("ZipOfOneBrokenFile", Packing::zip, {{"events.csv", kGood + "3,4,good,6\n"}},
              "events/events.csv, line 3, column rating: \"good\" is not a number." + kCorrect),
  };
}

INSTANTIATE_TEST_SUITE_P(Encodings, BrokenInput, testing::ValuesIn(encodings()), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Lines, BrokenInput, testing::ValuesIn(lines()), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Fields, BrokenInput, testing::ValuesIn(numbers()), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(JsonAndLists, BrokenInput, testing::ValuesIn(json_and_lists()),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Folders, BrokenInput, testing::ValuesIn(folders()), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Archives, BrokenInput, testing::ValuesIn(archives()), testing::PrintToStringParamName());

// What looks broken, and is read all the same.
struct OddInput {
  std::string name;
  std::string content;
  std::size_t events;
  std::string note = {};
  std::function<void(OpenOptions&)> choose = {};
};
void PrintTo(const OddInput& input, std::ostream* out) { *out << input.name; }

class ReadAllTheSame : public testing::TestWithParam<OddInput> {};

TEST_P(ReadAllTheSame, WithItsEventsAndANote) {
  const test::TemporaryFolder folder;
  const OpenedDataset opened = open(folder, {GetParam().name, {{"events", GetParam().content}}, {}, GetParam().choose});
  EXPECT_EQ(opened.data->event_count(), GetParam().events);
  std::string notes;
  for (const std::string& note : opened.report.notes) {
    const bool usual = note.starts_with("Times lie between") || note.starts_with("The lists have no times");
    if (!usual) notes += note;  // most inputs have times of 1970
  }
  EXPECT_EQ(without_folder(notes, folder.path()), GetParam().note);
}

std::vector<OddInput> odd_inputs() {
  const std::string long_id(kMegabyte, 'i');
  return {
      {"ByteOrderMark", "\xef\xbb\xbf" + kGood, 1},
      {"MixedLineEnds", kHeader + "1,2,3,4\r\n1,3,3,4\n1,4,3,4", 3},
      {"TwoCarriageReturns", kGood + "3,4,5,6\r\r\n", 2},
      {"BlankLines", kHeader + "\n1,2,3,4\n  \n\r\n1,3,3,4\n\n", 2, "Blank lines of events that were skipped: 4."},
      {"IdsThatDifferByBlanks", kHeader + "1,2,3,4\n 1,2 ,5,6\n", 1,
       "Events left out because their user and item came again: 1; the last one counts."},
      {"IdsThatDifferByZeros", kHeader + "1,2,3,4\n01,2,5,6\n1,2.0,5,6\n", 3,
       "Ids of items that are others with .0 behind them: 1, such as 2 and 2.0. Each is an id of its own; write them "
       "in "
       "one way if they mean the same."},
      {"IdsOfAMegabyte", kGood + long_id + "," + long_id + "x,5,6\n" + long_id + "," + long_id + "y,5,6\n", 3},
      {"NegativeTime", kGood + "3,4,5,-2208988800\n", 2},
      {"TimeWithAFraction", kGood + "3,4,5,100.5\n", 2},
      {"QuotedLineBreakInAnId", kGood + "\"3\n\",4,5,6\n", 2,
       "Quoted fields of events that go on over several lines: 1, the first on line 3. If its quotation marks are "
       "text, "
       "set the option `quote` to none."},
      {"QuotationMarkWithinAnId", kGood + "5\" disc,4,5,6\n", 2},
      {"OneUserForAll", kGood + "1,3,5,6\n1,4,5,6\n", 3},
      {"ListsWithAUserOfNoItems",
       "1 2 3\n4\n5 6\n",
       3,
       {},
       [](OpenOptions& o) {
         o.columns = {{"user", "items"}};
         o.delimiter = "space";
       }},
      {"HugeAndTinyRatings", kGood + "3,4,3e38,6\n3,5,1e-45,6\n3,6,-0,6\n", 4},
      {"BadLinesOnRequest", kGood + "3,4,good,6\n3,5\n3,6,1,2\n", 2,
       "Lines of events left out because they cannot be read: 2: events, line 3, column rating: \"good\" is not a "
       "number. events, line 4: the line has 2 fields instead of 4.",
       [](OpenOptions& o) { o.skip_bad_lines = true; }},
  };
}
INSTANTIATE_TEST_SUITE_P(OddInputs, ReadAllTheSame, testing::ValuesIn(odd_inputs()), testing::PrintToStringParamName());

TEST(BrokenInput, ABombIsRefusedBeforeItUnpacks) {
  const test::TemporaryFolder folder;
  const std::string bomb = folder.write(
      "bomb.zip", packed(Packing::zip, {{"ratings.csv", std::string(8 * kMegabyte, '1')}, {"movies.csv", "x"}}));
  const auto read = [&] {
    const auto tree = open_tree(bomb, {.ratio = 100, .spare = kMegabyte});
    std::string out(8 * kMegabyte, ' ');
    tree->open("ratings.csv")->read(out);
  };
  EXPECT_EQ(without_folder(testing_io::complaint(read, ErrorCode::corrupt_file), folder.path()),
            "bomb.zip/ratings.csv unpacks to more than 100 times its stored size. | It is made to fill memory, or "
            "damaged: unpack it by hand if you trust it.");
}

}  // namespace
}  // namespace gusto
