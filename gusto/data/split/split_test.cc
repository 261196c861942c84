#include "gusto/data/split/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/data/testing/lines.h"
#include "gusto/data/testing/real_data.h"
#include "gusto/data/testing/split.h"

namespace gusto {
namespace {

using test::error_of;
using test::Line;
using test::make_data;
using test::named;
using test::split_of;
using test::staircase;
using testing::HasSubstr;

TEST(ParseSplit, WhatIsTypedComesBack) {
  for (const char* text : {"random:0.1",      "holdout:0.25",        "last:3",
                           "time:0.8",        "time:2016-01-01",     "time:2016-01-01T12:30:00Z",
                           "folds:u",         "folds:a/b",           "test:x.tsv",
                           "negatives:n.tsv", "negatives:99",        "kfold:5",
                           "users:0.1",       "users:10000,10000",   "users:0.1,0.2",
                           "cold-items:0.1",  "cold-items:30,alone", "rolling:4",
                           "prequential:0.5", "holdout:0.1,0.1"}) {
    EXPECT_EQ(parse_split(text).text(), text);
  }
  EXPECT_EQ(parse_split("random").text(), "random:0.1");
  EXPECT_EQ(parse_split("last").text(), "last:1");
  EXPECT_EQ(parse_split("folds").text(), "folds:u");
}

TEST(ParseSplit, WhatIsNoSplitIsRefused) {
  for (const char* text : {"",
                           "rnadom:0.1",
                           "random:",
                           "random:1",
                           "random:0",
                           "random:x",
                           "random:nan",
                           "holdout:-1",
                           "last:0",
                           "last:1.5",
                           "kfold:1",
                           "kfold:101",
                           "users:0",
                           "users:1.5",
                           "users:0.1,",
                           "users:0.1,-1",
                           "cold-items:0",
                           "cold-items:0.1,",
                           "cold-items:0.1,0.1",
                           "rolling:0",
                           "prequential:1",
                           "holdout:0.1,1",
                           "random:0.1,0.1",
                           "negatives:0",
                           "negatives:-1",
                           "test",
                           "test:",
                           "folds:",
                           "negatives",
                           "negatives:"}) {
    const Error error = error_of([&] { parse_split(text); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option) << text;
    EXPECT_THAT(error.hint(), HasSubstr("holdout:0.2")) << text;
  }
}

void expect_partition(const Split& split, const std::vector<Line>& lines) {
  for (const Fold& fold : split.folds) {
    const auto train = named(fold.train->catalog(), fold.train->events());
    const auto test = named(fold.train->catalog(), fold.test);
    RC_ASSERT(train.size() == fold.train->event_count());
    RC_ASSERT(test.size() == fold.test.size());
    RC_ASSERT(train.size() + test.size() == lines.size());
    for (const auto& event : test) RC_ASSERT(!train.contains(event));
    RC_ASSERT(fold.receipt.train_events == train.size());
    RC_ASSERT(fold.receipt.test_events == test.size());
  }
}

RC_GTEST_PROP(Split, RandomHasTheExactShare, ()) {
  const auto lines = staircase(*rc::gen::inRange(5, 25));
  const int percent = *rc::gen::inRange(10, 90);
  const Split split =
      split_of(lines, "random:" + std::to_string(percent / 100.0), *rc::gen::arbitrary<std::uint64_t>());
  expect_partition(split, lines);
  const auto expected = std::llround(std::stod(std::to_string(percent / 100.0)) * static_cast<double>(lines.size()));
  RC_ASSERT(split.folds[0].test.size() == static_cast<std::size_t>(expected));
}

RC_GTEST_PROP(Split, HoldoutTakesTheShareOfEveryUser, ()) {
  const int users = *rc::gen::inRange(2, 25);
  const int percent = *rc::gen::inRange(1, 100);
  const auto lines = staircase(users);
  const Split split =
      split_of(lines, "holdout:" + std::to_string(percent / 100.0), *rc::gen::arbitrary<std::uint64_t>());
  expect_partition(split, lines);
  std::vector<int> counts(static_cast<std::size_t>(users));
  for (const Event& event : split.folds[0].test) ++counts[event.user.index];
  RC_ASSERT(counts[0] == 0);  // the first user has one event, which stays in training
  for (int u = 1; u < users; ++u)
    RC_ASSERT(counts[static_cast<std::size_t>(u)] == std::max(1, percent * (u + 1) / 100));
}

RC_GTEST_PROP(Split, TheOrderOfEventsDoesNotMatterWhereTimesDiffer, ()) {
  const auto lines = staircase(12);
  auto shuffled = lines;
  Random random(*rc::gen::arbitrary<std::uint64_t>(), "split test");
  random.shuffle(std::span(shuffled));
  for (const char* spec : {"random:0.2", "holdout:0.3", "last:2", "time:0.7", "users:0.3", "negatives:3"}) {
    const Fold a = split_of(lines, spec).folds[0];
    const Fold b = split_of(shuffled, spec).folds[0];
    RC_ASSERT(named(a.train->catalog(), a.test) == named(b.train->catalog(), b.test));
    RC_ASSERT(a.receipt.hash == b.receipt.hash);
  }
}

TEST(Split, SeedsAndPartsChangeTheHash) {
  const auto lines = staircase(12);
  EXPECT_EQ(split_of(lines, "random:0.2", 1).folds[0].receipt.hash,
            split_of(lines, "random:0.2", 1).folds[0].receipt.hash);
  EXPECT_NE(split_of(lines, "random:0.2", 1).folds[0].receipt.hash,
            split_of(lines, "random:0.2", 2).folds[0].receipt.hash);
  auto revalued = lines;
  revalued[3].value = 2.5F;
  EXPECT_NE(split_of(lines, "random:0.2").folds[0].receipt.hash,
            split_of(revalued, "random:0.2").folds[0].receipt.hash);
}

// The same training and test events in one sequence, cut elsewhere.
TEST(Split, RepeatsAreTheSplitsOfFollowingSeeds) {
  SplitOptions options;
  options.spec = parse_split("random:0.3");
  options.seed = 7;
  options.repeats = 3;
  const Split repeated = make_split(make_data(staircase(12)), options);
  ASSERT_EQ(repeated.folds.size(), 3U);
  for (std::uint64_t repeat = 0; repeat < 3; ++repeat) {
    EXPECT_EQ(repeated.folds[repeat].seed, 7 + repeat);
    EXPECT_EQ(repeated.folds[repeat].receipt.hash,
              split_of(staircase(12), "random:0.3", 7 + repeat).folds.front().receipt.hash);
    EXPECT_THAT(repeated.folds[repeat].name, HasSubstr("seed " + std::to_string(7 + repeat)));
  }
}

TEST(Split, TheHashKnowsWhichPartAnEventIsIn) {
  const auto data = make_data({{"a", "x"}, {"b", "x"}, {"c", "x"}});
  const std::vector<Event> events = data->events();
  const auto receipt = [&](std::size_t cut) {
    const Dataset train(data->shared_catalog(), std::span(events).first(cut));
    return make_receipt(train, std::span(events).subspan(cut));
  };
  EXPECT_NE(receipt(1).hash, receipt(2).hash);
}

TEST(Split, LastTakesEachUsersLatest) {
  const Split split = split_of({{"a", "x", 1, 30}, {"a", "y", 1, 10}, {"a", "z", 1, 20}, {"b", "x", 1, 5}}, "last:1");
  const Fold& fold = split.folds[0];
  EXPECT_THAT(named(fold.train->catalog(), fold.test), testing::ElementsAre(testing::Pair("a", "x")));
  EXPECT_EQ(fold.receipt.train_last, 20);
  EXPECT_EQ(fold.receipt.test_first, 30);
}

TEST(Split, TheLaterLineOfEqualTimesIsTheLast) {
  Context context({.threads = 1});
  const std::vector<std::string> before{"a\tz\t1\t30\n", "a\tx\t1\t10\n", "a\ty\t1\t30\n", "a\tw\t1\t20\nb\tv\t1\t5\n"};
  const std::vector<std::string> after{before[2], before[1], before[0], before[3]};
  for (const char* spec : {"last:1", "negatives:1"}) {
    const auto tested = [&](const std::vector<std::string>& lines) {
      const auto data = read_delimited("r.tsv", join(lines, ""), {}, context).data;
      SplitOptions options;
      options.spec = parse_split(spec);
      return named(data->catalog(), make_split(data, options).folds[0].test);
    };
    EXPECT_THAT(tested(before), testing::ElementsAre(testing::Pair("a", "y"))) << spec;
    EXPECT_THAT(tested(after), testing::ElementsAre(testing::Pair("a", "z"))) << spec;
  }
}

TEST(Split, TimeCutsAtADate) {
  const std::vector<Line> lines{{"u", "a", 1, 1'451'606'399}, {"u", "b", 1, 1'451'606'400}, {"v", "a", 1, 5}};
  const Fold fold = split_of(lines, "time:2016-01-01").folds[0];
  EXPECT_EQ(fold.receipt.train_last, 1'451'606'399);
  EXPECT_EQ(fold.receipt.test_first, 1'451'606'400);
  EXPECT_EQ(error_of([&] { split_of(lines, "time:2020-01-01"); }).code(), ErrorCode::empty_dataset);
  EXPECT_THAT(error_of([] { parse_split("time:yesterday"); }).message(), HasSubstr("2016-01-01"));
}

TEST(Split, TimeCutsAtAPercentileAndKeepsTiesTogether) {
  std::vector<Line> lines;
  for (int i = 0; i < 10; ++i) lines.push_back({"u", "i" + std::to_string(i), 1, i < 8 ? i : 7});
  lines.push_back({"u", "late", 1, 9});
  const Fold fold = split_of(lines, "time:0.5").folds[0];
  EXPECT_EQ(fold.receipt.train_last, 5);
  EXPECT_EQ(fold.receipt.test_first, 6);
  const Fold tied = split_of(lines, "time:0.8").folds[0];
  EXPECT_EQ(tied.receipt.train_last, 7);
  EXPECT_EQ(tied.test.size(), 1U);
}

TEST(Split, TimesAreNeededByName) {
  for (const char* spec : {"last:1", "time:0.8"}) {
    EXPECT_EQ(error_of([&] { split_of({{"a", "x"}, {"a", "y"}}, spec); }).code(), ErrorCode::invalid_input);
  }
}

TEST(Split, EmptyPartsAreErrors) {
  EXPECT_EQ(error_of([&] { split_of({{"a", "x"}}, "holdout:0.5"); }).code(), ErrorCode::empty_dataset);
  EXPECT_EQ(error_of([&] { split_of({{"a", "x"}, {"a", "y"}}, "random:0.1"); }).code(), ErrorCode::empty_dataset);
  EXPECT_EQ(error_of([&] { split_of({}, "random:0.1"); }).code(), ErrorCode::empty_dataset);
}

TEST(Split, PositivesKeepsActiveUsers) {
  SplitOptions options;
  options.spec = parse_split("holdout:0.5");
  options.filter.positives = 4;
  options.filter.min_user_events = 2;
  const Split split = make_split(make_data({{"a", "x", 5}, {"a", "y", 4}, {"a", "z", 3}, {"b", "w", 5}}), options);
  EXPECT_EQ(split.folds[0].receipt.train_events, 1U);
  EXPECT_EQ(split.folds[0].receipt.test_events, 1U);
  EXPECT_EQ(split.candidates.size(), 2U);
  for (const Event& event : split.folds[0].test) EXPECT_GE(event.value, 4);
}

TEST(Split, PositivesAreReachedByTheValueItself) {
  SplitOptions options;
  options.spec = parse_split("holdout:0.5");
  options.filter.positives = 4.1;  // a little more than the nearest float
  options.filter.min_user_events = 2;
  const Split split = make_split(make_data({{"a", "x", 4.1F}, {"a", "y", 4.1F}, {"a", "z", 4.0F}}), options);
  EXPECT_EQ(split.folds[0].receipt.train_events + split.folds[0].receipt.test_events, 2U);
}

TEST(Split, ReceiptCountsWhatIsUnseen) {
  const Split split = split_of({{"a", "x", 1, 1}, {"b", "x", 1, 2}, {"c", "x", 1, 3}, {"a", "y", 1, 4}}, "time:0.5");
  const SplitReceipt& receipt = split.folds[0].receipt;
  EXPECT_EQ(receipt.train_users, 2U);
  EXPECT_EQ(receipt.test_users, 2U);
  EXPECT_EQ(receipt.train_items, 1U);
  EXPECT_EQ(receipt.test_items, 2U);
  EXPECT_DOUBLE_EQ(receipt.unseen_user_share, .5);
  EXPECT_DOUBLE_EQ(receipt.unseen_item_share, .5);
}

TEST(SplitReceipt, TextAndJson) {
  const SplitReceipt receipt = split_of(staircase(5), "random:0.2").folds[0].receipt;
  EXPECT_EQ(to_json(receipt_from_json(to_json(receipt))), to_json(receipt));
  EXPECT_EQ(error_of([] { receipt_from_json("{}"); }).code(), ErrorCode::corrupt_file);
  EXPECT_EQ(error_of([] { receipt_from_json("x"); }).code(), ErrorCode::corrupt_file);
}

class SplitFiles : public testing::Test {
 protected:
  Split run(const std::string& spec, OpenOptions reading = {}, bool lists = false) const {
    SplitOptions options;
    options.spec = parse_split(spec);
    const std::vector<std::string> changes = reading.value_changes();
    return make_split(data_, options, {folder_.path(), std::move(reading), lists, changes});
  }

  test::TemporaryFolder folder_;
  std::shared_ptr<const Dataset> data_ =
      make_data({{"a", "x", 5}, {"a", "y", 4}, {"b", "x", 3}, {"b", "z", 2.5F}, {"c", "y", 1}});
};

TEST_F(SplitFiles, TestFileGivesTheTestPart) {
  for (const char* text : {"a\ty\t4\nb\tz\t2.5\n", "a,y\r\nb,z\r\n", "a::y::4::880\nb::z::2.5::881",
                           "\xEF\xBB\xBF"
                           "a,y\nb,z"}) {
    const Fold fold = run("test:" + folder_.write("t", text)).folds.at(0);
    EXPECT_EQ(fold.train->event_count(), 3U) << text;
    EXPECT_THAT(named(data_->catalog(), fold.test),
                testing::ElementsAre(testing::Pair("a", "y"), testing::Pair("b", "z")));
  }
}

OpenOptions with_columns(std::string_view names, std::optional<std::string> delimiter = std::nullopt) {
  OpenOptions options;
  if (!names.empty()) options.columns.emplace();
  for (const std::string_view name : names.empty() ? std::vector<std::string_view>() : split(names, ",")) {
    options.columns->emplace_back(name);
  }
  options.delimiter = std::move(delimiter);
  return options;
}

TEST_F(SplitFiles, AreReadAsTheDataWas) {
  struct Case {
    const char* text;
    OpenOptions reading = {};
    bool lists = false;
  };
  const Case cases[] = {
      {"a y\nc\n\nb z\n", {}, true},
      {"a\ty\r\nb\tz", with_columns("user,items")},
      {"{\"item\": \"y\", \"user\": \"a\", \"rating\": 4}\n{\"item\": \"z\", \"user\": \"b\", \"rating\": 2.5}\n"},
      {"y,?,a\nz,?,b\n", with_columns("item,-,user")},
      {"when;what;who\n1;y;a\n2;z;b\n", with_columns("user=who,item=what")},
      {"a y\nb z\n", with_columns({}, "space")},
      // They do not fit the file.
      {"a\ty\nb\tz\n", with_columns("user,item,rating,time", ",")},
  };
  for (const Case& c : cases) {
    const Fold fold = run("test:" + folder_.write("t", c.text), c.reading, c.lists).folds.at(0);
    EXPECT_EQ(fold.train->event_count(), 3U) << c.text;
    EXPECT_THAT(named(data_->catalog(), fold.test),
                testing::ElementsAre(testing::Pair("a", "y"), testing::Pair("b", "z")))
        << c.text;
  }
}

TEST_F(SplitFiles, ListsAreRecognized) {
  std::vector<Line> lines{{"7", "0"}};
  for (int item = 0; item < 6; ++item) lines.push_back({"0", std::to_string(item)});
  data_ = make_data(lines);
  EXPECT_EQ(run("test:" + folder_.write("t", "0 1 2 3 4\n7 0\n")).folds.at(0).test.size(), 5U);
  const auto complaint = [&](std::string_view text) {
    const Error error = error_of([&] { run("test:" + folder_.write("test.txt", text), {}, true); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input) << text;
    return error.message();
  };
  EXPECT_THAT(complaint("0 1\n\n7 9\n"), HasSubstr("test.txt, line 3, column item: \"9\" is no item of the data set"));
  EXPECT_THAT(complaint("0 1\n7 0 1\n"),
              HasSubstr("line 2: the event of user \"7\" and item \"1\" is not in the data"));
  EXPECT_THAT(complaint("0\n7\n"), HasSubstr("test.txt lists no events"));
}

TEST_F(SplitFiles, ValuesThatReadingChangedAreNotCompared) {
  const std::string spec = "test:" + folder_.write("t", "a\ty\t1\nb\tz\t2.5\n");
  OpenOptions reading;
  for (const DuplicatePolicy policy : {DuplicatePolicy::mean, DuplicatePolicy::sum}) {
    reading.duplicates = policy;
    EXPECT_EQ(run(spec, reading).folds.at(0).test.size(), 2U);
  }
  reading.duplicates = DuplicatePolicy::keep_first;
  EXPECT_THAT(error_of([&] { run(spec, reading); }).message(), HasSubstr("is not the value"));
  reading.half_life = 60;
  EXPECT_EQ(run(spec, reading).folds.at(0).test.size(), 2U);
  reading.half_life.reset();
  reading.weights = {{"view", 1.0F}};
  EXPECT_EQ(run(spec, reading).folds.at(0).test.size(), 2U);
}

TEST_F(SplitFiles, BadLinesAreNamed) {
  const auto complaint = [&](std::string_view text) {
    const Error error = error_of([&] { run("test:" + folder_.write("t.tsv", text)); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input) << text;
    EXPECT_FALSE(error.hint().empty()) << text;
    return error.message();
  };
  EXPECT_THAT(complaint("a\tx\t5\nq\tx\t5\n"), HasSubstr("t.tsv, line 2, column user: \"q\" is no user of the data"));
  EXPECT_THAT(complaint("a\tx\t5\na\tq\t5\n"), HasSubstr("line 2, column item: \"q\" is no item of the data set"));
  EXPECT_THAT(complaint("a\tz\t5\n"),
              HasSubstr("line 1: the event of user \"a\" and item \"z\" is not in the data set"));
  EXPECT_THAT(complaint("a\tx\t4\n"),
              HasSubstr("column rating: \"4\" is not the value of this event in the data set, 5"));
  EXPECT_THAT(complaint("a\tx\t5\na\tx\tfive\n"), HasSubstr("line 2, column rating: \"five\" is not a number"));
  EXPECT_THAT(complaint("a\tx\t5\na\ty"), HasSubstr("line 2"));
  EXPECT_THAT(complaint("user\titem\na\tx\nq\tx\n"), HasSubstr("line 3, column user: \"q\""));
  EXPECT_THAT(complaint("user\titem\na\tx\na\n"), HasSubstr("line 3"));
  EXPECT_THAT(complaint("user\titem\n"), HasSubstr("lists no events"));
  EXPECT_THAT(complaint("a\n"), HasSubstr("t.tsv"));
  EXPECT_THAT(complaint(""), HasSubstr("t.tsv"));
}

TEST_F(SplitFiles, MissingFiles) {
  EXPECT_EQ(error_of([&] { run("test:no/such.tsv"); }).code(), ErrorCode::not_found);
  EXPECT_EQ(error_of([&] { run("folds:u"); }).code(), ErrorCode::not_found);
  EXPECT_EQ(error_of([&] { run("folds:" + std::string(300, 'a')); }).code(), ErrorCode::not_found);
}

TEST_F(SplitFiles, FoldsAreReadBesideTheData) {
  folder_.write("u1.base", "a\tx\t5\nb\tx\t3\n");
  folder_.write("u1.test", "a\ty\t4\n");
  folder_.write("u2.base", "a\ty\t4\nb\tz\t2.5\n");
  folder_.write("u2.test", "a\tx\t5\nb\tx\t3\n");
  const Split split = run("folds:u");
  ASSERT_EQ(split.folds.size(), 2U);
  EXPECT_EQ(split.folds[0].name, "u1");
  EXPECT_EQ(split.folds[0].train->event_count(), 2U);
  EXPECT_EQ(split.folds[1].name, "u2");
  EXPECT_EQ(split.folds[1].test.size(), 2U);
  EXPECT_EQ(run("folds:u2").folds.size(), 1U);
  EXPECT_EQ(run("folds:" + (folder_.path() / "u").string()).folds.size(), 2U);
}

TEST_F(SplitFiles, FoldsMayNotOverlapNorLackAPart) {
  folder_.write("u1.base", "a\tx\t5\nb\tx\t3\n");
  EXPECT_EQ(error_of([&] { run("folds:u"); }).code(), ErrorCode::not_found);
  folder_.write("u1.test", "a\ty\t4\nb\tx\t3\n");
  const Error error = error_of([&] { run("folds:u"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_THAT(error.message(), HasSubstr("u1.test, line 2: the event of user \"b\" and item \"x\" is in the training"));
}

TEST(SplitRealData, TopnIsThePublishedProtocol) {
  Context context({.threads = 1});
  const auto folder = test::real_data("ml-1m");
  const auto data = (folder ? open_dataset(*folder, {}, context) : open_embedded(context)).data;
  // Those of the embedded set were counted by a script of five lines.
  const std::size_t test_events = folder ? 112'609 : 10'048;
  const std::size_t test_users = folder ? 6'034 : 659;
  SplitOptions options;
  options.spec = parse_split("holdout:0.2");
  options.filter.positives = 4;
  std::vector<Split> splits{make_split(data, options)};
  const auto list = folder ? test::real_data("../splits/ml-1m.topn.test.tsv") : std::nullopt;
  if (list) {
    options.spec = parse_split("test:" + list->string());
    splits.push_back(make_split(data, options));
  }
  for (const Split& split : splits) {
    EXPECT_EQ(split.folds.at(0).receipt.test_events, test_events);
    EXPECT_EQ(split.folds.at(0).receipt.test_users, test_users);
    EXPECT_EQ(split.folds.at(0).receipt.train_users, test_users);
    EXPECT_EQ(split.candidates.size(), folder ? 3'706U : 9'066U);
  }
}

// Five folds as ml-100k brings them: every event is in the test part of one.
void write_folds(const Dataset& data, const test::TemporaryFolder& folder) {
  const Catalog& catalog = data.catalog();
  std::array<std::string, 5> base, test;
  std::size_t count = 0;
  for (const Event& event : data.events()) {
    std::string line(catalog.users[event.user.index]);
    line.append("\t").append(catalog.items[event.item.index]).append("\t");
    line.append(std::to_string(event.value)).append("\n");
    for (std::size_t fold = 0; fold < 5; ++fold) (count % 5 == fold ? test : base)[fold] += line;
    ++count;
  }
  for (std::size_t fold = 0; fold < 5; ++fold) {
    folder.write("u" + std::to_string(fold + 1) + ".base", base[fold]);
    folder.write("u" + std::to_string(fold + 1) + ".test", test[fold]);
  }
}

TEST(SplitRealData, FiveFoldsTestEveryEventOnce) {
  Context context({.threads = 1});
  const test::TemporaryFolder written;
  const auto given = test::real_data("ml-100k");
  const auto data = (given ? open_dataset(*given, {}, context) : open_embedded(context)).data;
  if (!given) write_folds(*data, written);
  const std::filesystem::path folder = given.value_or(written.path());
  SplitOptions options;
  options.spec = parse_split("folds:u");
  const Split split = make_split(data, options, {.path = folder});
  ASSERT_EQ(split.folds.size(), 5U);
  std::size_t tested = 0;
  for (const Fold& fold : split.folds) {
    EXPECT_EQ(fold.receipt.train_events + fold.receipt.test_events, data->event_count());
    EXPECT_EQ(fold.receipt.train_events / 100, 800U);
    tested += fold.receipt.test_events;
  }
  EXPECT_EQ(tested, data->event_count());
  if (!given) return;
  options.spec = parse_split("folds:ua");
  EXPECT_EQ(make_split(data, options, {.path = folder}).folds.at(0).receipt.test_events, 9'430U);
}

}  // namespace
}  // namespace gusto
