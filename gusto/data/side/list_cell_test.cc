#include "gusto/data/side/list_cell.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_io::display;

TEST(ListCell, IsReadAsPythonNumPyAndJsonWriteIt) {
  const auto values = [](std::string_view cell) {
    return parse_list_cell(cell).value_or(std::vector<std::string>{"none"});
  };
  EXPECT_THAT(values("['Drama', 'Comedy']"), ElementsAre("Drama", "Comedy"));
  EXPECT_THAT(values("[\"it's\", 'a \\'b\\'', 'c, d']"), ElementsAre("it's", "a 'b'", "c, d"));
  EXPECT_THAT(values("['a' 'b'\n 'c']"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(values("[1, 2]"), ElementsAre("1", "2"));
  EXPECT_THAT(values("[\"a\", null, \"\\u00e9\"]"), ElementsAre("a", "\xc3\xa9"));
  EXPECT_THAT(values("['a', None]"), ElementsAre("a"));
  EXPECT_THAT(values("[]"), IsEmpty());
  EXPECT_THAT(values("[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]"),
              ElementsAre("Animation", "Comedy"));
  for (const char* cell : {"", "[", "Drama", "['a", "['a'] b", "[['a']]", "[{'id': 1}]"}) {
    EXPECT_THAT(values(cell), ElementsAre("none")) << cell;
  }
}

OpenedDataset with_items(const test::TemporaryFolder& folder, const std::string& items) {
  folder.write("events.csv", "user,item,rating\nu,1,5\nu,2,4\n");
  OpenOptions options;
  options.side_files.items = {folder.write("items.csv", items)};
  Context context({.threads = 1});
  return open_dataset(folder.path() / "events.csv", options, context);
}

TEST(SideHabits, ReadListsAsSeveralValues) {
  const test::TemporaryFolder folder;
  const OpenedDataset opened = with_items(folder, "itemId,genres\n1,\"['Drama', 'Comedy']\"\n2,[]\n");
  EXPECT_EQ(display(opened, "1", "genres"), "Drama, Comedy");
  EXPECT_EQ(opened.data->catalog().item_features.at("genres").kind, FeatureKind::multi);
}

TEST(SideHabits, TakeTitleAndNameForTitlesWhateverTheyHold) {
  const test::TemporaryFolder folder;
  std::string titles = "itemId,title,kind\n", names = "itemId,name,kind\n", numbers = "itemId,movie_title\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string id = std::to_string(i);
    titles += id + ",Word" + id + "," + (i % 2 == 0 ? "a" : "b") + "\n";
    names += id + ",The " + id + " of the north,a\n";
    numbers += id + "," + std::to_string(1900 + i) + "\n";
  }
  EXPECT_EQ(with_items(folder, titles).data->catalog().title(ItemRow(0)).substr(0, 4), "Word");
  const OpenedDataset named = with_items(folder, names);
  EXPECT_EQ(named.data->catalog().title(ItemRow(0)).substr(0, 4), "The ");
  EXPECT_THAT(named.report.notes.front(), HasSubstr("The column \"name\" of "));
  EXPECT_EQ(with_items(folder, numbers).data->catalog().title(ItemRow(0)).substr(0, 2), "19");
}

TEST(SideHabits, ReadFilesOfRecBoleAndOfExcel) {
  const test::TemporaryFolder folder;
  const OpenedDataset opened = with_items(
      folder,
      "sep=\t\nitem_id:token\tmovie_title:token_seq\tyear:float\tclass:token_seq\n1\tHeat\t1995\tCrime Drama\n"
      "2\tAlien\t1979\tHorror\n");
  EXPECT_EQ(display(opened, "1", "title"), "Heat");
  EXPECT_EQ(display(opened, "1", "class"), "Crime, Drama");
  EXPECT_EQ(opened.data->catalog().item_features.at("year").kind, FeatureKind::number);
}

}  // namespace
}  // namespace gusto
