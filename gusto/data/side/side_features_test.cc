#include "gusto/data/side/side_features.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/text.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/data/testing/real_data.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_io::complaint;
using testing_io::display;

// Users u1 and u2, items 1 to 3, and files beside them.
class SideFeatures : public testing::Test {
 protected:
  OpenedDataset open(std::string_view file, std::string_view types = {}, Side side = Side::items) {
    folder_.write("events.csv", "user,item,rating\nu1,1,4\nu1,2,5\nu2,3,1\n");
    folder_.write("side.csv", file);
    OpenOptions options;
    (side == Side::items ? options.side_files.items : options.side_files.users).push_back(folder_.path() / "side.csv");
    options.side_files.types = types;
    Context context({.threads = 1});
    return open_dataset(folder_.path() / "events.csv", options, context);
  }

  // The message without the folder's name.
  std::string refusal(std::string_view file, std::string_view types = {}, ErrorCode code = ErrorCode::invalid_input) {
    std::string text = complaint([&] { open(file, types); }, code);
    const std::string prefix = folder_.path().string() + "/";
    if (const std::size_t place = text.find(prefix); place != std::string::npos) text.erase(place, prefix.size());
    return text;
  }

  test::TemporaryFolder folder_;
};

FeatureKind kind(const OpenedDataset& opened, std::string_view feature) {
  return opened.data->catalog().item_features.at(feature).kind;
}

std::vector<std::string> names(const FeatureTable& table) {
  std::vector<std::string> names;
  for (const FeatureField& field : table.fields()) names.push_back(field.name);
  return names;
}

TEST_F(SideFeatures, ColumnsAreTypedByTheirValues) {
  const OpenedDataset opened = open(
      "itemId,year,genres,plot,color,code\n"
      "1,1995,Comedy|Drama,A boy and his toys find a way home,red,007\n"
      "2,1999.5,Drama,\"Two friends, one car and a long road\",blue,012\n"
      "3,,Horror,Nobody hears the bell,red,12\n");
  EXPECT_EQ(kind(opened, "year"), FeatureKind::number);
  EXPECT_EQ(kind(opened, "genres"), FeatureKind::multi);
  EXPECT_EQ(kind(opened, "plot"), FeatureKind::text);
  EXPECT_EQ(kind(opened, "color"), FeatureKind::categorical);
  EXPECT_EQ(kind(opened, "code"), FeatureKind::categorical) << "needless zeros are part of a code";
  EXPECT_EQ(display(opened, "1", "genres"), "Comedy, Drama");
  EXPECT_EQ(display(opened, "2", "plot"), "Two friends, one car and a long road");
  EXPECT_EQ(display(opened, "3", "year"), "");
  EXPECT_EQ(display(opened, "2", "year"), "1999.5");
  EXPECT_EQ(opened.report.files.at(1).role, "items");
  EXPECT_EQ(opened.report.files.at(1).columns,
            "id, year=number, genres=multi, plot=text, color=categorical, code=categorical");
}

TEST_F(SideFeatures, TypesSayWhatRecognitionCannotKnow) {
  const OpenedDataset opened = open("code;year;cast;poster\n1;1995;Ann Lee, Bo Li;x\n2;2000;Bo Li,;y\n",
                                    "code=id, year as released=categorical, cast=multi(,), poster=-");
  EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("released", "cast"));
  EXPECT_EQ(kind(opened, "released"), FeatureKind::categorical);
  EXPECT_EQ(display(opened, "1", "cast"), "Ann Lee, Bo Li");
  EXPECT_EQ(display(opened, "2", "cast"), "Bo Li");
  EXPECT_EQ(opened.data->catalog().item_features.at("cast").values.size(), 2U);
}

TEST_F(SideFeatures, FilesWithoutHeaderAreReadInOrder) {
  for (const std::string_view delimiter : {"\t", "::", ";", "|"}) {
    std::string file;
    for (const std::string_view line : {"1,red,3", "2,blue,4"}) {
      for (const std::string_view field : split(line, ",")) file += std::string(field) + std::string(delimiter);
      file += "rest\r\n";
    }
    const OpenedDataset opened = open(file, "id, color, weight=number");
    EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("color", "weight")) << delimiter;
    EXPECT_EQ(display(opened, "2", "color"), "blue");
    EXPECT_EQ(display(opened, "1", "weight"), "3");
    EXPECT_EQ(opened.report.files.at(1).records, 2U);
  }
}

TEST_F(SideFeatures, ListsInOrderPassOverAHeader) {
  // The header's first blank is one, where lines have a tab, as in HetRec's movie_directors.dat.
  const OpenedDataset opened = open("movieID code\tname\n1\tann\tAnn Lee\n2\tbo\tBo Li\n", "id, -, director=multi");
  EXPECT_EQ(opened.report.files.at(1).records, 2U);
  EXPECT_EQ(display(opened, "1", "director"), "Ann Lee");
  EXPECT_EQ(open("number,size\n1,12\n2,14\n", "id, size").report.files.at(1).records, 2U);
}

