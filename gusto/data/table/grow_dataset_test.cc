#include "gusto/data/table/grow_dataset.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/data/io/reading_texts.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/data/value_profile.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::read_text;

const std::string kBefore = "1,10,5,100\n2,10,3,110\n1,20,4,120\n3,30,2,130\n";
const std::string kAfter = "4,10,1,200\n1,30,2,210\n2,40,5,220\n1,10,2,230\n";

GrownDataset grown(const std::string& before, const std::string& after, const ReadingSpec& reading = {}) {
  OpenOptions all = parse_reading(reading);
  OpenOptions later = all;
  later.transform.clear();
  Context context({.threads = 1});
  return grow_dataset(*read_text(before, all).data, *read_text(after, later).data, all, context);
}

void expect_equal(const Dataset& a, const Dataset& b, const std::string& what) {
  ASSERT_EQ(a.event_count(), b.event_count()) << what;
  EXPECT_EQ(a.catalog().users.text(), b.catalog().users.text()) << what;
  EXPECT_EQ(a.catalog().items.text(), b.catalog().items.text()) << what;
  for (const Event& event : b.events()) {
    const Event other = event_of(a, b.catalog().users[event.user.index], b.catalog().items[event.item.index]);
    EXPECT_NEAR(other.value, event.value, 1e-5 * std::abs(event.value)) << what;
    EXPECT_EQ(other.time, event.time) << what;
  }
  EXPECT_EQ(a.catalog().strength.form, b.catalog().strength.form) << what;
  EXPECT_NEAR(a.catalog().strength.scale, b.catalog().strength.scale, 1e-6 * b.catalog().strength.scale) << what;
}

TEST(GrowDataset, GivesWhatReadingBothAtOnceGives) {
  std::vector<ReadingSpec> readings(1);
  for (const char* duplicates : {"last", "first", "sum", "max"}) {
    for (const char* transform : {"", "log1p", "log10", "clip(6)", "binary"}) {
      readings.push_back({.duplicates = duplicates, .transform = transform, .values = "strength"});
    }
    readings.push_back({.duplicates = duplicates, .half_life = "1m"});
  }
  for (const ReadingSpec& reading : readings) {
    const GrownDataset both = grown(kBefore, kAfter, reading);
    const std::string what = reading.duplicates + " " + reading.transform + " " + reading.half_life;
    expect_equal(*both.data, *read_text(kBefore + kAfter, parse_reading(reading)).data, what);
    EXPECT_EQ(both.repeated, 1U);
    EXPECT_THAT(both.notes, IsEmpty());
  }
}

TEST(GrowDataset, AgesTheNewEventsWhereTheyAreTheOlderOnes) {
  const ReadingSpec reading{.duplicates = "sum", .half_life = "1m"};
  expect_equal(*grown(kAfter, kBefore, reading).data, *read_text(kAfter + kBefore, parse_reading(reading)).data,
               "turned");
}

TEST(GrowDataset, TakesBackNoRanks) {
  EXPECT_THAT(complaint([] { grown(kBefore, kAfter, {.transform = "rank"}); }, ErrorCode::unsupported),
              HasSubstr("ranks among a user's own can't be joined"));
}

TEST(GrowDataset, AsksForTimesWhereThereWereSomeAndLeavesThemOutWhereThereWereNone) {
  EXPECT_THAT(complaint([] { grown(kBefore, "4,10,1\n"); }), HasSubstr("the new ones have none"));
  const GrownDataset without = grown("1,10,5\n2,10,3\n", kAfter);
  EXPECT_FALSE(without.data->has_times());
  EXPECT_THAT(without.notes, ElementsAre(HasSubstr("Times of the new events are left out")));
}

TEST(GrowDataset, RefusesRepeatedPairsWhereTheyAreRefused) {
  EXPECT_THAT(complaint([] { grown(kBefore, kAfter, {.duplicates = "error"}); }), HasSubstr("already have an event"));
}

/// Events with features of items beside them.
std::shared_ptr<const Dataset> described(const std::string& events, const std::string& items) {
  const test::TemporaryFolder folder;
  folder.write("items.csv", items);
  OpenOptions options;
  options.side_files.items = {folder.path() / "items.csv"};
  return read_text(events, options).data;
}

TEST(GrowDataset, GivesNewRowsTheFeaturesOfBefore) {
  const auto before = described(kBefore, "item,title,genres,year,country\n10,Ten,A|B,1990,fr\n20,Twenty,B,,de\n");
  const auto after =
      described(kAfter, "item,title,genres,year,studio\n10,Other,C,2000,s\n40,\"Forty, or\",B|C,2001,t\n");
  Context context({.threads = 1});
  const GrownDataset both = grow_dataset(*before, *after, {}, context);
  const Catalog& catalog = both.data->catalog();
  const auto shown = [&](const char* id, const char* feature) {
    return catalog.item_features.at(feature).display(catalog.items.find(id).value());
  };
  EXPECT_EQ(shown("10", "title"), "Ten");
  EXPECT_EQ(shown("10", "genres"), "A, B");
  EXPECT_EQ(shown("40", "title"), "Forty, or");
  EXPECT_EQ(shown("40", "genres"), "B, C");
  EXPECT_EQ(shown("40", "year"), "2001");
  EXPECT_EQ(shown("20", "country"), "de");
  EXPECT_EQ(shown("40", "country"), "");
  EXPECT_EQ(shown("20", "year"), "");
  EXPECT_EQ(catalog.item_features.find("studio"), nullptr);
  EXPECT_THAT(both.notes, ElementsAre("Features that the data of before do not have are left out: studio."));
}

}  // namespace
}  // namespace gusto
