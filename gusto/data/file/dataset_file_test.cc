#include "gusto/data/file/dataset_file.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/data/testing/feature.h"

namespace gusto {
namespace {

using test::feature;

std::shared_ptr<const Dataset> two_films(bool timed = true) {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"ann", "bob", "zoë"}) catalog->users.add(id);
  for (const char* id : {"1", "2"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({feature("gender", FeatureKind::categorical, {"F", "", "F"}),
                                         feature("age", FeatureKind::number, {"31", "18", ""})});
  catalog->item_features = FeatureTable({feature("title", FeatureKind::text, {"Amélie (2001)", ""}),
                                         feature("genres", FeatureKind::multi, {"Comedy|Romance", ""})});
  const std::int64_t time = timed ? 100 : kNoTime;
  return std::make_shared<const Dataset>(
      std::move(catalog), std::vector<Event>{{UserRow(0), ItemRow(1), 4.5F, time},
                                             {UserRow(0), ItemRow(0), 3, time},
                                             {UserRow(2), ItemRow(0), 1, timed ? std::int64_t{50} : kNoTime}});
}

TensorFile stored(const Dataset& data) {
  TensorWriter out;
  write_dataset(data, out);
  return TensorFile::parse(out.serialize(), "m.gusto");
}

TEST(DatasetFile, RoundTrip) {
  for (const bool timed : {true, false}) {
    const auto data = two_films(timed);
    const auto copy = read_dataset(stored(*data));
    EXPECT_THAT(copy->offsets(), testing::ElementsAre(0, 2, 2, 3));
    EXPECT_THAT(copy->items(), testing::ElementsAreArray(data->items()));
    EXPECT_THAT(copy->values(), testing::ElementsAre(4.5F, 3, 1));
    EXPECT_THAT(copy->times(), testing::ElementsAreArray(data->times()));
    EXPECT_EQ(copy->has_times(), timed);
    const Catalog& catalog = copy->catalog();
    EXPECT_EQ(catalog.users[2], "zoë");
    EXPECT_EQ(catalog.items.find("2"), 1U);
    EXPECT_EQ(catalog.title(ItemRow(0)), "Amélie (2001)");
    EXPECT_EQ(catalog.title(ItemRow(1)), "2");
    EXPECT_EQ(catalog.item_features.at("genres").display(0), "Comedy, Romance");
    EXPECT_EQ(catalog.item_features.at("genres").display(1), "");
    EXPECT_EQ(catalog.user_features.at("gender").display(2), "F");
    EXPECT_EQ(catalog.user_features.at("age").numbers[0], 31);
    EXPECT_TRUE(std::isnan(catalog.user_features.at("age").numbers[2]));
  }
}

TEST(DatasetFile, SameDataSameBytes) {
  const auto bytes = [](const Dataset& data) {
    TensorWriter out;
    write_dataset(data, out);
    return out.serialize();
  };
  EXPECT_EQ(bytes(*two_films()), bytes(*read_dataset(stored(*two_films()))));
}

TEST(DatasetFile, WithoutEventsOrFeatures) {
  const Dataset nothing(std::make_shared<Catalog>(), std::vector<Event>{});
  const auto copy = read_dataset(stored(nothing));
  EXPECT_EQ(copy->event_count(), 0U);
  EXPECT_EQ(copy->user_count(), 0U);
}

// Writes the tensors of a data set by hand, so that each can be wrong.
struct Parts {
  std::string user_ids = "ab", item_ids = "xy", genres = "ComedyDrama";
  std::vector<std::uint64_t> user_offsets{0, 1, 2}, item_offsets{0, 1, 2}, genre_offsets{0, 6, 11};
  std::vector<std::uint64_t> event_offsets{0, 1, 2}, row_offsets{0, 1, 2};
  std::vector<std::uint32_t> items{0, 1}, genre_ids{0, 1};
  std::vector<float> values{1, 2};
  std::vector<std::int64_t> times{5, 6};
  std::vector<double> years{1995, 1996};
  std::string schema = R"([{"side":"items","name":"genre","kind":"categorical"},)"
                       R"({"side":"items","name":"year","kind":"number"}])";

  std::string complaint() const {
    TensorWriter out;
    out.add_text("data/users/ids", user_ids);
    out.add("data/users/ids.offsets", user_offsets);
    out.add_text("data/items/ids", item_ids);
    out.add("data/items/ids.offsets", item_offsets);
    out.add_text("data/items/genre/values", genres);
    out.add("data/items/genre/values.offsets", genre_offsets);
    out.add("data/items/genre/ids", genre_ids);
    out.add("data/items/genre/offsets", row_offsets);
    out.add("data/items/year/numbers", years);
    out.add("data/events/offsets", event_offsets);
    out.add("data/events/items", items);
    out.add("data/events/values", values);
    out.add("data/events/times", times);
    out.set_metadata("data.schema", schema);
    try {
      read_dataset(TensorFile::parse(out.serialize(), "m.gusto"));
    } catch (const Error& error) {
      return error.code() == ErrorCode::corrupt_file ? error.message() : std::string(to_string(error.code()));
    }
    return "no error";
  }
};

std::string complaint_with(const std::function<void(Parts&)>& change) {
  Parts parts;
  change(parts);
  return parts.complaint();
}

TEST(DatasetFileDamage, EveryBoundIsChecked) {
  using testing::HasSubstr;
  EXPECT_EQ(Parts().complaint(), "no error");
  const std::string ascend = "do not ascend";
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_offsets = {0, 2, 1}; }), HasSubstr(ascend));
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_offsets = {0, 3, 2}; }), HasSubstr(ascend));
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_offsets = {}; }), HasSubstr("are empty"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_offsets = {1, 1, 2}; }), HasSubstr(ascend));
  EXPECT_THAT(complaint_with([](Parts& p) { p.event_offsets = {0, 5, 2}; }), HasSubstr(ascend));
  EXPECT_THAT(complaint_with([](Parts& p) { p.row_offsets = {0, 1, 3}; }), HasSubstr(ascend));
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_ids = "aa"; }), HasSubstr("twice"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.user_ids = "a\xff"; }), HasSubstr("not UTF-8"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.item_ids = "é"; }), HasSubstr("not UTF-8"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.event_offsets = {0, 2}; }), HasSubstr("differ in length"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.values = {1}; }), HasSubstr("differ in length"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.times = {1}; }), HasSubstr("differ in length"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.items = {0, 2}; }), HasSubstr("item row 2"));
  EXPECT_THAT(complaint_with([](Parts& p) {
                p.event_offsets = {0, 2, 2}, p.items = {1, 1};
              }),
              HasSubstr("more than one"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.values = {1, NAN}; }), HasSubstr("nan"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.genre_ids = {0, 2}; }), HasSubstr("values that it does not have"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.row_offsets = {0, 2, 2}; }), HasSubstr("two values in a row"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.row_offsets = {0, 0, 1, 2}; }), HasSubstr("3 rows for 2 ids"));
  EXPECT_THAT(complaint_with([](Parts& p) {
                p.years = {1, std::numeric_limits<double>::infinity()};
              }),
              HasSubstr("infinite"));
  EXPECT_THAT(complaint_with([](Parts& p) { p.years = {1}; }), HasSubstr("1 rows for 2 ids"));
}

TEST(DatasetFileDamage, SchemaIsChecked) {
  using testing::HasSubstr;
  const auto with = [](std::string schema) {
    return complaint_with([&](Parts& parts) { parts.schema = std::move(schema); });
  };
  EXPECT_THAT(with("x"), HasSubstr("malformed"));
  EXPECT_THAT(with("[1]"), HasSubstr("malformed"));
  EXPECT_THAT(with(R"([{"side":"items"}])"), HasSubstr("malformed"));
  EXPECT_THAT(with(R"([{"side":"films","name":"genre","kind":"multi"}])"), HasSubstr("unknown side"));
  EXPECT_THAT(with(R"([{"side":"items","name":"genre","kind":"fuzzy"}])"), HasSubstr("unknown kind"));
  EXPECT_THAT(with(R"([{"side":"items","name":"none","kind":"number"}])"), HasSubstr("missing"));
  EXPECT_THAT(
      with(R"([{"side":"items","name":"year","kind":"number"},{"side":"items","name":"year","kind":"number"}])"),
      HasSubstr("Two features"));
}

}  // namespace
}  // namespace gusto
