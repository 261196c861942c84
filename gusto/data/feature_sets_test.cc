#include "gusto/data/feature_sets.h"

#include <gtest/gtest.h>

namespace gusto {
namespace {

FeatureField field_of(std::string name, FeatureKind kind) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  return field;
}

TEST(FeatureSets, DistanceIsOneMinusJaccardOverAllFieldsWithValues) {
  FeatureField title = field_of("title", FeatureKind::text);
  FeatureField genres = field_of("genres", FeatureKind::multi);
  FeatureField country = field_of("country", FeatureKind::categorical);
  for (const std::string_view values : {"Comedy|Drama", "Comedy", "", "Horror", "Drama|Comedy|Drama"}) {
    title.append("same");
    genres.append(values);
    if (values.empty()) country.append_missing();
    else country.append("Comedy");  // a value of the same spelling in another field is another value
  }
  const FeatureSets features(FeatureTable({title, genres, country}));
  EXPECT_FALSE(features.empty());
  EXPECT_DOUBLE_EQ(features.distance(ItemRow(0), ItemRow(1)), 1 - 2.0 / 3);
  EXPECT_DOUBLE_EQ(features.distance(ItemRow(0), ItemRow(4)), 0);
  EXPECT_DOUBLE_EQ(features.distance(ItemRow(1), ItemRow(3)), 1 - 1.0 / 3);
  EXPECT_DOUBLE_EQ(features.distance(ItemRow(2), ItemRow(3)), 1);
  EXPECT_EQ(features[ItemRow(2)].size(), 0u);
}

TEST(FeatureSets, AreEmptyWithoutFieldsWithValues) {
  EXPECT_TRUE(FeatureSets(FeatureTable()).empty());
  FeatureField title = field_of("title", FeatureKind::text);
  title.append("Heat");
  const FeatureSets features(FeatureTable({title}));
  EXPECT_TRUE(features.empty());
  EXPECT_TRUE(features[ItemRow(0)].empty());
}

}  // namespace
}  // namespace gusto
