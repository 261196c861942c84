#include "gusto/data/io/event_parser.h"

#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace gusto {
namespace {

using testing::ElementsAre;

EventFormat comma_format(TimeUnit unit = TimeUnit::seconds) {
  EventFormat format = four_columns(",");
  format.quotes = Quotes::csv;
  format.time_unit = unit;
  return format;
}

/// All that a block tells, in terms of ids.
struct Reading {
  std::vector<std::tuple<std::string, std::string, float, std::int64_t, std::uint32_t>> events;
  std::uint64_t lines, blank_lines, records, weightless, bad_records;
  std::vector<std::size_t> bad_positions;
  std::optional<std::size_t> open;
  bool operator==(const Reading&) const = default;
};

Reading read(EventParser& parser, std::string_view text, bool last = true) {
  TextBlock block(text);
  block.last = last;
  EventBlock out;
  parser.parse("input", block, 0, out);
  Reading reading{{}, out.lines, out.blank_lines, out.records, out.weightless, out.bad_records, {}, {}};
  for (const auto& event : out.events) {
    reading.events.emplace_back(out.users.ids()[event.user], out.items.ids()[event.item], event.value, event.time,
                                event.line);
  }
  for (const auto& bad : out.examples) reading.bad_positions.push_back(bad.position);
  if (out.open) reading.open = out.open->position;
  return reading;
}

Reading read(const EventFormat& format, std::string_view text, EventParser::Path path, bool last = true) {
  EventParser parser(format, true, path);
  return read(parser, text, last);
}

TEST(EventParser, ReadsLinesOfTheUsualForm) {
  const Reading reading = read(four_columns("::"), "1::1193::5::978300760\n1::661::3.5::978302109\n12345678::f::0::1",
                               EventParser::Path::fast);
  EXPECT_THAT(reading.events,
              ElementsAre(std::tuple("1", "1193", 5.0f, 978300760, 0u), std::tuple("1", "661", 3.5f, 978302109, 1u),
                          std::tuple("12345678", "f", 0.0f, 1, 2u)));
  EXPECT_EQ(reading.lines, 3u);
  EXPECT_EQ(reading.records, 3u);
}

TEST(EventParser, TellsApartIdsThatShareTheirFirstBytes) {
  const Reading reading = read(comma_format(),
                               "12345678,x,1,1\n123456789,x,1,1\n1234567890123456789,x,1,1\n1234567,x,1,1\n"
                               "12345678,xxxxxxxxy,1,1\n\"123456789\",xxxxxxxxz,1,1\n",
                               EventParser::Path::fast);
  std::vector<std::string> users;
  for (const auto& event : reading.events) users.push_back(std::get<0>(event));
  EXPECT_THAT(users, ElementsAre("12345678", "123456789", "1234567890123456789", "1234567", "12345678", "123456789"));
}

TEST(EventParser, LeavesARecordOpenThatGoesOnBeyondTheBlock) {
  const std::string text = "a,x,1,1\nb,\"two\nlines";
  const Reading reading = read(comma_format(), text, EventParser::Path::fast, false);
  EXPECT_EQ(reading.records, 1u);
  EXPECT_EQ(reading.lines, 1u);
  EXPECT_EQ(reading.open, text.find('b'));
  EXPECT_EQ(read(comma_format(), text, EventParser::Path::fast, true).bad_records, 2u);
}

TEST(EventParser, ANewBlockForgetsTheIdsOfTheLast) {
  EventParser parser(comma_format(), false);
  read(parser, "a,x,1,1\n");
  EXPECT_THAT(read(parser, "a,y,1,1\n").events, ElementsAre(std::tuple("a", "y", 1.0f, 1, 0u)));
}

// Lines as people have them: mostly good ones, with every kind of irregularity now and then.
rc::Gen<std::string> lines(const std::string& delimiter, bool quotes) {
  using rc::gen::element;
  const auto id = element<std::string>("1", "7", "42", "1193", "12345678", "123456789", "a-rather-long-name",
                                       "\xc3\xa9", " 5", "5 ", "", "x y");
  const auto value =
      element<std::string>("1", "5", "3.5", "4.0", "-2", "1e1", " 3", "", "x", "1e400", "nan", "0.123456789");
  const auto time = element<std::string>("1", "978300760", "978300760000", "12345678", "123456789012345", "-5", "9.5",
                                         "", "never", "2001-01-01", "2001-01-01T00:12:40Z", "99999999999999999999");
  const auto end = element<std::string>("\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r\r\n", " \n");
  const auto field = [=](const rc::Gen<std::string>& text) {
    return rc::gen::map(rc::gen::pair(text, rc::gen::inRange(0, quotes ? 6 : 1)), [](const auto& pair) {
      if (pair.second == 3) return "\"" + pair.first + "\"";
      if (pair.second == 4 && pair.first.empty()) return std::string("\"a\"\"b\"");
      if (pair.second == 5 && pair.first.empty()) return std::string("\"");
      return pair.first;
    });
  };
  const auto line =
      rc::gen::map(rc::gen::tuple(field(id), field(id), field(value), field(time), end, rc::gen::inRange(0, 30)),
                   [=](const auto& parts) {
                     const auto& [user, item, rating, when, ending, oddity] = parts;
                     if (oddity == 0) return user + delimiter + item + ending;
                     if (oddity == 1)
                       return user + delimiter + item + delimiter + rating + delimiter + when + delimiter + ending;
                     if (oddity == 2)
                       return "u\xff" + delimiter + item + delimiter + rating + delimiter + when + ending;
                     return user + delimiter + item + delimiter + rating + delimiter + when + ending;
                   });
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(line), [](const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += one;
    return text;
  });
}

void expect_twins(const EventFormat& format, const std::string& text) {
  RC_ASSERT(read(format, text, EventParser::Path::fast) == read(format, text, EventParser::Path::plain));
  const std::string cut = text.substr(0, text.rfind('\n'));
  RC_ASSERT(read(format, cut, EventParser::Path::fast) == read(format, cut, EventParser::Path::plain));
}

RC_GTEST_PROP(EventParser, TheFastPathReadsWhatThePlainOneReads, ()) {
  expect_twins(comma_format(), *lines(",", true));
  expect_twins(comma_format(TimeUnit::milliseconds), *lines(",", true));
  expect_twins(comma_format(TimeUnit::iso), *lines(",", true));
  expect_twins(four_columns("::"), *lines("::", false));
  EventFormat tabs = four_columns("\t");
  tabs.quotes = Quotes::csv;
  tabs.value.reset();
  tabs.kind = Column{2, "kind"};
  tabs.weights = {{"1", 1.0f}, {"5", 0.0f}, {"3.5", 2.0f}};
  expect_twins(tabs, *lines("\t", true));
}

}  // namespace
}  // namespace gusto