TEST_F(SideFeatures, SeveralLinesOfAnIdGatherInMultiValuedColumns) {
  const OpenedDataset opened = open("item,tag,size\n1,funny,3\n1,old,4\n2,old,1\n1,funny,5\n2,,1\n");
  EXPECT_EQ(kind(opened, "tag"), FeatureKind::multi);
  EXPECT_EQ(display(opened, "1", "tag"), "funny, old");
  EXPECT_EQ(display(opened, "2", "tag"), "old");
}

TEST_F(SideFeatures, OfOtherColumnsTheLastValueCountsAndTheReportSaysSo) {
  const OpenedDataset opened = open("item,size\n1,3\n1,4\n2,1\n2,1\n", "size=number");
  EXPECT_EQ(display(opened, "1", "size"), "4");
  EXPECT_THAT(opened.report.notes,
              ElementsAre("Values of " + (folder_.path() / "side.csv").string() +
                          " left out because the id came again with another: 1; the last one counts."));
}

TEST_F(SideFeatures, IdsThatNoEventNamesAreDescribedAndCounted) {
  const OpenedDataset opened = open("item,color\n9,red\n1,blue\n8,red\n");
  EXPECT_EQ(opened.data->item_count(), 5U);
  EXPECT_GE(opened.data->catalog().items.find("9").value(), 3U) << "items with events come first";
  EXPECT_EQ(display(opened, "9", "color"), "red");
  EXPECT_EQ(display(opened, "2", "color"), "");
  EXPECT_THAT(opened.report.notes,
              ElementsAre("Items that " + (folder_.path() / "side.csv").string() + " adds to those known: 2."));
}

TEST_F(SideFeatures, UsersToo) {
  const OpenedDataset opened = open("userId,town\nu2,Bern\nu7,Graz\n", {}, Side::users);
  const Catalog& catalog = opened.data->catalog();
  EXPECT_EQ(catalog.user_features.at("town").display(catalog.users.find("u2").value()), "Bern");
  EXPECT_EQ(catalog.user_features.at("town").rows(), 3U);
  EXPECT_THAT(names(catalog.item_features), IsEmpty());
}

TEST_F(SideFeatures, SeveralFilesAddToOneTable) {
  folder_.write("a.csv", "item,size\n1,3\n4,2\n");
  folder_.write("b.dat", "1::Ann|Bo\n5::Cy\n");
  folder_.write("events.csv", "user,item,rating\nu1,1,4\n");
  OpenOptions options;
  options.side_files.items = {folder_.path() / "a.csv", folder_.path() / "b.dat"};
  options.side_files.types = "b.dat: id, cast=multi; size=categorical";
  Context context({.threads = 1});
  const OpenedDataset opened = open_dataset(folder_.path() / "events.csv", options, context);
  EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("size", "cast"));
  EXPECT_EQ(kind(opened, "size"), FeatureKind::categorical);
  EXPECT_EQ(display(opened, "4", "size"), "2");
  EXPECT_EQ(display(opened, "4", "cast"), "");
  EXPECT_EQ(display(opened, "1", "cast"), "Ann, Bo");
  EXPECT_EQ(display(opened, "5", "cast"), "Cy");
}

TEST_F(SideFeatures, ColumnsThatTellNothingAreLeftOutUnlessTypesKeepThem) {
  std::string file = "item,url,kind,size,imdbId,empty\n";
  for (int i = 1; i <= 25; ++i) {
    file += std::to_string(i) + ",http://" + std::to_string(i) + ",film," + std::to_string(i % 5) + "," +
            std::to_string(1000 + i) + ",\n";
  }
  const OpenedDataset opened = open(file);
  EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("size"));
  const std::string name = (folder_.path() / "side.csv").string();
  EXPECT_THAT(opened.report.notes,
              testing::IsSupersetOf({"The column \"url\" of " + name + " is left out: hardly a value comes twice.",
                                     "The column \"kind\" of " + name + " is left out: all its values are equal.",
                                     "The column \"imdbId\" of " + name + " is left out: hardly a value comes twice.",
                                     "The column \"empty\" of " + name + " is left out: it has no value."}));
  EXPECT_EQ(opened.report.files.at(1).columns, "id, -, -, size=number, -, -");
  EXPECT_THAT(names(open(file, "url=categorical, kind=categorical").data->catalog().item_features),
              ElementsAre("url", "kind", "size"));
}

