// What counts as last, and events that a file lists more than once.

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split.h"
#include "gusto/data/testing/split.h"

namespace gusto {
namespace {

using test::error_of;
using test::named;
using test::split_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Split split_of_file(const test::TemporaryFolder& folder, const std::string& file, const std::string& spec,
                    DuplicatePolicy duplicates = DuplicatePolicy::keep_last) {
  OpenOptions reading;
  reading.duplicates = duplicates;
  Context context({.threads = 1});
  SplitOptions options;
  options.spec = parse_split(spec);
  return make_split(open_dataset(folder.path() / file, reading, context), options);
}

TEST(SplitOrder, TheEventBeforeTheLastIsWithheld) {
  const Split split = split_of(
      {{"a", "x", 1, 30}, {"a", "y", 1, 10}, {"a", "z", 1, 20}, {"b", "x", 1, 5}, {"b", "y", 1, 6}, {"c", "z", 1, 1}},
      "last:1,1");
  const Fold& fold = split.folds.at(0);
  const Catalog& catalog = fold.train->catalog();
  EXPECT_THAT(named(catalog, fold.test), ElementsAre(Pair("a", "x")));
  EXPECT_EQ(fold.receipt.withheld, 1U);
  EXPECT_EQ(catalog.items[fold.withheld[0][0].index], "z");
  // Who has no more than both keeps all in training.
  EXPECT_THAT(named(catalog, fold.train->events()),
              testing::UnorderedElementsAre(Pair("a", "y"), Pair("b", "x"), Pair("b", "y"), Pair("c", "z")));
  EXPECT_EQ(parse_split("last:2,3").text(), "last:2,3");
  for (const char* text : {"last:1,0", "last:1,", "last:1,x", "last:0,1", "last:1,1,1"}) {
    EXPECT_THAT(error_of([&] { parse_split(text); }).message(), HasSubstr("last:1,1")) << text;
  }
}

TEST(SplitOrder, ListsAreInOrderOfTime) {
  const test::TemporaryFolder folder;
  folder.write("lists.txt", "7 4 9 1\n8 9 4\n9 1\n");
  const Split split = split_of_file(folder, "lists.txt", "last:1");
  const Fold& fold = split.folds.at(0);
  EXPECT_THAT(named(fold.train->catalog(), fold.test), ElementsAre(Pair("7", "1"), Pair("8", "4")));
  EXPECT_EQ(split_of_file(folder, "lists.txt", "last:1,1").folds.at(0).receipt.withheld, 1U);
  EXPECT_EQ(split_of_file(folder, "lists.txt", "negatives:1").folds.at(0).test.size(), 1U);  // 7 has all items
  Context context({.threads = 1});
  EXPECT_THAT(open_dataset(folder.path() / "lists.txt", {}, context).report.assumed,
              ElementsAre(HasSubstr("the order of the items in a list is taken for the order in which")));
  // Times of day and other orders are not known of other files, nor of lists.
  folder.write("pairs.csv", "user,item\n7,4\n7,9\n");
  for (const auto& [file, spec] : {std::pair("pairs.csv", "last:1"), std::pair("lists.txt", "time:0.8")}) {
    const Error error = error_of([&, f = file, s = spec] { split_of_file(folder, f, s); });
    EXPECT_THAT(error.message(), HasSubstr("needs times"));
    EXPECT_THAT(error.hint(), HasSubstr("holdout:0.2"));
  }
}

TEST(SplitOrder, AnEventListedTwiceIsOneUnlessDuplicatesAreErrors) {
  const test::TemporaryFolder folder;
  folder.write("data.csv", "user,item,rating\na,x,5\na,x,4\na,y,3\nb,x,1\n");
  const std::string spec = "test:" + folder.write("test.csv", "user,item,rating\na,x,5\na,x,4\n");
  for (const DuplicatePolicy policy : {DuplicatePolicy::keep_last, DuplicatePolicy::keep_first, DuplicatePolicy::max}) {
    const Fold fold = split_of_file(folder, "data.csv", spec, policy).folds.at(0);
    EXPECT_EQ(fold.test.size(), 1U);
    EXPECT_EQ(fold.train->event_count(), 2U);
  }
  // One of the lines has the value that counts.
  const std::string other = "test:" + folder.write("other.csv", "user,item,rating\na,x,5\na,x,5\n");
  EXPECT_THAT(error_of([&] { split_of_file(folder, "data.csv", other); }).message(), HasSubstr("is not the value"));
  folder.write("once.csv", "user,item,rating\na,x,5\na,y,3\nb,x,1\n");
  EXPECT_THAT(error_of([&] { split_of_file(folder, "once.csv", other, DuplicatePolicy::refuse); }).message(),
              HasSubstr("is listed twice"));
}

}  // namespace
}  // namespace gusto
