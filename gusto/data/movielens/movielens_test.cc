#include <algorithm>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/data/movielens/embedded.h"
#include "gusto/data/movielens/layouts.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/data/testing/real_data.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::open_folder;

std::string shown(const FeatureTable& table, const Vocabulary& ids, std::string_view id, std::string_view field) {
  return table.at(field).display(ids.find(id).value());
}
std::string of_item(const OpenedDataset& opened, std::string_view id, std::string_view field) {
  return shown(opened.data->catalog().item_features, opened.data->catalog().items, id, field);
}
std::string of_user(const OpenedDataset& opened, std::string_view id, std::string_view field) {
  return shown(opened.data->catalog().user_features, opened.data->catalog().users, id, field);
}

TEST(YearOf, TakesTheLastBracketsThatHoldOne) {
  EXPECT_EQ(year_of("Heat (1995)"), "1995");
  EXPECT_EQ(year_of("Two Friends (1986) "), "1986");
  EXPECT_EQ(year_of("Land Before Time III (1995) (V)"), "1995");
  EXPECT_EQ(year_of("Fawlty Towers (1975-1979)"), "1975");
  EXPECT_EQ(year_of("Shanghai Triad (Yao a yao yao dao waipo qiao) (1995)"), "1995");
  EXPECT_EQ(year_of("1984"), "");
  EXPECT_EQ(year_of("Moonlight"), "");
  EXPECT_EQ(year_of("(500) Days of Summer"), "");
  EXPECT_EQ(year_of("(2001) then"), "");
  EXPECT_EQ(year_of("x (12345)"), "");
  EXPECT_EQ(year_of("(1995"), "");
  EXPECT_EQ(year_of("()"), "");
  EXPECT_EQ(year_of(""), "");
}

void write_ml_100k(const TemporaryFolder& folder) {
  folder.write("u.data", "7\t2\t4\t880000000\n9\t2\t5\t880000001\n");
  folder.write("u.genre", "unknown|0\nAction|1\nDrama|2\n\n");
  folder.write("u.item",
               "1|Never Seen (1990)|01-Jan-1990||http://x|0|0|1\n"
               "2|Caf\xe9 (1995)|01-Jan-1995||http://x|0|1|1\n");
  folder.write("u.user", "7|24|M|technician|85711\n9|53|F|other|V3N4P\n");
}

TEST(Ml100k, IsReadWithFeatures) {
  const TemporaryFolder folder;
  write_ml_100k(folder);
  const OpenedDataset opened = open_folder(folder);
  EXPECT_EQ(opened.report.layout, "ml-100k");
  EXPECT_EQ(opened.report.reason, "The folder holds u.data, as ml-100k does.");
  EXPECT_EQ(opened.report.files.size(), 4u);
  EXPECT_EQ(opened.data->event_count(), 2u);
  EXPECT_EQ(opened.data->item_count(), 2u);
  EXPECT_EQ(opened.data->catalog().items[0], "2");
  EXPECT_EQ(of_item(opened, "2", "title"), "Caf\xc3\xa9 (1995)");
  EXPECT_EQ(of_item(opened, "2", "year"), "1995");
  EXPECT_EQ(of_item(opened, "2", "genres"), "Action, Drama");
  EXPECT_EQ(of_item(opened, "1", "title"), "Never Seen (1990)");
  EXPECT_EQ(of_user(opened, "9", "age"), "53");
  EXPECT_EQ(of_user(opened, "9", "gender"), "F");
  EXPECT_EQ(of_user(opened, "7", "occupation"), "technician");
  EXPECT_EQ(of_user(opened, "9", "zip"), "V3N4P");
  EXPECT_THAT(opened.report.notes, testing::Contains(HasSubstr("u.item is in Latin-1")));
}

