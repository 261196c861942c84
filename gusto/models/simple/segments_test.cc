#include "gusto/models/simple/segments.h"

#include <limits>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;
using test::feature;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Five users; of the last one the gender is not known.
std::shared_ptr<const Catalog> people() {
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(5, 1));
  catalog->user_features = FeatureTable({feature("gender", FeatureKind::categorical, {"F", "M", "F", "M", ""}),
                                         feature("age", FeatureKind::number, {"25", "18", "18", "50", "25"}),
                                         feature("likes", FeatureKind::multi, {"a|b", "a", "b", "", "c"})});
  return catalog;
}

TEST(Segments, SortUsersByFeaturesAndPairs) {
  const auto catalog = people();
  const Segments segments(*catalog, "auto");
  ASSERT_EQ(segments.ways(), 3U);
  EXPECT_EQ(segments.total(), 2U + 3U + 6U);
  EXPECT_THAT(segments.parents(0), ElementsAre());
  EXPECT_THAT(segments.parents(2), ElementsAre(0, 1));
  EXPECT_EQ(segments.label(0, *segments.of(0, UserRow(0))), "gender F");
  EXPECT_EQ(segments.label(1, *segments.of(1, UserRow(4))), "age 25");
  const std::uint32_t pair = *segments.of(2, UserRow(3));
  EXPECT_EQ(segments.label(2, pair), "gender M, age 50");
  EXPECT_EQ(segments.label(0, segments.parent_segment(2, pair, 0)), "gender M");
  EXPECT_EQ(segments.label(1, segments.parent_segment(2, pair, 1)), "age 50");
  EXPECT_FALSE(segments.of(0, UserRow(4)));
  EXPECT_FALSE(segments.of(2, UserRow(4)));
}

TEST(Segments, WaysOfFewerFeaturesComeFirst) {
  const auto catalog = people();
  const Segments segments(*catalog, "age*gender, gender");
  ASSERT_EQ(segments.ways(), 2U);
  EXPECT_EQ(segments.size(0), 2U);
  EXPECT_EQ(segments.label(1, *segments.of(1, UserRow(1))), "age 18, gender M");
  EXPECT_EQ(segments.label(0, segments.parent_segment(1, *segments.of(1, UserRow(1)), 0)), "gender M");
}

TEST(Segments, WhatAutoHasAlreadyIsPassedOver) {
  const auto catalog = people();
  for (const char* text : {"auto, age*gender", "age*gender, auto", "auto, auto", "auto, gender, age"}) {
    const Segments segments(*catalog, text);
    EXPECT_EQ(segments.ways(), 3U) << text;
    EXPECT_EQ(segments.total(), 2U + 3U + 6U) << text;
  }
}

TEST(Segments, HaveABound) {
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(1100, 1));
  std::vector<std::string> own;
  for (std::size_t u = 0; u < 1100; ++u) own.push_back(std::to_string(u));
  catalog->user_features =
      FeatureTable({feature("street", FeatureKind::categorical, own), feature("name", FeatureKind::categorical, own)});
  EXPECT_EQ(Segments(*catalog, "street, name").total(), 2200U);
  const Error error = error_of([&] { Segments(*catalog, "street*name"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("make more than 1,048,576 of street*name"));
}

TEST(Segments, AQuerysFeaturesComeFirst) {
  const auto catalog = people();
  const Segments segments(*catalog, "gender, age, gender*age");
  const auto label = [&](const Query& query) {
    std::string text;
    const auto found = segments.of(query);
    for (std::size_t way = 0; way < found.size(); ++way) {
      text += found[way] ? segments.label(way, *found[way]) + "; " : "none; ";
    }
    return text;
  };
  const std::vector<FeatureValue> woman{{"gender", "F"}, {"age", "50"}};
  Query query;
  EXPECT_EQ(label(query), "none; none; none; ");
  query.features = woman;
  EXPECT_EQ(label(query), "gender F; age 50; gender F, age 50; ");
  const std::vector<FeatureValue> stranger{{"gender", "X"}};
  query = Query::known(UserRow(1));
  EXPECT_EQ(label(query), "gender M; age 18; gender M, age 18; ");
  query.features = stranger;
  EXPECT_EQ(label(query), "none; age 18; none; ");
}

TEST(Segments, RefuseWhatDoesNotSort) {
  const auto catalog = people();
  for (const char* text : {"", "gender,", "likes", "gender*gender", "gender, gender", "gender*",
                           "gender*age, age*gender", "gender, auto, gender"}) {
    EXPECT_EQ(error_of([&] { Segments(*catalog, text); }).code(), ErrorCode::invalid_option) << text;
  }
  EXPECT_THAT(error_of([&] { Segments(*catalog, "gender*age, age*gender"); }).message(),
              HasSubstr("have age*gender twice"));
  EXPECT_EQ(error_of([&] { Segments(*catalog, "gendre"); }).code(), ErrorCode::not_found);
  const Segments segments(*catalog, "age");
  for (const std::vector<FeatureValue>& given :
       std::vector<std::vector<FeatureValue>>{{{"gender", "F"}}, {{"age", "old"}}, {{"age", "18"}, {"age", "25"}}}) {
    Query query;
    query.features = given;
    EXPECT_EQ(error_of([&] { segments.of(query); }).code(), ErrorCode::invalid_input);
  }
}

TEST(NumberRanges, AreValuesIfFewAndElseEqualShares) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> few{3, 1, nan, 1};
  const NumberRanges values(few, 3);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values.name(values(1)), "1");
  EXPECT_EQ(values.name(values(2.5)), "3");
  EXPECT_EQ(values.name(values(9)), "3");
  const std::vector<double> many{1, 2, 3, 4, 5, 6, 7, 8};
  const NumberRanges quarters(many, 4);
  ASSERT_EQ(quarters.size(), 4U);
  EXPECT_EQ(quarters.name(quarters(2)), "up to 2");
  EXPECT_EQ(quarters.name(quarters(3.5)), "above 2, up to 4");
  EXPECT_EQ(quarters.name(quarters(100)), "above 6");
  EXPECT_EQ(NumberRanges({}, 4).size(), 0U);
  const std::vector<double> mostly{1, 1, 1, 1, 1, 1, 2, 3, 4};
  EXPECT_EQ(NumberRanges(mostly, 2).size(), 2U);
}

}  // namespace
}  // namespace gusto
