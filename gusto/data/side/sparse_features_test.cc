#include "gusto/data/side/sparse_features.h"

#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/text.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::display;

std::optional<SparseFeatures> read(std::string_view text) {
  return read_sparse_features({"side.txt", text, text.size(), false, nullptr});
}

TEST(SparseFeatures, NumbersBecomeColumns) {
  const auto table = read("7 1:1 5:0.5\n\n8 5:2\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->table.text, "id\tfeature_1\tfeature_5\n7\t1\t0.5\n\n8\t0\t2\n");
  EXPECT_THAT(table->notes, ElementsAre("The pairs of side.txt become 2 features, which are 0 where a line does not "
                                        "name them."));
}

TEST(SparseFeatures, OnesBecomeOneFeatureOfSeveralValues) {
  EXPECT_EQ(read("7 a:1 b:1\n8 b:1\n")->table.text, "id\tfeatures\n7\ta|b\n8\tb\n");
  std::string many;
  for (int f = 0; f < 150; ++f) many += "7 " + std::to_string(f) + ":" + std::to_string(f) + "\n";
  const auto table = read(many);
  EXPECT_TRUE(table->table.text.starts_with("id\tfeatures\n7\t\n7\t1\n"));
  EXPECT_THAT(table->notes.back(), HasSubstr("read as present if above 0, since there are more than 100 features"));
}

TEST(SparseFeatures, WordsBecomeColumnsToo) {
  EXPECT_EQ(read("7 genre:Drama year:1999\n8,genre:Comedy,genre:Drama\n")->table.text,
            "id\tgenre\tyear\n7\tDrama\t1999\n8\tComedy|Drama\t\n");
}

TEST(SparseFeatures, OtherFilesAreNone) {
  for (const char* text : {"id,title\n7,Heat\n", "7,http://posters/7\n8,http://posters/8\n", "1::Toy Story::Comedy\n",
                           "7 12:30x 5:1\n", "7\n8\n", ""}) {
    EXPECT_FALSE(read(text)) << text;
  }
}

TEST(SparseFeatures, AreReadBesideTheEventsWithTheirLines) {
  const test::TemporaryFolder folder;
  folder.write("events.csv", "user,item\nu,7\nu,8\nu,9\n");
  const auto open = [&](std::string_view text) {
    folder.write("side.txt", text);
    OpenOptions options;
    options.side_files.items.push_back(folder.path() / "side.txt");
    Context context({.threads = 1});
    return open_dataset(folder.path() / "events.csv", options, context);
  };
  EXPECT_EQ(display(open("7 price:1.5 5:1\n9 price:2\n"), "7", "price"), "1.5");
  EXPECT_EQ(display(open("7 a:1 b:1\n9 c:1\n"), "7", "features"), "a, b");
  EXPECT_EQ(display(open("# made by hand\n7 genre:Drama year:1999\n8 genre:War year:2001\n"), "8", "genre"), "War");
  std::string late;
  for (int i = 0; i < 200; ++i) late += "7 a:1\n";
  EXPECT_THAT(complaint([&] { open(late + "7 a=1\n"); }), HasSubstr("line 201: \"a=1\" is no feature with a value"));
}

}  // namespace
}  // namespace gusto
