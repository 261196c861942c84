#include "gusto/data/io/event_reader.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <ranges>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::kCorrect;
using testing_io::read_text;

OpenOptions with(const auto& change) {
  OpenOptions options;
  change(options);
  return options;
}

OpenedDataset read_on(unsigned threads, std::string_view text, const OpenOptions& options = {}) {
  Context context({.threads = threads});
  return read_delimited("ratings.txt", text, options, context);
}

void expect_same(const Dataset& a, const Dataset& b) {
  EXPECT_EQ(a.catalog().users.text(), b.catalog().users.text());
  EXPECT_EQ(a.catalog().items.text(), b.catalog().items.text());
  EXPECT_EQ(a.catalog().item_order.get(), b.catalog().item_order.get());
  EXPECT_THAT(a.offsets(), testing::ElementsAreArray(b.offsets()));
  EXPECT_THAT(a.items(), testing::ElementsAreArray(b.items()));
  EXPECT_THAT(a.values(), testing::ElementsAreArray(b.values()));
  EXPECT_THAT(a.times(), testing::ElementsAreArray(b.times()));
}

// Some 3 MB, so that it takes several blocks: quoted titles with line ends, users in no order.
std::string many_lines() {
  std::string text = "user,title,rating,time\n";
  for (int i = 0; i < 90'000; ++i) {
    text += "u" + std::to_string(i * 7919 % 997) + ",\"film " + std::to_string(i * 31 % 501) + ",\nthe " +
            std::to_string(i / 997 % 7) + "th\"," + std::to_string(1 + i % 5) + "," + std::to_string(i * 13 % 10007) +
            "\n";
  }
  return text;
}

