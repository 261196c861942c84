#include "gusto/nn/field_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> texts_of(const std::vector<FieldSpec>& specs) {
  std::vector<std::string> texts;
  for (const FieldSpec& spec : specs) texts.push_back(spec.text);
  return texts;
}

TEST(ParseFields, ReadsEveryKind) {
  const auto specs = parse_fields(
      "user,item , genres, bucket( age ,10), cross(gender,genres, 1000),words(title,5000), hash(plot, 4096), "
      "time.hour, "
      "history(50), rated(7)");
  EXPECT_THAT(texts_of(specs),
              ElementsAre("user", "item", "genres", "bucket(age, 10)", "cross(gender, genres, 1000)",
                          "words(title, 5000)", "hash(plot, 4096)", "time.hour", "history(50)", "rated(7)"));
  std::vector<FieldKind> kinds;
  for (const FieldSpec& spec : specs) kinds.push_back(spec.kind);
  using enum FieldKind;
  EXPECT_THAT(kinds, ElementsAre(user, item, feature, bucket, cross, words, hash, time, history, rated));
  EXPECT_EQ(specs[3].feature, "age");
  EXPECT_EQ(specs[3].count, 10u);
  EXPECT_EQ(specs[4].parts.size(), 2u);
  EXPECT_EQ(specs[4].parts[1].feature, "genres");
  EXPECT_EQ(specs[9].count, 7u);
}

TEST(ParseFields, ReadsEveryPartOfATime) {
  const auto specs = parse_fields("time.hour, time.weekday, time.month, time.year, time.day");
  EXPECT_EQ(specs[1].part, TimePart::weekday);
  EXPECT_EQ(specs[2].part, TimePart::month);
  EXPECT_EQ(specs[3].part, TimePart::year);
  EXPECT_EQ(specs[4].part, TimePart::day);
}

TEST(ParseFields, ReadsHowAHistoryWeighsItsItems) {
  const auto specs = parse_fields("history(5,value), history( 5, recent ), rated(5, recent, value), history(5)");
  EXPECT_THAT(texts_of(specs),
              ElementsAre("history(5, value)", "history(5, recent)", "rated(5, value, recent)", "history(5)"));
  std::string ways;
  for (const FieldSpec& spec : specs) ways += {spec.by_value ? 'v' : '-', spec.by_recency ? 'r' : '-'};
  EXPECT_EQ(ways, "v--rvr--");
}

TEST(ParseFields, ReadsNumbersOfAHistory) {
  const auto specs = parse_fields("history.count, history.mean, \"history.mean\", history.median");
  EXPECT_EQ(specs[0].kind, FieldKind::history_count);
  EXPECT_EQ(specs[1].kind, FieldKind::history_mean);
  EXPECT_EQ(specs[2].kind, FieldKind::feature);
  EXPECT_EQ(specs[2].text, "\"history.mean\"");
  EXPECT_EQ(specs[3].kind, FieldKind::feature);
}

TEST(ParseFields, CrossesBucketsIdsAndTimes) {
  const auto specs = parse_fields("cross(bucket(age, 5), item, time.hour, 100)");
  ASSERT_EQ(specs[0].parts.size(), 3u);
  EXPECT_EQ(specs[0].parts[0].count, 5u);
  EXPECT_EQ(specs[0].text, "cross(bucket(age, 5), item, time.hour, 100)");
}

