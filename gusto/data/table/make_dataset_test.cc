#include "gusto/data/table/make_dataset.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/data/testing/tables.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::event_of;
using testing_io::made;

std::string refusal(const EventTable& table, const TableOptions& options = {},
                    ErrorCode code = ErrorCode::invalid_input) {
  return complaint([&] { made(table, options); }, code);
}

// The values that a list of columns and one more of any type stand for.
struct SmallTable {
  std::vector<std::int64_t> users{3, 1, 3, 2};
  std::vector<std::int64_t> items{10, 10, 20, 30};
  std::vector<float> values{1, 2, 3, 4};
  EventTable table;
  SmallTable() {
    table.users = TableColumn::ints(users);
    table.items = TableColumn::ints(items);
    table.values = TableColumn::numbers(values);
  }
};

std::vector<std::string> ids_of(const Vocabulary& ids) {
  std::vector<std::string> result;
  for (std::size_t row = 0; row < ids.size(); ++row) result.emplace_back(ids[row]);
  return result;
}

TEST(MakeDataset, GivesUsersRowsAsTheyComeAndItemsAsReadersDo) {
  const SmallTable small;
  const OpenedDataset opened = made(small.table);
  EXPECT_THAT(ids_of(opened.data->catalog().users), ElementsAre("3", "1", "2"));
  const OpenedDataset read = testing_io::read_text("3,10,1\n1,10,2\n3,20,3\n2,30,4\n");
  EXPECT_EQ(ids_of(opened.data->catalog().items), ids_of(read.data->catalog().items));
  EXPECT_EQ(event_of(*opened.data, "3", "20").value, 3);
  EXPECT_FALSE(opened.data->has_times());
  EXPECT_EQ(opened.report.layout, "columns");
  EXPECT_THAT(opened.report.columns, ElementsAre("user", "item", "rating"));
}

template <class Number>
void expect_ids_of() {
  const std::vector<Number> users{1, 0, 100};
  const std::vector<Number> items{std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max(), 7};
  EventTable table;
  table.users = TableColumn::numbers(users);
  table.items = TableColumn::numbers(items);
  const OpenedDataset opened = made(table);
  EXPECT_THAT(ids_of(opened.data->catalog().users), ElementsAre("1", "0", "100"));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(event_of(*opened.data, std::to_string(users[i]), std::to_string(items[i])).value, 1);
}

TEST(MakeDataset, TakesIntegersOfAnyWidthForIds) {
  expect_ids_of<std::int8_t>();
  expect_ids_of<std::int16_t>();
  expect_ids_of<std::int32_t>();
  expect_ids_of<std::int64_t>();
  expect_ids_of<std::uint8_t>();
  expect_ids_of<std::uint16_t>();
  expect_ids_of<std::uint32_t>();
  expect_ids_of<std::uint64_t>();
}

// One column of strings in all the forms that it can have.
class Strings : public testing::Test {
 protected:
  const std::vector<std::string> ids_{"ann", "a user with a long name", "ann", " bo ", "ünal"};
  const std::vector<std::string> expected_{"ann", "a user with a long name", "bo", "ünal"};

  void expect_taken(TableColumn users) {
    std::vector<int> items(ids_.size());
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = static_cast<int>(i);
    EventTable table;
    table.users = std::move(users);
    table.items = TableColumn::numbers(items);
    EXPECT_EQ(ids_of(made(table).data->catalog().users), expected_);
  }
  static TableColumn column(CellType type, ColumnChunk chunk) {
    TableColumn result;
    result.type = type;
    result.chunks.push_back(std::move(chunk));
    return result;
  }
  template <class Offset>
  void expect_taken_by_offsets(CellType type) {
    std::string text = "zzz";
    std::vector<Offset> offsets{0, 3};  // of a row before the first one
    for (const std::string& id : ids_) {
      text += id;
      offsets.push_back(static_cast<Offset>(text.size()));
    }
    expect_taken(column(type, {ids_.size(), 1, nullptr, offsets.data(), text.data(), {}, nullptr}));
  }
};

