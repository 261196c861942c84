#include "gusto/data/movielens/extras.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::display;

// A made-up folder of the newer layout.
class Extras : public testing::Test {
 protected:
  Extras() {
    folder_.write("ratings.csv", "userId,movieId,rating,timestamp\n1,10,4,0\n1,20,5,1\n2,30,1,2\n");
    folder_.write("movies.csv", "movieId,title,genres\n10,A (1990),Drama\n20,B (1991),Drama\n30,C (1992),Drama\n");
  }

  OpenedDataset open(std::vector<Extra> extras) {
    OpenOptions options;
    options.extras = std::move(extras);
    Context context({.threads = 1});
    return open_dataset(folder_.path(), options, context);
  }
  std::string refusal(std::vector<Extra> extras, ErrorCode code = ErrorCode::invalid_input) {
    std::string text = complaint([&] { open(std::move(extras)); }, code);
    const std::string prefix = folder_.path().string() + "/";
    if (const std::size_t place = text.find(prefix); place != std::string::npos) text.erase(place, prefix.size());
    return text;
  }

  test::TemporaryFolder folder_;
};

constexpr std::string_view kTags =
    "userId,movieId,tag,timestamp\n"
    "1,10, Funny ,5\n2,10,funny,6\n2,20,FUNNY,6\n3,20,\"dark, slow\",7\n4,20,funny,8\n3,10,funny,8\n"
    "5,30,\"dark, slow\",8\n5,20,mine,8\n5,30,mine,9\n6,40,dark,1\n7,10,\"Dark, slow\",1\n";

TEST_F(Extras, AreReadOnlyWhenAskedFor) {
  folder_.write("tags.csv", kTags);
  folder_.write("links.csv", "movieId,imdbId,tmdbId\n10,0114709,862\n");
  EXPECT_EQ(open({}).data->catalog().item_features.fields().size(), 3U);
}

TEST_F(Extras, TagsCountThatSeveralPeopleGave) {
  folder_.write("tags.csv", kTags);
  const OpenedDataset opened = open({Extra::tags});
  EXPECT_EQ(opened.data->catalog().item_features.at("tags").kind, FeatureKind::multi);
  EXPECT_EQ(display(opened, "10", "tags"), "funny, dark, slow");
  EXPECT_EQ(display(opened, "20", "tags"), "funny, dark, slow");
  EXPECT_EQ(display(opened, "30", "tags"), "dark, slow") << "one person alone calls it mine";
  EXPECT_EQ(display(opened, "40", "tags"), "") << "a film that only a tag names is described";
  EXPECT_EQ(display(opened, "40", "title"), "");
  const std::string file = (folder_.path() / "tags.csv").string();
  EXPECT_THAT(opened.report.notes,
              Contains("Of 4 different tags of " + file + ", those count that at least 3 people gave: 2."));
  EXPECT_EQ(opened.report.files.at(2).records, 11U);
}

TEST_F(Extras, TagsOfMl10mToo) {
  test::TemporaryFolder folder;
  folder.write("ratings.dat", "1::10::4::0\n");
  folder.write("tags.dat", "1::10::Sharks::5\n2::10::sharks ::6\n3::10::SHARKS::6\n3::10::other::6\n");
  OpenOptions options;
  options.extras = {Extra::tags};
  Context context({.threads = 1});
  EXPECT_EQ(display(open_dataset(folder.path(), options, context), "10", "tags"), "sharks");
}

TEST_F(Extras, LinksAreTexts) {
  folder_.write("links.csv", "movieId,imdbId,tmdbId\n10,0114709,862\n30,0113497,\n");
  const OpenedDataset opened = open({Extra::links});
  EXPECT_EQ(opened.data->catalog().item_features.at("imdb").kind, FeatureKind::text);
  EXPECT_EQ(display(opened, "10", "imdb"), "0114709");
  EXPECT_EQ(display(opened, "10", "tmdb"), "862");
  EXPECT_EQ(display(opened, "30", "tmdb"), "");
  EXPECT_EQ(display(opened, "20", "imdb"), "");
}

TEST_F(Extras, OfTheGenomeTheRelevantTagsCount) {
  folder_.write("genome-tags.csv", "tagId,tag\n1,007\n2,\"action, big\"\n");
  folder_.write("genome-scores.csv", "movieId,tagId,relevance\n10,1,0.5\n10,2,0.49999\n30,1,0.025\r\n30,2,1\n20,2,0\n");
  const OpenedDataset opened = open({Extra::genome});
  EXPECT_EQ(display(opened, "10", "genome"), "007");
  EXPECT_EQ(display(opened, "30", "genome"), "action, big");
  EXPECT_EQ(display(opened, "20", "genome"), "");
  EXPECT_EQ(opened.report.files.at(3).role, "genome");
  EXPECT_EQ(opened.report.files.at(3).records, 5U);
  EXPECT_EQ(opened.report.files.at(3).lines, 6U);
}

