#include "gusto/data/split/split_negatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/data/testing/real_data.h"

namespace gusto {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

// First named: users 7, 3, 5 and items 40, 20, 30, 10, 50.
constexpr std::string_view kTsv = "7\t40\t5\n7\t20\t3\n3\t30\t4\n3\t10\t2\n5\t50\t1\n5\t40\t4\n3\t40\t3\n7\t40\t4\n";

class SplitNegatives : public testing::Test {
 protected:
  void SetUp() override {
    Context context({.threads = 1});
    data_ = read_delimited("ratings.tsv", kTsv, {}, context).data;
  }
  Split run(std::string_view text, std::optional<double> positives = {}) {
    SplitOptions options;
    options.spec = parse_split("negatives:" + folder_.write("test.negative", text));
    options.filter.positives = positives;
    options.filter.min_user_events = 1;
    return make_split(data_, options);
  }
  std::string id(UserRow user) const { return std::string(data_->catalog().users[user.index]); }
  std::string id(ItemRow item) const { return std::string(data_->catalog().items[item.index]); }
  // "7 tests 20 among 20 30" for each user with a list; items of a list in order of their ids.
  std::vector<std::string> told(const Fold& fold) const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < fold.given.users.size(); ++i) {
      EXPECT_EQ(fold.test.at(i).user, fold.given.users[i]);
      std::string text = id(fold.given.users[i]) + " tests " + id(fold.test[i].item) + " among";
      std::vector<std::string> items;
      for (const ItemRow item : fold.given[i]) items.push_back(id(item));
      std::sort(items.begin(), items.end());
      for (const std::string& item : items) text += " " + item;
      result.push_back(text);
    }
    return result;
  }

  test::TemporaryFolder folder_;
  std::shared_ptr<const Dataset> data_;
};

TEST_F(SplitNegatives, ReadersKeepTheOrderInWhichItemsComeFirst) {
  std::vector<std::string> items;
  for (const ItemRow item : data_->catalog().item_order.get()) items.push_back(id(item));
  EXPECT_THAT(items, ElementsAre("40", "20", "30", "10", "50"));
}

TEST_F(SplitNegatives, ListedEventsAreTheTestAndAllOthersTheTraining) {
  const Split split = run("(7,20)\t30\t10\n(5,50)\t20\t30\n");
  const Fold& fold = split.folds.at(0);
  EXPECT_THAT(told(fold), ElementsAre("7 tests 20 among 10 20 30", "5 tests 50 among 20 30 50"));
  EXPECT_EQ(fold.train->event_count(), 5U);
  EXPECT_EQ(fold.receipt.test_events, 2U);
  EXPECT_EQ(fold.receipt.negatives, 4U);
  EXPECT_EQ(fold.receipt.own_negatives, 0U);
  EXPECT_FALSE(fold.receipt.numbered);
  EXPECT_EQ(split.candidates.size(), 5U);
}

TEST_F(SplitNegatives, NumbersStandForTheOrderOfTheFileWhereTheyAreNoIds) {
  // User 0 is "7", item 1 is "20", items 2 and 3 are "30" and "10".
  const Fold by_number = run("(0,1)\t2\t3\n(2,4)\t1\t2\n").folds.at(0);
  const Fold by_id = run("(7,20)\t30\t10\n(5,50)\t20\t30\n").folds.at(0);
  EXPECT_EQ(told(by_number), told(by_id));
  EXPECT_TRUE(by_number.receipt.numbered);
  EXPECT_EQ(by_number.receipt.hash, by_id.receipt.hash);
}

TEST_F(SplitNegatives, IdsWinWhereBothReadingsFit) {
  Context context({.threads = 1});
  data_ = read_delimited("ratings.tsv", "1\t1\t5\n1\t0\t5\n0\t0\t5\n0\t1\t5\n0\t2\t5\n1\t3\t5\n", {}, context).data;
  const Fold fold = run("(0,0)\t3\n").folds.at(0);
  EXPECT_FALSE(fold.receipt.numbered);
  EXPECT_THAT(told(fold), ElementsAre("0 tests 0 among 0 3"));
}

TEST_F(SplitNegatives, ATestItemAmongItsOwnNegativesCountsOnce) {
  const Fold fold = run("(7,20)\t30\t20\t10\n").folds.at(0);
  EXPECT_THAT(told(fold), ElementsAre("7 tests 20 among 10 20 30"));
  EXPECT_EQ(fold.receipt.own_negatives, 1U);
  EXPECT_EQ(fold.receipt.negatives, 2U);
}

TEST_F(SplitNegatives, TheHashTellsNegativesApart) {
  EXPECT_NE(run("(7,20)\t30\n").folds.at(0).receipt.hash, run("(7,20)\t10\n").folds.at(0).receipt.hash);
  EXPECT_EQ(run("(7,20)\t30\t10\n").folds.at(0).receipt.hash, run("(7,20)\t10\t30\n").folds.at(0).receipt.hash);
}

TEST_F(SplitNegatives, TestEventsBelowTheThresholdGoWithTheirLists) {
  const Fold fold = run("(7,20)\t30\n(5,40)\t20\n", 4.0).folds.at(0);
  EXPECT_THAT(told(fold), ElementsAre("5 tests 40 among 20 40"));
}