TEST_F(Strings, AreTakenAsObjectsAndViews) {
  expect_taken(TableColumn::strings(ids_));
  const std::vector<std::string_view> views(ids_.begin(), ids_.end());
  expect_taken(TableColumn::strings(views));
}

TEST_F(Strings, AreTakenByOffsetsOfBothWidths) {
  expect_taken_by_offsets<std::int32_t>(CellType::utf8);
  expect_taken_by_offsets<std::int64_t>(CellType::utf8_large);
}

TEST_F(Strings, AreTakenAsViewsOfArrow) {
  struct View {
    std::int32_t size;
    char head[4];
    std::int32_t buffer, offset;
  };
  static_assert(sizeof(View) == 16);
  const std::string other = "?", far = "…" + ids_[1];
  const std::array<const char*, 2> texts{other.data(), far.data()};
  std::vector<View> views(ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    views[i].size = static_cast<std::int32_t>(ids_[i].size());
    char inside[12] = {};
    if (ids_[i].size() <= 12) {
      std::copy(ids_[i].begin(), ids_[i].end(), inside);
    } else {
      const std::int32_t place[] = {1, 3};
      std::copy_n(ids_[i].begin(), 4, inside);
      std::memcpy(inside + 4, place, sizeof place);
    }
    std::memcpy(reinterpret_cast<char*>(&views[i]) + 4, inside, sizeof inside);
  }
  expect_taken(column(CellType::utf8_view, {ids_.size(), 0, nullptr, views.data(), nullptr, texts, nullptr}));
}

TEST_F(Strings, AreTakenByDictionariesWhichMayChangeFromChunkToChunk) {
  const std::vector<std::string> first{"bo", "a user with a long name", "ann"}, second{"ünal", "bo"};
  const std::vector<std::uint8_t> indexes{2, 1, 2};
  const std::vector<std::int64_t> more{1, 0};
  TableColumn users = TableColumn::numbers(indexes);
  users.chunks[0].of = std::make_shared<const TableColumn>(TableColumn::strings(first));
  expect_taken(TableColumn::dictionary(
      std::vector<std::int32_t>{2, 1, 2, 0, 3},
      TableColumn::strings(std::span<const std::string>(std::vector<std::string>{"bo", ids_[1], "ann", "ünal"}))));
  const std::vector<std::uint8_t> rest{1, 0};
  users.chunks.push_back(TableColumn::numbers(rest).chunks[0]);
  users.chunks[1].of = std::make_shared<const TableColumn>(TableColumn::strings(second));
  expect_taken(users);
}

TEST(MakeDataset, ChunksNeedNotEndTogether) {
  const SmallTable small;
  EventTable table = small.table;
  const auto cut = [](TableColumn& column, std::size_t at) {
    ColumnChunk rest = column.chunks[0];
    rest.offset = at;
    rest.size -= at;
    column.chunks[0].size = at;
    column.chunks.push_back(rest);
  };
  cut(table.users, 1);
  cut(table.items, 3);
  cut(*table.values, 2);
  const OpenedDataset one = made(small.table), other = made(table);
  EXPECT_EQ(one.data->catalog().users.text(), other.data->catalog().users.text());
  EXPECT_THAT(one.data->items(), testing::ElementsAreArray(other.data->items()));
  EXPECT_THAT(one.data->values(), testing::ElementsAreArray(other.data->values()));
}

