#include "gusto/data/data_report.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gusto {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::SizeIs;
using testing::StrEq;

// Two users; the first has both items, the second one of them.
Dataset three_events(std::shared_ptr<Catalog> catalog) {
  for (const char* user : {"u0", "u1"}) catalog->users.add(user);
  for (const char* item : {"i0", "i1"}) catalog->items.add(item);
  return Dataset(std::move(catalog), std::vector<Event>{{UserRow(0), ItemRow(0), 4, 86'400},
                                                        {UserRow(0), ItemRow(1), 5, 86'401},
                                                        {UserRow(1), ItemRow(0), 4, 86'402}});
}

TEST(DataReport, TellsCountsTimesAndValues) {
  const DataReport report = report_data(three_events(std::make_shared<Catalog>()));
  EXPECT_THAT(report.entries, Contains(testing::Field(&ReportEntry::text, StrEq("3 of 2 users and 2 items"))));
  EXPECT_THAT(report.entries,
              Contains(testing::Field(&ReportEntry::text, StrEq("25.00 % of all pairs of them have no event"))));
  EXPECT_EQ(report.entries.back().label, "time");
  ASSERT_TRUE(report.values);
  EXPECT_EQ(report.values->title, "Values, mean 4.333");
  ASSERT_THAT(report.values->bars, SizeIs(2));
  EXPECT_EQ(report.values->bars[0].events, 2u);
  EXPECT_EQ(report.values->most, 2u);
  EXPECT_EQ(report.values->events, 3u);
  EXPECT_THAT(report.tail.bars, SizeIs(3));
  EXPECT_EQ(report.tail.note, "half of all events fall on 1 of 2 items; Gini 0.17");
  EXPECT_FALSE(report.features);
}

TEST(DataReport, TellsHowManyHaveAFeature) {
  auto catalog = std::make_shared<Catalog>();
  FeatureField genre;
  genre.name = "genre";
  genre.append("comedy");
  genre.append_missing();
  std::vector<FeatureField> fields;
  fields.push_back(std::move(genre));
  catalog->item_features = FeatureTable(std::move(fields));
  const DataReport report = report_data(three_events(catalog));
  ASSERT_TRUE(report.features);
  ASSERT_THAT(report.features->rows, SizeIs(1));
  EXPECT_EQ(std::get<std::string>(report.features->rows[0].cells[1]), "genre");
  EXPECT_EQ(std::get<std::string>(report.features->rows[0].cells[3]), "1 of 2");
  EXPECT_EQ(std::get<CountCell>(report.features->rows[0].cells[4]).value, 1u);
}

TEST(DataReport, TellsWhereDataCameFrom) {
  SourceReport source;
  source.layout = "delimited";
  source.reason = "the lines have tabs";
  source.files = {{.path = "r.tsv",
                   .role = "events",
                   .bytes = 10,
                   .lines = 4,
                   .records = 3,
                   .blank_lines = 1,
                   .latin1 = false,
                   .columns = {}}};
  source.columns = {"user", "item"};
  source.notes = {"1 event came twice."};
  std::vector<std::string> lines;
  for (const ReportEntry& entry : report_source(source)) lines.push_back(entry.label + " | " + entry.text);
  EXPECT_THAT(lines, ElementsAre("layout | delimited: the lines have tabs",
                                 "events | r.tsv: 10 B, 4 lines, 3 records, 1 blank lines skipped",
                                 "columns | user, item", "note | 1 event came twice."));
}

}  // namespace
}  // namespace gusto