TEST_F(SplitNegatives, BadLinesAreNamed) {
  const auto complaint = [&](std::string_view text) {
    const Error error = error_of([&] { run(text); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input) << text;
    EXPECT_FALSE(error.hint().empty()) << text;
    return error.message();
  };
  EXPECT_THAT(complaint("(7,20)\t30\n(8,20)\t30\n"), HasSubstr("test.negative, line 2: \"8\" is no user of the data"));
  EXPECT_THAT(complaint("(7,21)\t30\n"), HasSubstr("line 1: \"21\" is no item of the data set"));
  EXPECT_THAT(complaint("(7,30)\t20\n"), HasSubstr("the event of user \"7\" and item \"30\" is not in the data set"));
  EXPECT_THAT(complaint("(7,20)\t30\n(7,20)\t10\n"), HasSubstr("line 2: user \"7\" has a line already"));
  EXPECT_THAT(complaint("(7,20)\t30\t99\n"), HasSubstr("line 1, column 3: \"99\" is no item of the data set"));
  EXPECT_THAT(complaint("(7,20)\t30\t40\n"), HasSubstr("column 3: \"40\" is an item that the user has in the data"));
  EXPECT_THAT(complaint("(7,20)\t30\t30\n"), HasSubstr("line 1: item \"30\" is listed twice"));
  EXPECT_THAT(complaint("(7,20)\t20\t20\n"), HasSubstr("line 1: item \"20\" is listed twice"));
  EXPECT_THAT(complaint("(7,20)\t30\t\n"), HasSubstr("line 1, column 3: the id is empty"));
  EXPECT_THAT(complaint("(7,20)\t20\n"), HasSubstr("line 1: the only negative is the test item itself"));
  EXPECT_THAT(complaint("(7,20)\n"), HasSubstr("line 1: there are no negatives"));
  EXPECT_THAT(complaint("7,20\t30\n"), HasSubstr("\"7,20\" is no test event of the form (user,item)"));
  EXPECT_THAT(complaint("(7;20)\t30\n"), HasSubstr("is no test event of the form"));
  EXPECT_THAT(complaint("(7,20,1)\t30\n"), HasSubstr("is no test event of the form"));
  EXPECT_THAT(complaint("("), HasSubstr("is no test event of the form"));
  EXPECT_THAT(complaint("\n"), EndsWith("test.negative lists no test event."));
  EXPECT_THAT(complaint(""), EndsWith("test.negative lists no test event."));
}

TEST_F(SplitNegatives, TheComplaintIsOfTheReadingThatGotFurther) {
  const auto complaint = [&](std::string_view text) { return error_of([&] { run(text); }).message(); };
  EXPECT_THAT(complaint("(0,1)\t2\n(2,5)\t1\n"),
              HasSubstr("line 2: \"5\" is no number of an item, counted from 0 as the data set's file first names"));
  EXPECT_THAT(complaint("(0,1)\t2\n(3,4)\t1\n"), HasSubstr("line 2: \"3\" is no number of a user"));
  EXPECT_THAT(complaint("(0,1)\t2\n(2,-1)\t1\n"), HasSubstr("line 2: \"-1\" is no number of an item"));
  EXPECT_THAT(complaint("(7,20)\t30\n(2,4)\t1\n"), HasSubstr("line 2: \"2\" is no user of the data set"));
}

TEST_F(SplitNegatives, NumbersNeedDataThatWereRead) {
  auto catalog = std::make_shared<Catalog>(data_->catalog());
  catalog->item_order = {};
  data_ = std::make_shared<const Dataset>(catalog, data_->events());
  EXPECT_THAT(error_of([&] { run("(0,1)\t2\t3\n"); }).message(), HasSubstr("\"0\" is no user of the data set"));
}

TEST_F(SplitNegatives, ReceiptsOfNegativesSurviveJson) {
  const SplitReceipt receipt = run("(0,1)\t2\t1\t3\n").folds.at(0).receipt;
  const SplitReceipt back = receipt_from_json(to_json(receipt));
  EXPECT_EQ(back.negatives, 2U);
  EXPECT_EQ(back.own_negatives, 1U);
  EXPECT_TRUE(back.numbered);
  EXPECT_EQ(back.hash, receipt.hash);
}

// Numbers of the published file are those of ratings.dat: its first line, "1::1193", is (0, 0), and the first test
// event, "1::48::5::978824351", is (0, 25), as the protocol's own list of test events has it.
TEST(SplitNegativesRealData, ThePublishedFileIsUnderstood) {
  const auto folder = test::real_data("ml-1m");
  const auto list = test::real_data("ncf-ml-1m/ml-1m.test.negative");
  if (!folder || !list) return;
  Context context({.threads = 1});
  const auto data = open_dataset(*folder, {}, context).data;
  const Catalog& catalog = data->catalog();
  SplitOptions options;
  options.spec = parse_split("negatives:" + list->string());
  const Fold fold = make_split(data, options).folds.at(0);
  EXPECT_EQ(fold.receipt.test_events, 6'040U);
  EXPECT_EQ(fold.receipt.train_events, 994'169U);
  EXPECT_EQ(fold.receipt.own_negatives, 156U);
  EXPECT_EQ(fold.receipt.negatives, 6'040U * 99 - 156);
  EXPECT_TRUE(fold.receipt.numbered);

  // Every line of the published test events has the user, item, value and time of ours.
  const auto ratings = test::real_data("ncf-ml-1m/ml-1m.test.rating");
  ASSERT_TRUE(ratings);
  std::ifstream lines(*ratings);
  std::size_t user = 0, item = 0, checked = 0;
  float value = 0;
  std::int64_t time = 0;
  while (lines >> user >> item >> value >> time) {
    const Event& event = fold.test.at(user);
    ASSERT_EQ(event.user, UserRow(user));
    ASSERT_EQ(event.item, catalog.item_order.get().at(item));
    ASSERT_EQ(event.value, value);
    ASSERT_EQ(event.time, time);
    ++checked;
  }
  EXPECT_EQ(checked, 6'040U);
  EXPECT_EQ(catalog.items[fold.test.front().item.index], "48");
}

}  // namespace
}  // namespace gusto
