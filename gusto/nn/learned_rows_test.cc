#include "gusto/nn/learned_rows.h"

#include <optional>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/nn/testing/encoder.h"

namespace gusto::nn {
namespace {

using test::feature;
using test::films;
using ::testing::ElementsAre;
using ::testing::Eq;

constexpr std::nullopt_t kNone = std::nullopt;

/// The films in another order, with a user and an item more, and genres whose values come in another order.
const Dataset& later_films() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"dot", "ben", "ann"}) catalog->users.add(id);
  for (const char* id : {"z", "v", "x", "w"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({feature("gender", FeatureKind::categorical, {"m", "m", "f"}),
                                         feature("age", FeatureKind::number, {"30", "40", "20"})});
  catalog->item_features = FeatureTable({feature("genres", FeatureKind::multi, {"d", "b|d", "b", "a|b"}),
                                         feature("title", FeatureKind::text, {"", "new", "story", "Toy Toy Story"})});
  static const Dataset data(catalog, std::vector<Event>{{UserRow(0), ItemRow(1), 5, 1},
                                                        {UserRow(1), ItemRow(2), 2, 2},
                                                        {UserRow(2), ItemRow(3), 5, 3},
                                                        {UserRow(2), ItemRow(0), 3, 4}});
  return data;
}

std::vector<std::optional<std::uint32_t>> rows_of_field(std::string_view text) {
  const Schema now = Schema::learn(later_films(), parse_fields(text));
  const Schema then = Schema::learn(films(), parse_fields(text));
  return same_ids_of_field(now[0], later_films(), then[0], films());
}

TEST(LearnedRows, AreFoundByWhatIdsMean) {
  // Training ids: ann 1, ben 2; w 1, x 2, z 3.
  EXPECT_THAT(rows_of_field("user"), ElementsAre(Eq(0U), Eq(kNone), Eq(2U), Eq(1U)));
  EXPECT_THAT(rows_of_field("item"), ElementsAre(Eq(0U), Eq(3U), Eq(kNone), Eq(2U), Eq(1U)));
  EXPECT_EQ(rows_of_field("history(3)"), rows_of_field("item"));
  EXPECT_THAT(rows_of_field("gender"), ElementsAre(Eq(0U), Eq(2U), Eq(1U)));
  EXPECT_THAT(rows_of_field("genres"), ElementsAre(Eq(0U), Eq(kNone), Eq(2U), Eq(1U)));
  EXPECT_THAT(rows_of_field("time.weekday"),
              ElementsAre(Eq(0U), Eq(1U), Eq(2U), Eq(3U), Eq(4U), Eq(5U), Eq(6U), Eq(7U)));
  EXPECT_THAT(rows_of_field("age"), ElementsAre(Eq(0U), Eq(1U)));
}

TEST(LearnedRows, OfHashedValuesThatChangedAreNone) {
  EXPECT_THAT(rows_of_field("cross(gender, genres, 3)"), ElementsAre(Eq(kNone), Eq(kNone), Eq(kNone), Eq(kNone)));
}

TEST(LearnedRows, AreCopiedIntoWhatFits) {
  ParameterSet then, now;
  Parameter& from = then.add("user/embedding", ParameterKind::embedding, 3, 2, Start::constant(7));
  Parameter& to = now.add("user/embedding", ParameterKind::embedding, 4, 2, Start::constant(1));
  from.field = to.field = "user";
  then.add("layer", ParameterKind::weights, 2, 2, Start::constant(5));
  now.add("layer", ParameterKind::weights, 2, 2, Start::constant(1));
  const Schema schema_then = Schema::learn(films(), parse_fields("user"));
  const Schema schema_now = Schema::learn(later_films(), parse_fields("user"));
  copy_learned({then, schema_then, films()}, now, schema_now, later_films());
  EXPECT_THAT(now[0].values.values(), ElementsAre(7, 7, 1, 1, 7, 7, 7, 7));
  EXPECT_THAT(now[1].values.values(), ElementsAre(5, 5, 5, 5));

  ParameterSet wider;
  wider.add("layer", ParameterKind::weights, 2, 3, Start::constant(1));
  EXPECT_THROW(copy_learned({then, schema_then, films()}, wider, schema_now, later_films()), Error);
  ParameterSet other;
  other.add("other", ParameterKind::weights, 2, 2, Start::constant(1));
  EXPECT_THROW(copy_learned({then, schema_then, films()}, other, schema_now, later_films()), Error);
}

}  // namespace
}  // namespace gusto::nn