TEST_F(SideFeatures, MissingValuesHaveSeveralSpellings) {
  const OpenedDataset opened = open("item,size,color\n1,N/A,\\N\n2,3,red\n3,NaN,null\n");
  EXPECT_EQ(kind(opened, "size"), FeatureKind::number);
  EXPECT_EQ(display(opened, "1", "size") + display(opened, "3", "size"), "");
  EXPECT_EQ(display(opened, "1", "color") + display(opened, "3", "color"), "");
  EXPECT_EQ(display(opened, "2", "color"), "red");
}

TEST_F(SideFeatures, NumberedLinesAndLatin1AreUnderstood) {
  const OpenedDataset opened = open(",item,color\n0,1,gr\xfcn\n1,2,rot\n");
  EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("color"));
  EXPECT_EQ(display(opened, "1", "color"), "grün");
}

TEST_F(SideFeatures, MistakesGetASentence) {
  EXPECT_EQ(refusal(""), "side.csv is empty. | Give a file with an id of the items on each line.");
  EXPECT_EQ(refusal("item,color\n"),
            "side.csv holds a header and nothing else. | Give a file with an id of the items on each line.");
  EXPECT_EQ(
      refusal("item\n1\n"),
      "side.csv, line 1: no delimiter is recognized in \"item\". | Separate fields by tabs, \"::\", \";\", \"|\", "
      "\",\" or blanks.");
  EXPECT_EQ(refusal("1,red,x\n2,blue,y\n"),
            "side.csv, line 1: no header says what the 3 columns are. | Name them in order with the option "
            "`feature_types`, such as \"id, title=text, -, year\".");
  EXPECT_EQ(refusal("movieID code\tname\n1\tann\tAnn\n2\tbo\tBo\n"),
            "side.csv, line 1: the header has 2 fields, and the lines below it 3. | Correct it, or name the columns in "
            "order with the option `feature_types`, such as \"id, title=text, -, year\".");
  EXPECT_EQ(refusal("item,a,a\n1,2,3\n"),
            "side.csv, line 1: two columns are named \"a\". | Rename one, or name all columns in order with "
            "the option `feature_types`, such as \"id, title, -\".");
  EXPECT_EQ(
      refusal("1,2\n", "id, a, b"),
      "side.csv, line 1: the lines have 2 fields, fewer than the 3 columns named. | Name a column for each field, and "
      "write - for one that is not read.");
  EXPECT_EQ(refusal("item,size\n1,2\n2,big\n", "size=number"),
            "side.csv, line 3, column size: \"big\" is not a number. | Correct it, or leave the field empty.");
  EXPECT_EQ(refusal("item,size\n1,2\n2,1e400\n", "size=number"),
            "side.csv, line 3, column size: \"1e400\" is out of range. | Correct it, or leave the field empty.");
  EXPECT_EQ(refusal("item,size\n1,2\n2,3,4\n3,1\n"),
            "side.csv, line 3: the line has 3 fields instead of 2. | Correct the line, or remove it.");
  EXPECT_EQ(refusal("item,size\n1,2\n,3\n"),
            "side.csv, line 3, column item: the id is empty. | Correct the line, or remove it.");
  EXPECT_EQ(
      refusal("item,size\n1,\"2\n"),
      "side.csv, line 2: a quotation mark opens a field and none closes it. | Close it, or set the option `quote` "
      "to none if quotation marks are text.");
  EXPECT_EQ(refusal("item,size\nx1,2\nx2,3\n"),
            "side.csv, column item: none of its ids, such as \"x1\", is among the items. | Say which column holds the "
            "ids with the option `feature_types`, for example \"code=id\", and write ids as the events do.");
  EXPECT_EQ(refusal("item,a,b\n1,2,3\n", "a as b=number"),
            "side.csv: two columns would give the feature \"b\". | Rename one with the option `feature_types`, such as "
            "\"year as release_year=number\".");
  EXPECT_EQ(refusal("item,size\n1,2\n", "size=-"),
            "side.csv has no column of features. | Name one beside the ids, or leave the file out.");
  EXPECT_EQ(refusal("item,size\n1,2\n", "siez=text", ErrorCode::not_found),
            "No file of features has the column \"siez\". | Did you mean size?");
  EXPECT_EQ(refusal("item,size\n1,2\n", "films.csv: size=text", ErrorCode::not_found),
            "No file of features is named \"films.csv\". | Name files as in the option `user_features` and the "
            "option `item_features`, with or without their folders.");
}

TEST_F(SideFeatures, ANumberThatTurnsUpLateIsNotTakenForAWord) {
  std::string file = "item,size\n";
  for (std::size_t i = 0; i < kSampleRecords; ++i) file += "1,2\n";
  EXPECT_EQ(refusal(file + "2,large\n"),
            "side.csv, line 10002, column size: \"large\" is not a number. | Correct it, or say what the column holds, "
            "such as \"size=categorical\" in the option `feature_types`.");
}