TEST(Ml100k, NamesWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string at = folder.path().string() + "/";
  const auto about = [&](const std::string& name, std::string_view content) {
    write_ml_100k(folder);
    folder.write(name, content);
    return complaint([&] { open_folder(folder); });
  };
  EXPECT_EQ(about("u.item", "1|T|||http://x|0|2|0\n"), at + "u.item, line 1, column Action: \"2\" is neither 0 nor 1."
                                                            " | Write 1 if the item is of that genre, else 0.");
  EXPECT_EQ(about("u.item", "1|T|||http://x|0|1\n"),
            at + "u.item, line 1: the line has 7 fields instead of 8. | Correct the line, or remove it.");
  EXPECT_EQ(about("u.user", "7|old|M|artist|1\n"),
            at + "u.user, line 1, column age: \"old\" is not a number. | Correct the line, or remove it.");
  EXPECT_EQ(about("u.genre", "unknown|0\nAction|2\n"),
            at + "u.genre, line 2, column number: \"2\" stands where 1 belongs. | Number the genres from 0.");
  EXPECT_EQ(about("u.data", "7\t2\t4\n"),
            at + "u.data, line 1: the line has 3 fields instead of 4. | Correct the line, or remove it.");
  EXPECT_EQ(about("u.data", ""), at + "u.data is empty. | Give a file with an event on each line.");
}

TEST(Ml100k, DoesWithoutFilesOfFeatures) {
  const TemporaryFolder folder;
  folder.write("u.data", "7\t2\t4\t880000000\n");
  const OpenedDataset opened = open_folder(folder);
  EXPECT_TRUE(opened.data->catalog().item_features.fields().empty());
  const std::string at = folder.path().string() + "/";
  EXPECT_THAT(opened.report.notes, ElementsAre(at + "u.item is missing, and so are the features that it would hold.",
                                               at + "u.user is missing, and so are the features that it would hold."));
}

TEST(Ml100k, NeedsTheGenresOfItsItems) {
  const TemporaryFolder folder;
  write_ml_100k(folder);
  std::filesystem::remove(folder.path() / "u.genre");
  EXPECT_EQ(complaint([&] { open_folder(folder); }, ErrorCode::not_found),
            "There is no file " + folder.path().string() + "/u.genre. | Check the path.");
}

void write_ml_1m(const TemporaryFolder& folder) {
  folder.write("ratings.dat", "1::1193::5::978300760\n2::661::3::978302109\n");
  folder.write("movies.dat",
               "661::James and the Giant Peach (1996)::Animation|Children's\n1193::Mis\xe9rables (1995)::Drama\n");
  folder.write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n");
}

TEST(Ml1m, IsReadWithFeatures) {
  const TemporaryFolder folder;
  write_ml_1m(folder);
  const OpenedDataset opened = open_folder(folder);
  EXPECT_EQ(opened.report.layout, "ml-1m");
  EXPECT_EQ(opened.data->event_count(), 2u);
  EXPECT_EQ(event_of(*opened.data, "2", "661").value, 3);
  EXPECT_EQ(of_item(opened, "1193", "title"), "Mis\xc3\xa9rables (1995)");
  EXPECT_EQ(of_item(opened, "661", "genres"), "Animation, Children's");
  EXPECT_EQ(of_user(opened, "1", "occupation"), "K-12 student");
  EXPECT_EQ(of_user(opened, "2", "occupation"), "self-employed");
  EXPECT_EQ(of_user(opened, "2", "age"), "56");
  EXPECT_EQ(of_user(opened, "1", "gender"), "F");
  EXPECT_EQ(of_user(opened, "1", "zip"), "48067");
}

TEST(Ml1m, NamesAnOccupationThatThereIsNot) {
  const TemporaryFolder folder;
  write_ml_1m(folder);
  for (const std::string code : {"21", "-1", "1.5"}) {
    folder.write("users.dat", "1::F::1::" + code + "::48067\n");
    EXPECT_EQ(complaint([&] { open_folder(folder); }),
              folder.path().string() + "/users.dat, line 1, column occupation: \"" + code +
                  "\" is no occupation. | Write a whole number from 0 to 20, as the README of ml-1m lists.");
  }
}

TEST(Ml1m, LetsTheLastDescriptionCount) {
  const TemporaryFolder folder;
  write_ml_1m(folder);
  folder.write("movies.dat", "661::One (1996)::Drama\n661::Two (1997)::Drama\n");
  const OpenedDataset opened = open_folder(folder);
  EXPECT_EQ(of_item(opened, "661", "title"), "Two (1997)");
  EXPECT_EQ(opened.data->catalog().title(ItemRow(*opened.data->catalog().items.find("1193"))), "1193");
  EXPECT_THAT(opened.report.notes,
              ElementsAre("Descriptions of items left out because the id came again: 1; the last one counts."));
}