TEST(EventReader, ReadsTheSameOnAnyNumberOfThreads) {
  const std::string text = many_lines();
  const OpenOptions options = with([](OpenOptions& o) { o.columns = {"user", "item", "rating", "time"}; });
  const OpenedDataset one = read_on(1, text, options);
  EXPECT_EQ(one.report.files.at(0).records, 90'000u);
  EXPECT_EQ(one.report.files.at(0).lines, 180'001u);
  for (const unsigned threads : {2U, 7U}) {
    const OpenedDataset many = read_on(threads, text, options);
    expect_same(*one.data, *many.data);
    EXPECT_EQ(one.report.duplicates, many.report.duplicates);
  }
}

TEST(EventReader, CountsLinesThroughAllBlocks) {
  std::string text = many_lines();
  text += "u1,film,5,soon\n";
  const OpenOptions options = with([](OpenOptions& o) { o.columns = {"user", "item", "rating", "time"}; });
  for (const unsigned threads : {1U, 3U}) {
    EXPECT_EQ(complaint([&] { read_on(threads, text, options); }),
              "ratings.txt, line 180002, column time: \"soon\" is not a whole number of seconds."
              " | Write times as whole seconds since 1970.");
  }
}

TEST(EventReader, AQuotationMarkThatNothingClosesIsFoundWhereItOpens) {
  std::string text = "user,item,rating\na,x,1\nb,\"y,2\n";
  for (int i = 0; i < 200'000; ++i) text += "c,z" + std::to_string(i) + ",3\n";
  EXPECT_EQ(complaint([&] { read_on(2, text); }),
            "ratings.txt, line 3: a quotation mark opens a field and none closes it."
            " | Close it, or set the option `quote` to none if quotation marks are text.");
  const OpenedDataset rest = read_on(2, text, with([](OpenOptions& o) { o.skip_bad_lines = true; }));
  EXPECT_EQ(rest.data->event_count(), 200'001u);
  EXPECT_EQ(rest.report.bad_lines, 1u);
}

TEST(EventReader, LeavesOutBadLinesOnRequestAndSaysWhich) {
  const OpenOptions skipping = with([](OpenOptions& o) { o.skip_bad_lines = true; });
  const OpenedDataset opened =
      read_text("user,item,rating\na,x,1\nb,y\nc,,2\n\nd,z,much\ne,\xff,1\nf,\"w\"w,1\ng,v,5\n", skipping);
  EXPECT_EQ(opened.data->event_count(), 2u);
  EXPECT_EQ(opened.report.bad_lines, 5u);
  EXPECT_THAT(
      opened.report.notes.at(0),
      HasSubstr("Lines of ratings.txt left out because they cannot be read: 5: ratings.txt, line 3: the line has "
                "2 fields instead of 3. ratings.txt, line 4, column item: the id is empty. ratings.txt, line 6, "
                "column rating: \"much\" is not a number. ratings.txt, line 7: the text is not UTF-8. "));
  EXPECT_EQ(complaint([&] { read_text("a,x,b\na,x,c\n", skipping); }),
            "ratings.txt holds no events that can be read: ratings.txt, line 1, column rating: \"b\" is not a number."
            " | Give a file with an event on each line.");
}

TEST(EventReader, JoinsDuplicates) {
  const std::string text = "a,x,1,10\na,y,5,20\na,x,4,5\nb,x,2,1\na,x,4,30\n";
  const auto policy = [](DuplicatePolicy p) { return with([p](OpenOptions& o) { o.duplicates = p; }); };
  const OpenedDataset last = read_text(text, policy(DuplicatePolicy::keep_last));
  EXPECT_EQ(event_of(*last.data, "a", "x").value, 4);
  EXPECT_EQ(event_of(*last.data, "a", "x").time, 30);
  const OpenedDataset first = read_text(text, policy(DuplicatePolicy::keep_first));
  EXPECT_EQ(event_of(*first.data, "a", "x").value, 4);
  EXPECT_EQ(event_of(*first.data, "a", "x").time, 5);
  const OpenedDataset mean = read_text(text, policy(DuplicatePolicy::mean));
  EXPECT_EQ(event_of(*mean.data, "a", "x").value, 3);
  EXPECT_EQ(event_of(*mean.data, "a", "x").time, 30);
  const OpenedDataset sum = read_text(text, policy(DuplicatePolicy::sum));
  EXPECT_EQ(event_of(*sum.data, "a", "x").value, 9);
  EXPECT_EQ(sum.data->event_count(), 3u);
  EXPECT_EQ(sum.report.duplicates, 2u);
  EXPECT_THAT(sum.report.notes,
              Contains("Events joined with others of the same user and item: 2; the sum of their values counts."));
  EXPECT_EQ(complaint([&] { read_text(text, policy(DuplicatePolicy::refuse)); }),
            "ratings.txt, line 3: user \"a\" and item \"x\" already have an event on line 1."
            " | Remove one of them, or let the last one count.");
}

TEST(EventReader, WeighsKindsAndAge) {
  const std::string text =
      "event_time,event_type,product_id,user_id\n2019-10-01 00:00:00 UTC,view,x,a\n2019-10-02 00:00:00 UTC,cart,x,a\n"
      "2019-10-03 00:00:00 UTC,buy,y,a\n2019-10-03 00:00:00 UTC,remove,z,a\n";
  const OpenedDataset unweighed = read_text(text);
  EXPECT_THAT(unweighed.report.columns, ElementsAre("time", "kind", "item", "user"));
  EXPECT_EQ(event_of(*unweighed.data, "a", "y").value, 1);
  OpenOptions options = with([](OpenOptions& o) {
    o.weights = {{"view", 1.0f}, {"cart", 3.0f}, {"buy", 8.0f}, {"remove", 0.0f}};
    o.half_life = 86400;
    o.duplicates = DuplicatePolicy::sum;
  });
  const OpenedDataset weighed = read_text(text, options);
  EXPECT_EQ(weighed.data->event_count(), 2u);
  EXPECT_EQ(event_of(*weighed.data, "a", "x").value, 0.25f + 1.5f);
  EXPECT_EQ(event_of(*weighed.data, "a", "y").value, 8);
  EXPECT_EQ(event_of(*weighed.data, "a", "y").time, 1570060800);
  options.weights.pop_back();
  EXPECT_EQ(complaint([&] { read_text(text, options); }),
            "ratings.txt, line 5, column event_type: \"remove\" has no weight."
            " | Add remove=… to the option `weights`; weight 0 leaves such events out.");
  EXPECT_EQ(complaint([&] { read_text("user,item\na,x\n", options); }, ErrorCode::invalid_option),
            "ratings.txt has no column of kinds to be weighed. | Name it kind in the option `columns`, or leave the "
            "option `weights` out.");
}

TEST(EventReader, ReadsJsonLines) {
  const OpenedDataset opened = read_text(
      "{\"reviewerID\": \"A1\", \"asin\": 7, \"overall\": 4.5, \"unixReviewTime\": 1252800000, \"text\": \"a, b\"}\n\n"
      "{\"asin\": \"b\\u00e9\", \"overall\": \"3\", \"reviewerID\": \"A1\", \"unixReviewTime\": \"1252800001\"}\n");
  EXPECT_EQ(opened.report.layout, "JSON lines");
  EXPECT_THAT(opened.report.columns,
              ElementsAre("user=reviewerID", "item=asin", "rating=overall", "time=unixReviewTime"));
  EXPECT_EQ(event_of(*opened.data, "A1", "7").value, 4.5f);
  EXPECT_EQ(event_of(*opened.data, "A1", "b\xc3\xa9").time, 1252800001);
  const OpenOptions named = with([](OpenOptions& o) { o.columns = {"user=who", "item=what"}; });
  EXPECT_EQ(read_text("{\"who\":1,\"what\":2}\n", named).data->event_count(), 1u);
  const auto about = [](const std::string& line) {
    return complaint([&] { read_text("{\"user\":1,\"item\":2,\"rating\":3}\n" + line + "\n"); });
  };
  EXPECT_EQ(about("{\"user\":1,"), "ratings.txt, line 2: the line is no JSON object." + kCorrect);
  EXPECT_EQ(about("[1,2,3]"), "ratings.txt, line 2: the line is no JSON object." + kCorrect);
  EXPECT_EQ(about("{\"user\":1,\"rating\":2}"), "ratings.txt, line 2: there is no \"item\" in the object." + kCorrect);
  EXPECT_EQ(about("{\"user\":null,\"item\":1,\"rating\":2}"),
            "ratings.txt, line 2: the user \"null\" is neither a text nor a number." + kCorrect);
  EXPECT_EQ(about("{\"user\":1,\"item\":\" \",\"rating\":2}"),
            "ratings.txt, line 2: the item \"\\\" \\\"\" is no id." + kCorrect);
  EXPECT_EQ(about("{\"user\":1,\"item\":1,\"rating\":1e300}"),
            "ratings.txt, line 2: the rating \"1e+300\" is out of range." + kCorrect);
}

TEST(EventReader, JsonIdsThatNumbersCannotHoldAreTexts) {
  const auto about = [](const std::string& user) {
    return complaint([&] { read_text("{\"user\":1,\"item\":2}\n{\"user\":" + user + ",\"item\":2}\n"); });
  };
  const std::string hint = " | Write such ids as texts, in quotation marks.";
  EXPECT_EQ(about("123456789012345678901"),
            "ratings.txt, line 2: the user \"1.2345678901234568e+20\" is no whole number that can be told from its"
            " neighbors." +
                hint);
  EXPECT_EQ(about("[1]"), "ratings.txt, line 2: the user is a list." + kCorrect);
  constexpr std::size_t kDeep = 3'000'000;
  EXPECT_EQ(about(std::string(kDeep, '[') + std::string(kDeep, ']')),
            "ratings.txt, line 2: the user is a list." + kCorrect);
  EXPECT_EQ(read_text("{\"user\":\"123456789012345678901\",\"item\":18446744073709551615}\n").data->event_count(), 1u);
}

TEST(EventReader, ReadsListsOfItems) {
  const OpenedDataset opened = read_text("0 0 1 2 3 4\n1 5 2\n2\n3  1 6 \n");
  EXPECT_EQ(opened.report.layout, "lists");
  EXPECT_THAT(opened.report.columns, ElementsAre("user", "items"));
  EXPECT_EQ(opened.data->event_count(), 9u);
  EXPECT_EQ(event_of(*opened.data, "3", "6").value, 1);
  EXPECT_FALSE(opened.data->has_times());
  const OpenOptions named = with([](OpenOptions& o) { o.columns = {"user", "items"}; });
  EXPECT_EQ(read_text("a x y\nb x y\n", named).data->event_count(), 4u);
  EXPECT_EQ(read_text("a\tx\ty\nb\tx\n", named).data->event_count(), 3u);
  EXPECT_EQ(read_text("a,x y,z\nb,x y\n", named).data->item_count(), 2u);
  EXPECT_EQ(complaint([&] { read_text("a\nb\n", named); }),
            "ratings.txt holds no events. | Give a file with an event on each line.");
}

TEST(EventReader, NamesTheFirstEventThatComesAgain) {
  EXPECT_EQ(complaint([&] {
              read_text("u1,a,1\nu2,b,1\nu2,b,2\nu1,a,3\n",
                        with([](OpenOptions& o) { o.duplicates = DuplicatePolicy::refuse; }));
            }),
            "ratings.txt, line 3: user \"u2\" and item \"b\" already have an event on line 2."
            " | Remove one of them, or let the last one count.");
}

TEST(EventReader, AHeaderOfUnknownNamesIsOneIfTheCallerSaysSo) {
  OpenOptions options = with([](OpenOptions& o) { o.columns = {"user", "item"}; });
  EXPECT_EQ(read_text("who,sku\nu1,a\nu2,b\n", options).data->event_count(), 3u);
  options.header = true;
  EXPECT_EQ(read_text("who,sku\nu1,a\nu2,b\n", options).data->event_count(), 2u);
  options.header = false;
  EXPECT_EQ(read_text("user,item\nu1,a\n", options).data->event_count(), 2u);
}

TEST(EventReader, PassesOverBadLinesBeforeTheFirstGoodOne) {
  const OpenOptions skipping = with([](OpenOptions& o) { o.skip_bad_lines = true; });
  const OpenedDataset comment = read_text("# exported 2024\nu1,a,3\nu2,b,x\n", skipping);
  EXPECT_EQ(comment.data->event_count(), 1u);
  EXPECT_EQ(comment.report.bad_lines, 1u);
  EXPECT_THAT(comment.report.notes.back(), HasSubstr("ratings.txt, line 3, column rating: \"x\" is not a number."));
  const OpenedDataset quote = read_text("user,item,rating\nu1,\"a,3\nu2,b,4\n", skipping);
  EXPECT_EQ(quote.data->event_count(), 1u);
  EXPECT_TRUE(quote.report.header);
}

struct InBlocks {
  Catalog catalog;
  SourceReport report;
  SettledEvents settled;
  std::string problem;
};

// Reads a text in blocks of about so many bytes.
InBlocks read_in_blocks(const std::string& text, std::size_t bytes, const OpenOptions& options) {
  InBlocks result;
  Context context({.threads = 1});
  EventReader reader(options, result.catalog.users, result.catalog.items, result.report, bytes);
  try {
    reader.read(*stream_of("ratings.txt", text), std::nullopt, context);
    reader.require_events();
  } catch (const Error& error) {
    result.problem = error.message();
    return result;
  }
  std::vector<ItemRow> same;
  for (std::size_t row = 0; row < result.catalog.items.size(); ++row) same.emplace_back(row);
  result.settled = reader.store().settle(result.catalog.users.size(), same, context);
  return result;
}

RC_GTEST_PROP(EventReader, WhereBlocksAreCutMakesNoDifference, (std::uint16_t seed)) {
  std::string text = "user,item,rating,time\n";
  std::uint32_t state = seed;
  const auto draw = [&](std::uint32_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
  for (int line = 0; line < 60; ++line) {
    const char* const items[] = {
        "x", "\"two\nlines\"", "\"a \"\"b\"\"\n\n,c\"", "y z", "a-rather-long-name", "\"open", "d\"e"};
    text +=
        "u" + std::to_string(draw(5)) + "," + items[draw(line % 8 == 7 ? 7 : 5)] + "," + std::to_string(draw(6)) + ",";
    text += (draw(30) == 0 ? "never" : std::to_string(draw(1000))) + (draw(9) == 0   ? "\r\n"
                                                                      : draw(9) == 0 ? "\n\n"
                                                                                     : "\n");
  }
  OpenOptions options;
  for (const bool skip : {false, true}) {
    options.skip_bad_lines = skip;
    const InBlocks whole = read_in_blocks(text, 1 << 20, options);
    for (const std::size_t bytes : {std::size_t{40}, std::size_t{100}, std::size_t{333}}) {
      const InBlocks cut = read_in_blocks(text, bytes, options);
      RC_ASSERT(cut.problem == whole.problem);
      if (!whole.problem.empty()) continue;
      RC_ASSERT(cut.catalog.users.text() == whole.catalog.users.text());
      RC_ASSERT(cut.catalog.items.text() == whole.catalog.items.text());
      RC_ASSERT(cut.report.notes == whole.report.notes);
      RC_ASSERT(cut.report.files[0].lines == whole.report.files[0].lines);
      RC_ASSERT(cut.report.files[0].blank_lines == whole.report.files[0].blank_lines);
      RC_ASSERT(std::ranges::equal(cut.settled.columns.items, whole.settled.columns.items));
      RC_ASSERT(std::ranges::equal(cut.settled.columns.values, whole.settled.columns.values));
      RC_ASSERT(std::ranges::equal(cut.settled.columns.times, whole.settled.columns.times));
    }
  }
}

TEST(EventReader, ReadsSeveralFilesAsOne) {
  const TemporaryFolder folder;
  folder.write("ratings-1.csv", "user,item,rating\na,x,1\n");
  folder.write("ratings-2.csv", "rating,item,user\n2,y,a\n3,x,b\n");
  folder.write("other.csv", "user,item,rating\nz,z,1\n");
  Context context({.threads = 2});
  const OpenedDataset opened = open_dataset(folder.path() / "ratings-*.csv", {}, context);
  EXPECT_EQ(opened.data->event_count(), 3u);
  EXPECT_EQ(event_of(*opened.data, "a", "y").value, 2);
  EXPECT_EQ(opened.report.files.size(), 2u);
  EXPECT_THAT(opened.report.reason, HasSubstr("These are 2 files."));
  folder.write("ratings-3.csv", "");
  EXPECT_EQ(open_dataset(folder.path() / "ratings-*.csv", {}, context).data->event_count(), 3u);
  folder.write("ratings-3.csv", "user,item\na,z\n");
  EXPECT_THAT(complaint([&] { open_dataset(folder.path() / "ratings-*.csv", {}, context); }),
              HasSubstr("differ in whether events have values and times."));
  folder.write("ratings-3.csv", "user,item,rating\nb,q,1\na,x,5\n");
  const OpenOptions refuse = with([](OpenOptions& o) { o.duplicates = DuplicatePolicy::refuse; });
  EXPECT_THAT(
      complaint([&] { open_dataset(folder.path() / "ratings-*.csv", refuse, context); }),
      testing::AllOf(HasSubstr("ratings-3.csv, line 3: user \"a\" and item \"x\" already have an event on line 2 of"),
                     HasSubstr("ratings-1.csv.")));
  EXPECT_THAT(complaint([&] { open_dataset(folder.path() / "nothing-*.csv", {}, context); }, ErrorCode::not_found),
              HasSubstr("No file matches"));
}

// As split -l leaves them: only the first part has a header.
TEST(EventReader, LaterFilesGoOnWithTheColumnsOfTheFirst) {
  const TemporaryFolder folder;
  folder.write("part-1.csv", "movieId,userId,rating,comment,extra\n10,1,5,,\n20,1,4,,\n");
  folder.write("part-2.csv", "10,2,3,,\n20,2,1,,\n");
  Context context({.threads = 1});
  const OpenedDataset opened = open_dataset(folder.path() / "part-*.csv", {}, context);
  EXPECT_EQ(opened.data->user_count(), 2u);
  EXPECT_EQ(event_of(*opened.data, "2", "10").value, 3);
}

// 180,000 events, half of them duplicates, take 3.6 MB, and may take half a megabyte: they are spilled in several runs.
TEST(EventReader, SpillsWhatMemoryHasNoRoomFor) {
  const std::string lines = many_lines();
  const std::string text = lines + lines.substr(lines.find('\n') + 1);
  const TemporaryFolder folder;
  OpenOptions options = with([](OpenOptions& o) {
    o.columns = {"user", "item", "rating", "time"};
    o.half_life = 3600;
  });
  for (const DuplicatePolicy policy : {DuplicatePolicy::keep_last, DuplicatePolicy::sum}) {
    options.duplicates = policy;
    options.spill_to.clear();
    const OpenedDataset whole = read_on(2, text, options);
    options.spill_to = folder.path() / "spilled.gdata";
    Context context({.threads = 2, .memory_limit = std::uint64_t{1} << 20});
    const OpenedDataset spilled = read_delimited("ratings.txt", text, options, context);
    ASSERT_TRUE(spilled.spilled);
    EXPECT_FALSE(spilled.report.data_file.has_value());
    expect_same(*whole.data, *spilled.data);
    EXPECT_EQ(whole.report.duplicates, spilled.report.duplicates);
    EXPECT_THAT(spilled.report.notes.back(), HasSubstr("do not fit into the memory allowed"));
  }
  options.duplicates = DuplicatePolicy::refuse;
  options.spill_to.clear();
  const std::string refused = complaint([&] { read_on(2, text, options); });
  options.spill_to = folder.path() / "spilled.gdata";
  Context context({.threads = 2, .memory_limit = std::uint64_t{1} << 20});
  EXPECT_EQ(complaint([&] { read_delimited("ratings.txt", text, options, context); }), refused);
  options.spill_to.clear();
  EXPECT_THAT(complaint([&] { read_delimited("ratings.txt", text, options, context); }, ErrorCode::out_of_memory),
              HasSubstr("Reading events"));
}

TEST(EventReader, WhatTheProgressSinkThrowsLeavesUnchangedAndNoFileStays) {
  const std::string text = many_lines();
  for (const unsigned threads : {1U, 4U}) {
    const TemporaryFolder folder;
    const OpenOptions options = with([&](OpenOptions& o) {
      o.columns = {"user", "item", "rating", "time"};
      o.spill_to = folder.path() / "spilled.gdata";
    });
    Context context(
        {.threads = threads, .memory_limit = std::uint64_t{1} << 20, .progress = [](const auto&) { throw 7; }});
    try {
      read_delimited("ratings.txt", text, options, context);
      FAIL() << "read it all";
    } catch (int thrown) {
      EXPECT_EQ(thrown, 7);
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << threads;
  }
}

TEST(EventReader, RefusesALineThatHasNoEnd) {
  const std::string text = "a,x,1\n" + std::string(kLongestRecord + 1, 'b') + "\n";
  EXPECT_EQ(complaint([&] { read_on(1, text); }),
            "ratings.txt, line 2: the line is longer than 64 MiB. | Give a text file with an event on each line.");
}

}  // namespace
}  // namespace gusto
