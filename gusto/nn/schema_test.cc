#include "gusto/nn/schema.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/feature.h"
#include "gusto/nn/calendar.h"
#include "gusto/nn/encoder.h"

namespace gusto::nn {
namespace {

using gusto::test::feature;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Ten users, the last without events, who each took one of two items.
std::shared_ptr<const Catalog> catalog(bool with_age = true, FeatureKind city = FeatureKind::categorical) {
  auto result = std::make_shared<Catalog>();
  std::vector<std::string> ages, cities, scores, notes;
  for (int u = 0; u < 10; ++u) {
    result->users.add("u" + std::to_string(u));
    ages.push_back(u == 9 ? "1000" : std::to_string(10 * u));
    cities.push_back(u == 0 ? "" : u == 9 ? "nowhere" : u % 2 == 0 ? "rome" : "oslo");
    scores.push_back(u < 6 ? "1" : "2");
    notes.push_back("hello world");
  }
  result->items.add("a");
  result->items.add("b");
  std::vector<FeatureField> fields{feature("city", city, cities), feature("score", FeatureKind::number, scores),
                                   feature("note", FeatureKind::text, notes)};
  if (with_age) fields.push_back(feature("age", FeatureKind::number, ages));
  result->user_features = FeatureTable(std::move(fields));
  result->item_features = FeatureTable(
      {feature("kind", FeatureKind::multi, {"p|q", "q"}), feature("score", FeatureKind::number, {"1", ""})});
  return result;
}
std::shared_ptr<const Dataset> people(std::shared_ptr<const Catalog> who = catalog(), bool timed = true) {
  std::vector<Event> events;
  for (int u = 0; u < 9; ++u) {
    events.push_back({UserRow(u), ItemRow(u % 2), 1, timed ? std::int64_t{u} * 366 * 86400 : kNoTime});
  }
  return std::make_shared<const Dataset>(std::move(who), events);
}

constexpr std::string_view kAll =
    "user, item, city, age, bucket(age, 3), cross(bucket(age, 3), kind, time.year, 50), words(note, 100), "
    "hash(note, 60), time.year, time.day, history(3), rated(4, value, recent), cross(city, age, 9), \"kind\", "
    "history.count, history.mean";

Schema learned(std::string_view fields) { return Schema::learn(*people(), parse_fields(fields)); }

TEST(Schema, KnowsTheHeightOfEveryField) {
  const Schema schema = learned(
      "user, item, city, age, bucket(age, 3), cross(city, kind, 50), words(note, 100), hash(note, 60), time.hour, "
      "time.weekday, time.month, time.year, time.day, history(3), rated(4, recent), history.count, history.mean");
  std::vector<std::size_t> rows;
  for (const SchemaField& field : schema.fields()) rows.push_back(field.rows);
  EXPECT_THAT(rows, ElementsAre(10, 3, 3, 2, 4, 51, 1 + schema[6].values.size(), 61, 25, 8, 13, 10, 2, 3, 3, 2, 2));
  EXPECT_EQ(schema[5].side, Side::event);
  EXPECT_EQ(schema[7].side, Side::user);
}

TEST(Schema, BoundsTheHeightOfAFieldBeforeItIsLearned) {
  const Schema schema = learned(kAll);
  for (const SchemaField& field : schema.fields()) {
    EXPECT_GE(most_rows(field.spec, *people()), field.rows) << field.spec.text;
    if (field.spec.kind == FieldKind::words) continue;
    EXPECT_LE(most_rows(field.spec, *people()), field.rows + 25) << field.spec.text;
  }
  const auto most = [](std::string_view text) { return most_rows(parse_fields(text)[0], *people()); };
  EXPECT_EQ(most("words(note, 1000000)"), 1 + 2 * 11 * 10u);  // ten notes of eleven bytes
  EXPECT_EQ(most("words(note, 7)"), 8u);
  EXPECT_EQ(most("cross(city, kind, 16000000)"), 16000001u);
  EXPECT_EQ(gusto::test::code_of([&] { most("citty"); }), ErrorCode::not_found);
}

TEST(Schema, LearnsFromRowsWithEventsOnly) {
  const Schema schema = learned("city, age, bucket(age, 3), time.year");
  EXPECT_THAT(schema[0].values, ElementsAre("oslo", "rome"));
  EXPECT_DOUBLE_EQ(schema[1].mean, 40);
  EXPECT_DOUBLE_EQ(schema[1].deviation, std::sqrt(6000.0 / 9));
  EXPECT_THAT(schema[2].bounds, ElementsAre(20, 50));
  EXPECT_THAT(schema[3].values.front(), "1970");
  EXPECT_THAT(schema[3].values.back(), "1978");
}

TEST(Schema, KeepsRangesApartAndFull) {
  // Six ones and three twos: quartiles are 1, 1, 2, and a range above the greatest would be empty.
  EXPECT_THAT(learned("bucket(user.score, 4)")[0].bounds, ElementsAre(1));
  EXPECT_THAT(learned("bucket(item.score, 4)")[0].bounds, IsEmpty());
}

TEST(Schema, StandardizesWhatDoesNotVary) {
  const Schema schema = learned("item.score");
  EXPECT_EQ(schema[0].mean, 1);
  EXPECT_EQ(schema[0].deviation, 1);
}

TEST(Schema, ExpandsAutoBesideNamedFields) {
  const Schema schema = learned("auto, age, cross(city, kind, 50)");
  std::vector<std::string> texts;
  for (const SchemaField& field : schema.fields()) texts.push_back(field.spec.text);
  EXPECT_THAT(texts,
              ElementsAre("user", "item", "city", "user.score", "kind", "item.score", "age", "cross(city, kind, 50)"));
}

TEST(Schema, FindsSlots) {
  const Schema schema = learned("user, bucket(age, 3)");
  EXPECT_EQ(schema.slot("bucket(age, 3)"), 1u);
  EXPECT_EQ(schema.find("item"), std::nullopt);
  EXPECT_EQ(gusto::test::error_of([&] { schema.slot("bucket(age, 4)"); }).hint(), "Did you mean bucket(age, 3)?");
}

TEST(Schema, RefusesFieldsThatTheDataCannotGive) {
  const auto error_of = [](std::string_view fields) { return gusto::test::error_of([&] { learned(fields); }); };
  const Error unknown = error_of("citty");
  EXPECT_EQ(unknown.code(), ErrorCode::not_found);
  EXPECT_EQ(unknown.hint(), "Did you mean city?");
  EXPECT_EQ(error_of("usr").hint(), "Did you mean user?");
  EXPECT_EQ(error_of("history.cuont").hint(), "Did you mean history.count?");
  EXPECT_THAT(error_of("zzzzzzzzz").hint(), HasSubstr("The features are: city, score, note, age, kind"));
  EXPECT_EQ(error_of("item.kin").code(), ErrorCode::not_found);
  const Error both = error_of("score");
  EXPECT_EQ(both.code(), ErrorCode::invalid_option);
  EXPECT_EQ(both.hint(), "Write user.score or item.score.");
  for (const char* fields : {"bucket(city, 3)", "bucket(note, 3)", "words(city, 5)", "hash(age, 5)", "note"}) {
    EXPECT_EQ(error_of(fields).code(), ErrorCode::invalid_option) << fields;
  }
  EXPECT_EQ(error_of("note").hint(), "Write words(note, 5000) or hash(note, 4096).");
  const Error untimed =
      gusto::test::error_of([] { Schema::learn(*people(catalog(), false), parse_fields("time.hour")); });
  EXPECT_EQ(untimed.code(), ErrorCode::invalid_option);
  EXPECT_THAT(untimed.message(), HasSubstr("time.hour"));
}

std::string saved(std::string_view fields = kAll) {
  TensorWriter out;
  learned(fields).save(out, "net/");
  return out.serialize();
}

TEST(Schema, ComesBackFromAFile) {
  const Schema before = learned(kAll);
  const auto data = people();
  const Schema after = Schema::load(TensorFile::parse(saved(), "file"), "net/", *data);
  TensorWriter again;
  after.save(again, "net/");
  EXPECT_EQ(again.serialize(), saved());

  const Encoder first(*data, before), second(*data, after);
  std::vector<Example> examples;
  for (int u = 0; u < 9; ++u) examples.push_back({static_cast<std::uint32_t>(u), UserRow(u), ItemRow(u % 2)});
  Arena arena;
  const Batch a = first.encode(examples, {}, arena), b = second.encode(examples, {}, arena);
  for (std::size_t slot = 0; slot < before.size(); ++slot) {
    EXPECT_EQ(before[slot].rows, after[slot].rows);
    EXPECT_EQ(before[slot].side, after[slot].side);
    EXPECT_THAT(std::vector(a[slot].ids.begin(), a[slot].ids.end()), testing::ElementsAreArray(b[slot].ids)) << slot;
    EXPECT_THAT(std::vector(a[slot].weights.begin(), a[slot].weights.end()),
                testing::ElementsAreArray(b[slot].weights));
  }
}

TEST(Schema, NamesTheFieldsThatOtherDataDoNotHave) {
  const TensorFile file = TensorFile::parse(saved("age, city, kind, cross(kind, bucket(age, 3), 5)"), "film.gusto");
  const Error error =
      gusto::test::error_of([&] { Schema::load(file, "net/", *people(catalog(false, FeatureKind::multi))); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_EQ(error.message(),
            "The model of film.gusto takes fields that these data do not have: age, city (of kind categorical), "
            "bucket(age, 3).");
  const TensorFile timed = TensorFile::parse(saved("time.hour"), "file");
  EXPECT_EQ(gusto::test::code_of([&] { Schema::load(timed, "net/", *people(catalog(), false)); }),
            ErrorCode::invalid_input);
}

// Quotes are written as apostrophes.
std::string json(std::string_view text) {
  std::string result(text);
  std::replace(result.begin(), result.end(), '\'', '"');
  return result;
}

// What loading makes of a schema's text.
ErrorCode code_of_text(std::string_view text, const std::vector<double>& bounds = {1, 2}) {
  TensorWriter out;
  out.add_text("schema", json(text));
  out.add("schema/0/bounds", bounds);
  out.add_text("schema/0/values", "1971oslo");
  out.add("schema/0/values.offsets", std::vector<std::uint64_t>{0, 4, 8});
  const TensorFile file = TensorFile::parse(out.serialize(), "file");
  return gusto::test::code_of([&] { Schema::load(file, "", *people()); });
}

TEST(Schema, RefusesCorruptFiles) {
  // These are sound: no error is thrown.
  const char* bucket = "[{'field': 'bucket(age, 3)', 'rows': 4, 'kind': 'number'}]";
  for (const char* text :
       {"[{'field': 'user', 'rows': 10}]", bucket, "[{'field': 'city', 'rows': 3, 'kind': 'categorical'}]",
        "[{'field': 'age', 'rows': 2, 'kind': 'number', 'mean': 1, 'deviation': 2}]",
        "[{'field': 'history.count', 'rows': 2, 'mean': 1, 'deviation': 2}]"}) {
    EXPECT_EQ(code_of_text(text), ErrorCode::internal) << text;
  }
  const std::vector<const char*> texts = {
      "",
      "[",
      "[]",
      "{}",
      "3",
      "[3]",
      "[{}]",
      "[{'field': 3}]",
      "[{'field': 'user'}]",
      "[{'field': 'user', 'rows': 11}]",
      "[{'field': 'user', 'rows': '10'}]",
      "[{'field': ' user', 'rows': 10}]",
      "[{'field': 'auto', 'rows': 10}]",
      "[{'field': 'user, item', 'rows': 10}]",
      "[{'field': 'user(', 'rows': 10}]",
      "[{'field': 'user', 'rows': 10}, {'field': 'user', 'rows': 10}]",
      "[{'field': 'age', 'rows': 2, 'kind': 'number', 'mean': 1, 'deviation': 0}]",
      "[{'field': 'age', 'rows': 2, 'kind': 'number', 'mean': 1e999, 'deviation': 1}]",
      "[{'field': 'age', 'rows': 2, 'kind': 'number', 'mean': null, 'deviation': 1}]",
      "[{'field': 'age', 'rows': 2, 'kind': 'number'}]",
      "[{'field': 'age', 'rows': 2, 'kind': 'numbers'}]",
      "[{'field': 'history.mean', 'rows': 2}]",
      "[{'field': 'history.mean', 'rows': 2, 'mean': 1, 'deviation': -1}]",
      "[{'field': 'history.count', 'rows': 3, 'mean': 1, 'deviation': 1}]",
      "[{'field': 'history(5, recent, value)', 'rows': 3}]",
      "[{'field': 'bucket(age, 2)', 'rows': 4, 'kind': 'number'}]",
      "[{'field': 'bucket(age, 3)', 'rows': 4, 'kind': 'text'}]",
      "[{'field': 'time.year', 'rows': 3}]",
      "[{'field': 'words(note, 1)', 'rows': 3, 'kind': 'text'}]",
      "[{'field': 'cross(city, age, 9)', 'rows': 10}]",
      "[{'field': 'cross(city, age, 9)', 'rows': 10, 'parts': []}]",
      "[{'field': 'cross(city, age, 9)', 'rows': 10, 'parts': [{'rows': 3, 'kind': 'categorical'}, {}]}]",
  };
  for (const char* text : texts) EXPECT_EQ(code_of_text(text), ErrorCode::corrupt_file) << text;
  EXPECT_EQ(code_of_text(bucket, {2, 1}), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of_text(bucket, {1, NAN}), ErrorCode::corrupt_file);
  EXPECT_EQ(code_of_text(bucket, {1, 1}), ErrorCode::corrupt_file);
}

TEST(Schema, RefusesValuesThatDoNotFitTheirText) {
  const auto code = [](std::string_view text, const std::vector<std::uint64_t>& offsets) {
    TensorWriter out;
    out.add_text("schema", json("[{'field': 'city', 'rows': 3, 'kind': 'categorical'}]"));
    out.add_text("schema/0/values", text);
    out.add("schema/0/values.offsets", offsets);
    const TensorFile file = TensorFile::parse(out.serialize(), "file");
    return gusto::test::code_of([&] { Schema::load(file, "", *people()); });
  };
  EXPECT_EQ(code("ab", {0, 1, 2}), ErrorCode::internal);  // which is sound
  for (const auto& offsets :
       std::vector<std::vector<std::uint64_t>>{{}, {0}, {1, 2, 2}, {0, 1, 3}, {0, 9, 2}, {0, 2}}) {
    EXPECT_EQ(code("ab", offsets), ErrorCode::corrupt_file);
  }
  EXPECT_EQ(code("aa", {0, 1, 2}), ErrorCode::corrupt_file);
  EXPECT_EQ(code("\xc3\xa9", {0, 1, 2}), ErrorCode::corrupt_file);
}

TEST(Calendar, KnowsLeapYearsAndTimesBefore1970) {
  const auto check = [](std::int64_t time, std::int64_t year, unsigned month, unsigned weekday, unsigned hour) {
    const Calendar calendar = calendar_of(time);
    EXPECT_EQ(calendar.year, year) << time;
    EXPECT_EQ(calendar.month, month) << time;
    EXPECT_EQ(calendar.weekday, weekday) << time;
    EXPECT_EQ(calendar.hour, hour) << time;
  };
  check(0, 1970, 0, 3, 0);             // Thursday
  check(-1, 1969, 11, 2, 23);          // Wednesday
  check(951782399, 2000, 1, 0, 23);    // Monday 2000-02-28
  check(951868799, 2000, 1, 1, 23);    // Tuesday 2000-02-29
  check(951868800, 2000, 2, 2, 0);     // Wednesday 2000-03-01
  check(1483228799, 2016, 11, 5, 23);  // Saturday 2016-12-31
  check(4107542400, 2100, 2, 0, 0);    // Monday 2100-03-01, not a leap year
  EXPECT_EQ(calendar_of(std::numeric_limits<std::int64_t>::max()).year, 292277026596);
  EXPECT_EQ(calendar_of(std::numeric_limits<std::int64_t>::min()).year, -292277022657);
}

}  // namespace
}  // namespace gusto::nn