TEST(MlLatest, IsReadWithFeatures) {
  const TemporaryFolder folder;
  folder.write("ratings.csv", "userId,movieId,rating,timestamp\r\n1,31,2.5,1260759144\r\n1,1029,3.0,1260759179\r\n");
  folder.write("movies.csv",
               "movieId,title,genres\r\n31,\"American President, The (1995)\",Comedy|Drama\r\n"
               "1029,\"Say \"\"Dumbo\"\" (1941)\",(no genres listed)\r\n5,Unseen,Drama\r\n");
  const OpenedDataset opened = open_folder(folder);
  EXPECT_EQ(opened.report.layout, "ml-latest");
  EXPECT_EQ(opened.data->item_count(), 3u);
  EXPECT_EQ(of_item(opened, "31", "title"), "American President, The (1995)");
  EXPECT_EQ(of_item(opened, "1029", "title"), "Say \"Dumbo\" (1941)");
  EXPECT_EQ(of_item(opened, "1029", "genres"), "");
  EXPECT_EQ(of_item(opened, "5", "year"), "");
}

TEST(MlLatest, NamesWhatIsWrongWithMovies) {
  const TemporaryFolder folder;
  const std::string at = folder.path().string() + "/movies.csv";
  folder.write("ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n");
  folder.write("movies.csv", "movieId,name,genres\n");
  EXPECT_EQ(
      complaint([&] { open_folder(folder); }, ErrorCode::not_found),
      at + ", line 1: there is no column title. | Give a file of movies with the columns movieId, title and genres.");
  folder.write("movies.csv", "");
  EXPECT_EQ(complaint([&] { open_folder(folder); }), at + " is empty. | Copy or download it again, or remove it.");
}

TEST(Folder, IsRefusedWhenItHoldsNoKnownLayout) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint([&] { open_folder(folder); }, ErrorCode::not_found),
            "The folder " + folder.path().string() +
                " holds none of u.data, ratings.dat and ratings.csv."
                " | Name a file with an event on each line, or a folder as GroupLens publishes them.");
}

TEST(Folder, FixesColumnsAndDelimiter) {
  const TemporaryFolder folder;
  write_ml_1m(folder);
  OpenOptions options;
  options.delimiter = ",";
  Context context({.threads = 1});
  EXPECT_EQ(complaint([&] { open_dataset(folder.path(), options, context); }, ErrorCode::invalid_option),
            "The layout of " + folder.path().string() +
                " fixes columns and delimiter."
                " | Name the file of events itself, or leave these options out.");
}

struct RealSet {
  std::string name;
  std::size_t events, users, rated, described;
};
void PrintTo(const RealSet& set, std::ostream* out) { *out << set.name; }

const RealSet kEmbedded{"the embedded data set", 100004, 671, 9066, 9066};

class RealData : public testing::TestWithParam<RealSet> {};

TEST_P(RealData, HasTheCountsThatWerePublished) {
  const std::optional<std::filesystem::path> folder = test::real_data(GetParam().name);
  Context context({.threads = 1});
  const OpenedDataset opened = folder ? open_dataset(*folder, {}, context) : open_embedded(context);
  const RealSet& expected = folder ? GetParam() : kEmbedded;
  EXPECT_EQ(opened.data->event_count(), expected.events);
  EXPECT_EQ(opened.data->user_count(), expected.users);
  EXPECT_EQ(opened.data->item_count(), expected.described);
  std::size_t rated = 0;
  for (std::size_t i = 0; i < opened.data->item_count(); ++i) rated += opened.data->item_events(ItemRow(i)).size() > 0;
  EXPECT_EQ(rated, expected.rated);
  EXPECT_TRUE(opened.data->has_times());
  EXPECT_EQ(opened.report.duplicates, 0u);
}

INSTANTIATE_TEST_SUITE_P(MovieLens, RealData,
                         testing::Values(RealSet{"ml-100k", 100000, 943, 1682, 1682},
                                         RealSet{"ml-1m", 1000209, 6040, 3706, 3883},
                                         RealSet{"ml-latest-small-2016", 100004, 671, 9066, 9125},
                                         RealSet{"ml-latest-small-2018", 100836, 610, 9724, 9742}),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace gusto