TEST_F(SideFeatures, AFeatureOfTheDataSetIsNotReplaced) {
  folder_.write("ratings.csv", "userId,movieId,rating,timestamp\n1,1,4,0\n");
  folder_.write("movies.csv", "movieId,title,genres\n1,Heat (1995),Crime\n");
  folder_.write("side.csv", "movieId,year\n1,1996\n");
  OpenOptions options;
  options.side_files.items = {folder_.path() / "side.csv"};
  Context context({.threads = 1});
  EXPECT_THAT(complaint([&] { open_dataset(folder_.path(), options, context); }),
              HasSubstr("side.csv, column year: the items already have a feature \"year\". | Leave it out with the "
                        "option `feature_types`, as \"year=-\", or rename it, as \"year as other_year=number\"."));
  options.side_files.types = "year as other_year=number";
  const OpenedDataset opened = open_dataset(folder_.path(), options, context);
  EXPECT_THAT(names(opened.data->catalog().item_features), ElementsAre("title", "year", "genres", "other_year"));
}

TEST_F(SideFeatures, TypesWithoutAFileAreRefused) {
  OpenOptions options;
  options.side_files.types = "year=number";
  EXPECT_EQ(complaint([&] { testing_io::read_text("1,2\n", options); }, ErrorCode::invalid_option),
            "There are types of columns, and no file of features that they are for. | Name the file in the option "
            "`user_features` or the option `item_features`.");
}

// Quoted as RFC 4180 has it.
std::string csv_field(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

RC_GTEST_PROP(SideFeaturesProperty, QuotedTextsAndListsAreReadBack, ()) {
  const auto texts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\",;\n |\t:"))));
  std::string file = "item,plot,tags\n1,\"first, of all\",x\n";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    file += "i" + std::to_string(i) + "," + csv_field(texts[i]) + "," + csv_field(texts[i]) + "\n";
  }
  Context context({.threads = 1});
  test::TemporaryFolder folder;
  folder.write("events.csv", "u,1\n");
  folder.write("side.csv", file);
  OpenOptions options;
  options.side_files.items = {folder.path() / "side.csv"};
  options.side_files.types = "plot=text, tags=multi";
  const OpenedDataset opened = open_dataset(folder.path() / "events.csv", options, context);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    RC_ASSERT(display(opened, "i" + std::to_string(i), "plot") == trim(texts[i]));
    std::vector<std::string> parts;
    for (const std::string_view part : split(texts[i], "|")) {
      const std::string own(trim(part));
      if (!own.empty() && std::find(parts.begin(), parts.end(), own) == parts.end()) parts.push_back(own);
    }
    const Catalog& catalog = opened.data->catalog();
    const FeatureField& tags = catalog.item_features.at("tags");
    std::vector<std::string> read;
    for (const std::uint32_t id : tags.ids_of(catalog.items.find("i" + std::to_string(i)).value())) {
      read.emplace_back(tags.values[id]);
    }
    RC_ASSERT(read == parts);
  }
}

// The two files of the film metadata, by the commands of docs/guide/data.md.
TEST(SideFeaturesOfFilms, AreReadByTheTypesInTheDocumentation) {
  const auto events = test::real_data("ml-1m");
  const auto films = test::real_data("movie-metadata");
  if (!events || !films) GTEST_SKIP() << "needs ml-1m and movie-metadata";
  OpenOptions options;
  options.side_files.items = {*films / "ml-1m-extrainfos.dat", *films / "movie_directors.dat"};
  options.side_files.types =
      "ml-1m-extrainfos.dat: id, -, -, certificate, -, -, -, writers=multi(,), cast=multi(,), plot=text; "
      "movie_directors.dat: id, -, director=multi";
  Context context({.threads = 1});
  const OpenedDataset opened = open_dataset(*events, options, context);
  EXPECT_EQ(display(opened, "1", "cast"), "Tom Hanks, Tim Allen, Don Rickles, Jim Varney");
  EXPECT_EQ(display(opened, "1", "director"), "John Lasseter");
  EXPECT_EQ(display(opened, "1", "certificate"), "G");
  EXPECT_THAT(display(opened, "1", "plot"), testing::StartsWith("A little boy named Andy loves to be in his room"));
  const FeatureTable& features = opened.data->catalog().item_features;
  const FeatureField& cast = features.at("cast");
  std::size_t with_cast = 0;
  for (std::size_t row = 0; row < cast.rows(); ++row) with_cast += cast.ids_of(row).empty() ? 0 : 1;
  EXPECT_EQ(with_cast, 3881U - 7U) << "seven of 3,881 films have N/A";
}

}  // namespace
}  // namespace gusto