TEST(MakeDataset, TimesAreInAnyUnitTowardThePast) {
  const std::vector<std::tuple<TimeUnit, std::int64_t, std::int64_t>> cases{{TimeUnit::seconds, 1, -1},
                                                                            {TimeUnit::milliseconds, 1'999, -1},
                                                                            {TimeUnit::microseconds, 1'999'999, -1},
                                                                            {TimeUnit::nanoseconds, 1'000'000'000, -1}};
  for (const auto& [unit, first, second] : cases) {
    SmallTable small;
    const std::vector<std::int64_t> times{first, second, first, 0};
    small.table.times = TableColumn::times(times, unit);
    const OpenedDataset opened = made(small.table);
    EXPECT_EQ(event_of(*opened.data, "3", "10").time, 1) << to_string(unit);
    EXPECT_EQ(event_of(*opened.data, "1", "10").time, -1) << to_string(unit);
  }
  SmallTable small;
  const std::vector<double> times{1.75, -0.25, 1e9, 0};
  small.table.times = TableColumn::numbers(times);
  const OpenedDataset opened = made(small.table);
  EXPECT_EQ(event_of(*opened.data, "3", "10").time, 1);
  EXPECT_EQ(event_of(*opened.data, "1", "10").time, -1);
  const std::vector<std::int64_t> recognized{978'300'760'000, 0, 0, 0};
  small.table.times = TableColumn::ints(recognized);
  EXPECT_EQ(event_of(*made(small.table).data, "3", "10").time, 978'300'760);
}

TEST(MakeDataset, KindsAreWeighedAndThoseOfNoWeightLeaveNoIdBehind) {
  SmallTable small;
  const std::vector<std::string> kinds{"view", "buy", "buy", "noise"};
  small.table.kinds = TableColumn::strings(kinds);
  TableOptions options;
  options.weights = {{"view", 1.0f}, {"buy", 5.0f}, {"noise", 0.0f}};
  const OpenedDataset opened = made(small.table, options);
  EXPECT_EQ(event_of(*opened.data, "3", "20").value, 15);
  EXPECT_THAT(ids_of(opened.data->catalog().users), ElementsAre("3", "1"));
  EXPECT_THAT(opened.report.notes, ElementsAre("Events left out because their kind weighs nothing: 1.",
                                               "Where models rank, an event counts by its value, 1 to 15."));
  EXPECT_THAT(opened.report.value_changes, ElementsAre("weights"));
  options.weights.pop_back();
  EXPECT_EQ(refusal(small.table, options),
            "Column kind, row 3: \"noise\" has no weight. | Add noise=… to the option `weights`; weight 0 leaves such "
            "events out.");
  small.table.kinds.reset();
  EXPECT_EQ(refusal(small.table, options, ErrorCode::invalid_option),
            "The table has no column of kinds to be weighed. | Give a column of kinds, or leave the weights out.");
}

TEST(MakeDataset, RefusesWeightsAndHalfLivesThatAreNoNumbers) {
  SmallTable small;
  const std::vector<std::string> kinds{"view", "view", "view", "view"};
  small.table.values.reset();
  small.table.kinds = TableColumn::strings(kinds);
  TableOptions options;
  options.weights = {{"view", std::numeric_limits<float>::infinity()}};
  EXPECT_THAT(refusal(small.table, options), HasSubstr("Column kind, row 0"));
  SmallTable aging;
  const std::vector<std::int64_t> times{1, 2, 3, 4};
  aging.table.times = TableColumn::times(times, TimeUnit::seconds);
  for (const double half_life : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    TableOptions aged;
    aged.half_life = half_life;
    EXPECT_THAT(refusal(aging.table, aged, ErrorCode::invalid_option), HasSubstr("half-life"));
  }
}

TEST(MakeDataset, RecognizesTheUnitOfTimesByTheFirstThatIsThere) {
  SmallTable small;
  const std::vector<std::int64_t> times{0, 978'300'760'000, 978'300'760'000, 978'300'760'000};
  small.table.times = TableColumn::ints(times);
  const std::uint8_t validity = 0b1110;
  small.table.times->chunks[0].validity = &validity;
  TableOptions options;
  options.skip_bad_rows = true;
  const OpenedDataset opened = made(small.table, options);
  EXPECT_EQ(opened.data->event_count(), 3U);
  EXPECT_EQ(event_of(*opened.data, "1", "10").time, 978'300'760);
}

TEST(MakeDataset, DividesDictionaryStringsOfSeveralValuesAndRefusesListsOfLists) {
  SmallTable small;
  const std::vector<std::int64_t> ids{10, 20};
  const std::vector<std::int32_t> indexes{0, 1};
  const std::vector<std::string> genres{"Action|Comedy", "Comedy"};
  TableColumn coded = TableColumn::dictionary(indexes, TableColumn::strings(genres)).named("genres");
  small.table.item_features.push_back({TableColumn::ints(ids), {{coded, FeatureKind::multi}}});
  const OpenedDataset opened = made(small.table);
  const Catalog& catalog = opened.data->catalog();
  EXPECT_EQ(catalog.item_features.at("genres").ids_of(*catalog.items.find("10")).size(), 2U);

  const std::vector<std::int64_t> inner{0, 1, 2}, outer{0, 1, 2};
  TableColumn lists = TableColumn::lists(outer, TableColumn::lists(inner, TableColumn::strings(genres)));
  small.table.item_features = {{TableColumn::ints(ids), {{std::move(lists).named("genres"), std::nullopt}}}};
  EXPECT_THAT(refusal(small.table), HasSubstr("Column genres holds lists of lists."));
}

TEST(MakeDataset, ComplainsOfColumnAndRow) {
  SmallTable small;
  small.values[2] = std::numeric_limits<float>::quiet_NaN();
  small.table.values = TableColumn::numbers(small.values).named("stars");
  EXPECT_EQ(refusal(small.table),
            "Column stars, row 2: nan is not a finite number. | Correct the value, or leave the "
            "row out.");
  const std::uint8_t validity = 0b1101;
  small.table.items.chunks[0].validity = &validity;
  EXPECT_EQ(refusal(small.table), "Column item, row 1: the id is null. | Correct the id, or leave the row out.");
  small.table.users = TableColumn::strings(std::span<const std::string>());
  EXPECT_EQ(refusal(small.table), "Column item has 4 rows, and column user has 0. | Give columns of one length.");

  SmallTable other;
  const std::vector<double> large{1, 2, 3, 1e39};
  other.table.values = TableColumn::numbers(large);
  EXPECT_THAT(refusal(other.table), HasSubstr("Column rating, row 3: 1e+39 is out of range."));
  other.table.values.reset();
  const std::vector<std::int64_t> times{0, 0, 300'000'000'000, 0};
  other.table.times = TableColumn::times(times, TimeUnit::seconds);
  EXPECT_EQ(refusal(other.table),
            "Column time, row 2: 300000000000 is a time after the year 9999 or as long before 1970. | Write times in "
            "seconds since 1970; these may be milliseconds.");
  other.table.times->chunks[0].validity = &validity;
  EXPECT_THAT(refusal(other.table), HasSubstr("Column time, row 1: the time is null."));
  const std::vector<std::string> users{"a", "b", "\xff", " "};
  other.table.times.reset();
  other.table.users = TableColumn::strings(users).named("who");
  EXPECT_THAT(refusal(other.table), HasSubstr("Column who, row 2: the id \"\\xff\" is not UTF-8 text."));
  const std::vector<std::int32_t> outside{0, 1, 4, 0};
  other.table.users = TableColumn::dictionary(outside, TableColumn::strings(users));
  EXPECT_THAT(refusal(other.table), HasSubstr("an index is outside its dictionary, which has 4 entries."));
}

// Items are looked at after all else; the complaint is about the first row all the same.
TEST(MakeDataset, ComplainsOfTheFirstBadRowWhateverColumnItIsIn) {
  const std::size_t rows = 20'000;
  std::vector<std::string> items(rows, "x");
  std::vector<std::int64_t> users(rows);
  std::iota(users.begin(), users.end(), 0);
  std::vector<float> values(rows, 1);
  values[15'000] = std::numeric_limits<float>::infinity();
  EventTable table;
  table.users = TableColumn::ints(users);
  table.items = TableColumn::strings(items);
  table.values = TableColumn::numbers(values);
  EXPECT_THAT(refusal(table), HasSubstr("Column rating, row 15000: inf is not a finite number."));
  items[5'000] = "";
  EXPECT_THAT(refusal(table), HasSubstr("Column item, row 5000: the id is empty."));
  values[15'000] = 1;
  EXPECT_THAT(refusal(table), HasSubstr("Column item, row 5000: the id is empty."));
  TableOptions options;
  options.skip_bad_rows = true;
  EXPECT_EQ(made(table, options).data->event_count(), rows - 1);
}

TEST(MakeDataset, RefusesColumnsThatHoldWhatTheyCannot) {
  SmallTable small;
  small.table.users = TableColumn::numbers(small.values);
  EXPECT_EQ(refusal(small.table),
            "Column user holds floating-point numbers. | Give integers, strings, or indexes into a dictionary of "
            "either.");
  SmallTable other;
  const std::vector<std::string> stars{"1", "2", "3", "4"};
  other.table.values = TableColumn::strings(stars);
  EXPECT_EQ(refusal(other.table), "Column rating holds strings. | Give numbers or booleans.");
  other.table.values.reset();
  TableOptions options;
  options.half_life = 1;
  EXPECT_EQ(refusal(other.table, options, ErrorCode::invalid_option),
            "The table has no times, by which events could grow old. | Give a column of times, or leave the half-life "
            "out.");
  EXPECT_EQ(refusal(EventTable()), "The table is empty. | Give a table with an event in each row.");
}

TEST(MakeDataset, LeavesOutBadRowsOnRequestAndCountsThem) {
  SmallTable small;
  small.values[1] = std::numeric_limits<float>::infinity();
  const std::uint8_t validity = 0b0111;
  small.table.users.chunks[0].validity = &validity;
  TableOptions options;
  options.skip_bad_rows = true;
  const OpenedDataset opened = made(small.table, options);
  EXPECT_EQ(opened.data->event_count(), 2U);
  EXPECT_THAT(ids_of(opened.data->catalog().users), ElementsAre("3"));
  EXPECT_EQ(opened.data->item_count(), 2U);
  EXPECT_EQ(opened.report.bad_lines, 2U);
  EXPECT_THAT(opened.report.notes,
              ElementsAre("Rows left out because they cannot be read: 2: Column rating, row 1: inf "
                          "is not a finite number. Column user, row 3: the id is null."));
  const std::uint8_t none = 0;
  small.table.users.chunks[0].validity = &none;
  EXPECT_THAT(refusal(small.table, options),
              HasSubstr("The table holds no events that can be read: Column user, row 0: the id is null."));
}

TEST(MakeDataset, NamesTheRowsOfADuplicateThatIsRefused) {
  SmallTable small;
  small.users = {1, 2, 1, 1};
  small.items = {5, 5, 6, 5};
  TableOptions options;
  options.duplicates = DuplicatePolicy::refuse;
  EXPECT_EQ(
      refusal(small.table, options),
      "Row 3: user \"1\" and item \"5\" already have an event in row 0. | Remove one of them, or let the last one "
      "count.");
}

TEST(MakeDataset, BooleansAreValuesOfNoughtAndOne) {
  SmallTable small;
  const std::uint8_t bits = 0b1010;
  ColumnChunk chunk;
  chunk.size = 4;
  chunk.values = &bits;
  small.table.values->type = CellType::boolean;
  small.table.values->chunks = {chunk};
  const OpenedDataset opened = made(small.table);
  EXPECT_EQ(event_of(*opened.data, "3", "10").value, 0);
  EXPECT_EQ(event_of(*opened.data, "1", "10").value, 1);
}

}  // namespace
}  // namespace gusto
