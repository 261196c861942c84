#include "gusto/data/features.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FeatureField field_of(FeatureKind kind, const std::vector<std::string>& values) {
  FeatureField field;
  field.name = "f";
  field.kind = kind;
  for (const std::string& value : values) value.empty() ? field.append_missing() : field.append(value);
  return field;
}

TEST(FeatureField, HoldsCategories) {
  const FeatureField field = field_of(FeatureKind::categorical, {"M", "F", "", "M"});
  EXPECT_EQ(field.rows(), 4u);
  EXPECT_THAT(field.ids_of(1), ElementsAre(1u));
  EXPECT_THAT(field.ids_of(2), IsEmpty());
  EXPECT_EQ(field.display(3), "M");
  EXPECT_EQ(field.display(2), "");
  EXPECT_TRUE(field.matches(0, "m"));
  EXPECT_FALSE(field.matches(1, "m"));
  EXPECT_FALSE(field.matches(2, "m"));
}

TEST(FeatureField, HoldsSeveralValuesOnceEach) {
  const FeatureField field = field_of(FeatureKind::multi, {"Comedy|Drama", "", "Drama||Drama"});
  EXPECT_EQ(field.rows(), 3u);
  EXPECT_THAT(field.ids_of(0), ElementsAre(0u, 1u));
  EXPECT_THAT(field.ids_of(2), ElementsAre(1u));
  EXPECT_EQ(field.display(0), "Comedy, Drama");
  EXPECT_TRUE(field.matches(0, "drama"));
  EXPECT_FALSE(field.matches(2, "Comedy"));
  EXPECT_FALSE(field.matches(0, "Com"));
}

TEST(FeatureField, HoldsNumbers) {
  const FeatureField field = field_of(FeatureKind::number, {"1995", "", "2.5"});
  EXPECT_EQ(field.rows(), 3u);
  EXPECT_EQ(field.display(0), "1995");
  EXPECT_EQ(field.display(1), "");
  EXPECT_EQ(field.display(2), "2.5");
  EXPECT_TRUE(std::isnan(field.numbers[1]));
  EXPECT_TRUE(field.matches(0, "1995.0"));
  EXPECT_FALSE(field.matches(1, "1995"));
  EXPECT_FALSE(field.matches(0, "then"));
}

TEST(FeatureField, HoldsText) {
  const FeatureField field = field_of(FeatureKind::text, {"Toy Story (1995)", ""});
  EXPECT_EQ(field.rows(), 2u);
  EXPECT_TRUE(field.matches(0, "story"));
  EXPECT_FALSE(field.matches(1, "story"));
  EXPECT_FALSE(field.matches(0, ""));
}

TEST(FeatureField, RefusesTextWhereANumberBelongs) {
  FeatureField field = field_of(FeatureKind::number, {});
  try {
    field.append("old");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_EQ(error.message(), "The feature f holds \"old\", which is no number.");
  }
  EXPECT_EQ(field.rows(), 0u);
}

TEST(FeatureTable, FindsFieldsByName) {
  FeatureField genres = field_of(FeatureKind::multi, {"Comedy"});
  genres.name = "genres";
  FeatureField year = field_of(FeatureKind::number, {"1995"});
  year.name = "year";
  const FeatureTable table({genres, year});
  EXPECT_EQ(&table.at("year"), &table.fields()[1]);
  EXPECT_EQ(table.find("genre"), nullptr);
  try {
    table.at("genre");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_STREQ(error.what(), "There is no feature \"genre\". Did you mean genres?");
  }
}

TEST(FeatureTable, RefusesFieldsThatDoNotFitTogether) {
  EXPECT_THROW(FeatureTable({field_of(FeatureKind::text, {"a"}), field_of(FeatureKind::text, {"b"})}), Error);
  FeatureField longer = field_of(FeatureKind::text, {"a", "b"});
  longer.name = "g";
  EXPECT_THROW(FeatureTable({field_of(FeatureKind::text, {"a"}), longer}), Error);
}

}  // namespace
}  // namespace gusto