TEST_F(Extras, TheGenomeIsReadInBlocksAndKnowsItsLines) {
  std::string tags = "tagId,tag\n";
  std::string scores = "movieId,tagId,relevance\n";
  constexpr int kTagCount = 1000;
  constexpr int kFilms = 60;
  for (int t = 0; t < kTagCount; ++t) tags += std::to_string(t) + ",tag " + std::to_string(t) + "\n";
  for (int film = 0; film < kFilms; ++film) {
    for (int t = 0; t < kTagCount; ++t) {
      scores += std::to_string(10 + film) + "," + std::to_string(t) + (t % kFilms == film ? ",0.75\n" : ",0.015\n");
    }
  }
  folder_.write("genome-tags.csv", tags);
  folder_.write("genome-scores.csv", scores);
  const OpenedDataset opened = open({Extra::genome});
  EXPECT_EQ(opened.report.files.at(3).records, std::uint64_t{kTagCount} * kFilms);
  EXPECT_THAT(display(opened, "20", "genome"), testing::StartsWith("tag 10, tag 70, "));
  folder_.write("genome-scores.csv", scores + "10,1000,0.5\n");
  EXPECT_EQ(
      refusal({Extra::genome}),
      "genome-scores.csv, line 60002, column tagId: \"1000\" is the id of no tag in genome-tags.csv. | Take both files "
      "from the same set.");
}

TEST_F(Extras, MissingFilesAreReported) {
  const OpenedDataset opened = open({Extra::tags, Extra::links, Extra::genome});
  for (const char* name : {"tags.csv", "links.csv", "genome-tags.csv"}) {
    EXPECT_THAT(opened.report.notes, Contains((folder_.path() / name).string() +
                                              " is missing, and so are the features that it would hold."));
  }
  folder_.write("genome-tags.csv", "tagId,tag\n1,007\n");
  EXPECT_THAT(open({Extra::genome}).report.notes, Contains(HasSubstr("genome-scores.csv is missing")));
}

TEST_F(Extras, MistakesGetASentence) {
  constexpr std::string_view kAgain = " | Copy or download it again, or remove it.";
  folder_.write("tags.csv", "");
  EXPECT_EQ(refusal({Extra::tags}), "tags.csv is empty." + std::string(kAgain));
  folder_.write("tags.csv", "userId,movieId,label\n1,2,x\n");
  EXPECT_EQ(refusal({Extra::tags}), "tags.csv, line 1: there is no column tag." + std::string(kAgain));
  folder_.write("tags.csv", "userId,movieId,tag,timestamp\n1,2,x,3\n1,,x,3\n");
  EXPECT_EQ(refusal({Extra::tags}),
            "tags.csv, line 3, column movieId: the id is empty. | Correct the line, or remove it.");
  folder_.write("genome-tags.csv", "tagId,tag\n1,a\n1,b\n");
  folder_.write("genome-scores.csv", "");
  EXPECT_EQ(
      refusal({Extra::genome}),
      "genome-tags.csv, line 3, column tagId: \"1\" is the id of another tag, too. | Copy or download the file again.");
  folder_.write("genome-tags.csv", "tagId,tag\n1,a\n");
  EXPECT_EQ(refusal({Extra::genome}), "genome-scores.csv is empty." + std::string(kAgain));
  folder_.write("genome-scores.csv", "movieId,tagId,relevance\n10,1,1.5\n");
  EXPECT_EQ(
      refusal({Extra::genome}),
      "genome-scores.csv, line 2, column relevance: \"1.5\" is no relevance. | Relevances are numbers from 0 to 1.");
  folder_.write("genome-scores.csv", "movieId,tagId,relevance\n10,1\n");
  EXPECT_EQ(refusal({Extra::genome}),
            "genome-scores.csv, line 2: the line has 2 fields instead of 3. | Correct the line, or remove it.");
}

TEST_F(Extras, OtherDataHaveNone) {
  constexpr std::string_view kWhere =
      " | Tags come with ml-10m; tags, links and the genome with ml-latest and its sisters. Files of your own can be "
      "named in the option `item_features`.";
  OpenOptions options;
  options.extras = {Extra::genome};
  EXPECT_EQ(complaint([&] { testing_io::read_text("1,2\n", options); }, ErrorCode::invalid_option),
            "Data of the layout delimited have no genome." + std::string(kWhere));
  EXPECT_EQ(complaint([] { parse_extra("tag"); }, ErrorCode::invalid_option),
            "There is no extra \"tag\". | Extras are tags, links and genome.");
}

}  // namespace
}  // namespace gusto