TEST(ParseFields, TakesNamesInQuotesForFeatures) {
  const auto specs = parse_fields(R"("user", "a, b", "5"" wide", "plain", bucket("x(", 3), cross("3", gender, 10))");
  EXPECT_THAT(texts_of(specs), ElementsAre(R"("user")", R"("a, b")", R"("5"" wide")", "plain", R"(bucket("x(", 3))",
                                           R"(cross("3", gender, 10))"));
  EXPECT_EQ(specs[0].kind, FieldKind::feature);
  EXPECT_EQ(specs[0].feature, "user");
  EXPECT_EQ(specs[2].feature, "5\" wide");
}

TEST(ParseFields, KnowsAuto) {
  const auto specs = parse_fields("auto, time.hour");
  EXPECT_TRUE(specs[0].is_auto());
  EXPECT_FALSE(specs[1].is_auto());
}

struct Refusal {
  const char* fields;
  const char* what;
  const char* hint;
};

TEST(ParseFields, SaysWhereAndWhatIsWrong) {
  const std::vector<Refusal> refusals = {
      {"user, bukcet(age, 10)", "at character 7: there is no kind of field \"bukcet\".", "Did you mean bucket?"},
      {"user, zzzzzzz(age)", "at character 7: there is no kind of field", "The kinds are: bucket, cross"},
      {"time.hours", "at character 1: a time has no part \"hours\".", "Did you mean time.hour?"},
      {"user,,item", "at character 6: a field's name is missing.", "single commas"},
      {"user, item,", "at character 12: a field's name is missing.", "commas"},
      {"", "at character 1: no field is named.", "Name one"},
      {"user, item, user", "at character 13: user comes twice.", "once"},
      {"bucket(age,5), bucket( age, 5 )", "at character 16: bucket(age, 5) comes twice.", "once"},
      {"bucket(age)", "at character 1: bucket lacks its number of ranges.", "Write bucket(FEATURE, RANGES)."},
      {"bucket(age, )", "at character 1: bucket lacks its number of ranges.", "Write bucket(FEATURE, RANGES)."},
      {"bucket(age, many)", "at character 13: \"many\" is no number of ranges.", "Write bucket"},
      {"bucket(age, 1)", "at character 13: 1 ranges are not possible.", "between 2 and 1000 ranges"},
      {"cross(a, b, 16777217)", "at character 13: 16777217 buckets are not possible.", "between 1 and 16777216"},
      {"history(0)", "at character 9: 0 items are not possible.", "between 1 and 10000"},
      {"history(5, valeu)", "at character 12: \"valeu\" is no way to weigh items.", "Did you mean value?"},
      {"history(5, 7)", "at character 12: \"7\" is no way to weigh items.",
       "Write history(ITEMS) or history(ITEMS, value"},
      {"rated(5, \"value\")", "at character 10: \"value\" is no way to weigh items.", "value"},
      {"rated(5, value, value)", "at character 17: value comes twice in one field.", "once"},
      {"rated(5, recent,)", "at character 17: a field's name is missing.", "commas"},
      {"history(5, value", "at character 17: history is not closed.", "Write history"},
      {"cross(a, history.count, 10)", "at character 10: history.count cannot be a part of a cross.", "Cross ids"},
      {"bucket(age, 10", "at character 15: bucket is not closed.", "Write bucket"},
      {"cross(a, b, many)", "at character 13: \"many\" is no number of buckets.", "Write cross"},
      {"cross(gender, 10)", "at character 1: a cross has 2 to 8 fields, not 1.", "Write cross"},
      {"cross(gender, genres)", "at character 1: cross lacks its number of buckets.", "Write cross"},
      {"cross(a, a, 10)", "at character 10: a comes twice in one cross.", "once"},
      {"cross(a, history(3), 10)", "at character 10: history(3) cannot be a part of a cross.", "Cross ids"},
      {"cross(a, auto, 10)", "at character 10: auto cannot be a part of a cross.", "Cross ids"},
      {"user)", "at character 5: \")\" is not expected here.", "commas"},
      {"é, \"open", "at character 4: a name in quotes does not end.", "Close"},
  };
  for (const Refusal& refusal : refusals) {
    const Error error = gusto::test::error_of([&] { parse_fields(refusal.fields); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option) << refusal.fields;
    EXPECT_THAT(error.message(), HasSubstr(refusal.what)) << refusal.fields;
    EXPECT_THAT(error.hint(), HasSubstr(refusal.hint)) << refusal.fields;
  }
  EXPECT_EQ(gusto::test::code_of([] { parse_fields("a\xff"); }), ErrorCode::invalid_option);
}

RC_GTEST_PROP(ParseFields, ReadsItsOwnSpelling, (const std::string& name, bool bucket)) {
  RC_PRE(!name.empty());
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  quoted += '"';
  const std::string text = bucket ? "bucket(" + quoted + ", 7)" : quoted;
  std::vector<FieldSpec> specs;
  try {
    specs = parse_fields(text);
  } catch (const Error& error) {
    RC_ASSERT(error.message().find("UTF-8") != std::string::npos);
    return;
  }
  RC_ASSERT(specs.at(0).feature == name);
  const auto again = parse_fields(specs[0].text);
  RC_ASSERT(again.at(0).feature == name);
  RC_ASSERT(again[0].text == specs[0].text);
}

}  // namespace
}  // namespace gusto::nn
