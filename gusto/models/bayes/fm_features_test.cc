#include "gusto/models/bayes/fm_features.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::code_of;
using ::testing::ElementsAre;

constexpr std::int64_t kSeconds = 86400;

FeatureField field_of(std::string name, FeatureKind kind, const std::vector<std::string>& values) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  for (const std::string& value : values) field.append(value);
  return field;
}

/// Four users of two teams, three items of one or two genres; events on three days.
std::shared_ptr<const Dataset> data() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"a", "b", "c", "d"}) catalog->users.add(id);
  for (const char* id : {"x", "y", "z"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({field_of("team", FeatureKind::categorical, {"red", "blue", "red", "blue"}),
                                         field_of("id", FeatureKind::categorical, {"1", "2", "3", "4"})});
  catalog->item_features = FeatureTable({field_of("genres", FeatureKind::multi, {"Drama", "Drama|Comedy", "Comedy"}),
                                         field_of("title", FeatureKind::text, {"X", "Y", "Z"})});
  const std::vector<Event> events{{UserRow(0), ItemRow(0), 4, 10},
                                  {UserRow(0), ItemRow(1), 3, kSeconds + 10},
                                  {UserRow(1), ItemRow(0), 5, 20},
                                  {UserRow(2), ItemRow(2), 2, 5 * kSeconds}};
  return std::make_shared<const Dataset>(catalog, events);
}

/// A row's columns, by group, as "group+place:amount".
std::vector<std::string> columns_of(const FmBlock& block, std::uint32_t row) {
  std::vector<std::string> found;
  for (const FmBlock::Group& group : block.groups) {
    for (std::size_t j = group.begin; j < group.end; ++j) {
      for (std::size_t n = block.offsets[j]; n < block.offsets[j + 1]; ++n) {
        if (block.column_rows[n] != row) continue;
        const auto percent = std::lround(100 * static_cast<double>(block.weights[n]));
        found.push_back(group.name + "+" + std::to_string(j - group.begin) + ":" + std::to_string(percent));
      }
    }
  }
  return found;
}

/// Users and items with what their columns switch on.
std::vector<FmBlock> whole(const FmFeatures& features, const Dataset& data) {
  return features.design(data, {}, {}, {}).blocks;
}

TEST(FmFeatures, NoMoreThanIdsHaveNoSharedColumns) {
  const auto dataset = data();
  const FmFeatures features(*dataset, {});
  ASSERT_EQ(features.blocks().size(), 2U);
  EXPECT_FALSE(features.blocks()[FmFeatures::kUser].shares());
  EXPECT_EQ(features.blocks()[FmFeatures::kUser].rows, 4U);
  EXPECT_EQ(features.blocks()[FmFeatures::kItem].rows, 3U);
  EXPECT_FALSE(features.day_row(10));
}

TEST(FmFeatures, SwitchOnSetsAndFieldsByTheRootOfTheirSize) {
  const auto dataset = data();
  const FmFeatures features(*dataset, {.rated = true, .raters = true, .fields = "team, item.genres"});
  const std::vector<FmBlock> blocks = whole(features, *dataset);
  const FmBlock& users = blocks[FmFeatures::kUser];
  const FmBlock& items = blocks[FmFeatures::kItem];
  EXPECT_EQ(features.entries(*dataset), users.column_rows.size() + items.column_rows.size());
  EXPECT_TRUE(features.blocks()[FmFeatures::kUser].column_rows.empty());
  EXPECT_THAT(columns_of(users, 0), ElementsAre("user+0:100", "rated+0:71", "rated+1:71", "team+0:100"));
  EXPECT_THAT(columns_of(users, 3), ElementsAre("user+3:100", "team+1:100"));
  EXPECT_THAT(columns_of(items, 0), ElementsAre("item+0:100", "raters+0:71", "raters+1:71", "genres+0:100"));
  EXPECT_THAT(columns_of(items, 1), ElementsAre("item+1:100", "raters+0:100", "genres+0:71", "genres+1:71"));
}

TEST(FmFeatures, TakeOfThemselvesWhatRowsHaveInCommon) {
  const auto dataset = data();
  const FmFeatures features(*dataset, {.fields = "auto"});
  EXPECT_THAT(columns_of(whole(features, *dataset)[FmFeatures::kUser], 1), ElementsAre("user+1:100", "team+1:100"));
  // Two genres are more than half of three items.
  EXPECT_FALSE(features.blocks()[FmFeatures::kItem].shares());
}

TEST(FmFeatures, RefuseWhatTheyCannotTake) {
  const auto dataset = data();
  EXPECT_EQ(code_of([&] { FmFeatures(*dataset, {.fields = "title"}); }), ErrorCode::invalid_option);
  EXPECT_EQ(code_of([&] { FmFeatures(*dataset, {.fields = "teem"}); }), ErrorCode::invalid_option);
  EXPECT_EQ(code_of([&] { FmFeatures(*dataset, {.fields = "team, genres, user.team"}); }), ErrorCode::invalid_option);
}

TEST(FmFeatures, AskWhichSideIsMeantByANameThatBothHave) {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"a", "b"}) catalog->users.add(id);
  for (const char* id : {"x", "y"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({field_of("country", FeatureKind::categorical, {"it", "fr"})});
  catalog->item_features = FeatureTable({field_of("country", FeatureKind::categorical, {"fr", "fr"})});
  const Dataset dataset(catalog, std::vector<Event>{{UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(1)}});
  EXPECT_EQ(code_of([&] { FmFeatures(dataset, {.fields = "country"}); }), ErrorCode::invalid_option);
  const FmFeatures items(dataset, {.fields = "item.country"});
  EXPECT_FALSE(items.blocks()[FmFeatures::kUser].shares());
  EXPECT_EQ(items.blocks()[FmFeatures::kItem].shared_columns(), 1U);
  const FmFeatures both(dataset, {.fields = "item.country, user.country"});
  EXPECT_EQ(both.blocks()[FmFeatures::kUser].shared_columns(), 2U);
}

TEST(FmFeatures, FindDays) {
  const auto dataset = data();
  const FmFeatures features(*dataset, {.day = true, .user_day = true});
  ASSERT_EQ(features.blocks().size(), 4U);
  EXPECT_EQ(features.blocks()[features.day_block()].rows, 3U);
  EXPECT_EQ(features.blocks()[features.user_day_block()].rows, 4U);
  EXPECT_EQ(features.day_row(kSeconds - 1), 0U);
  EXPECT_EQ(features.day_row(kSeconds), 1U);
  EXPECT_FALSE(features.day_row(2 * kSeconds));
  EXPECT_FALSE(features.day_row(-1));
  EXPECT_EQ(features.user_day_row(0, kSeconds + 99), 1U);
  EXPECT_EQ(features.user_day_row(1, 0), 2U);
  EXPECT_FALSE(features.user_day_row(1, kSeconds));
  EXPECT_FALSE(features.user_day_row(3, 0));
}

TEST(FmFeatures, GiveEventsWithoutATimeADayOfTheirOwn) {
  const auto dataset = test::dataset_of(
      2, 2,
      {{UserRow(0), ItemRow(0), 4, kSeconds}, {UserRow(0), ItemRow(1), 4}, {UserRow(1), ItemRow(1), 4, 2 * kSeconds}});
  const FmFeatures features(*dataset, {.day = true, .user_day = true});
  EXPECT_EQ(features.blocks()[features.day_block()].rows, 3U);
  EXPECT_EQ(features.day_row(kNoTime), 0U);
  EXPECT_EQ(features.user_day_row(0, kNoTime), 0U);
  EXPECT_FALSE(features.user_day_row(1, kNoTime));
  EXPECT_FALSE(FmFeatures(*data(), {.day = true}).day_row(kNoTime));
  const FmDesign design = features.design(*dataset, {0, 0, 1}, {1, 0, 1}, {kNoTime, kSeconds, 2 * kSeconds});
  EXPECT_THAT(design.rows[features.day_block()], ElementsAre(0, 1, 2));
  EXPECT_THAT(design.rows[features.user_day_block()], ElementsAre(0, 1, 2));
}

TEST(FmFeatures, LeaveTimeOutIfAllIsOfOneDay) {
  const auto dataset = test::dataset_of(2, 1, {{UserRow(0), ItemRow(0), 4, 10}, {UserRow(1), ItemRow(0), 4, 90}});
  const FmFeatures features(*dataset, {.day = true, .user_day = true});
  EXPECT_EQ(features.blocks().size(), 2U);
  EXPECT_FALSE(features.day_row(10));
  EXPECT_FALSE(features.user_day_row(0, 10));
}

TEST(FmFeatures, SeeNewUsersAsTheySawUsers) {
  const auto dataset = data();
  const FmFeatures features(*dataset, {.rated = true, .fields = "team"});
  const std::vector<HistoryEvent> history{{ItemRow(0), 4}, {ItemRow(1), 3}};
  const FeatureValue red{"team", "red"};
  Query query = Query::with_history(history);
  query.features = {&red, 1};
  const FmBlock& users = features.blocks()[FmFeatures::kUser];
  const auto amounts = [&](const Query& asked) {
    std::vector<std::string> found;
    for (const FmEntry& entry : features.new_user(asked)) {
      const auto group = std::find_if(users.groups.begin(), users.groups.end(), [&](const FmBlock::Group& one) {
        return one.begin <= entry.column && entry.column < one.end;
      });
      const auto percent = std::lround(100 * static_cast<double>(entry.amount));
      found.push_back(group->name + "+" + std::to_string(entry.column - group->begin) + ":" + std::to_string(percent));
    }
    return found;
  };
  EXPECT_THAT(amounts(query), ElementsAre("rated+0:71", "rated+1:71", "team+0:100"));
  // Someone known who brings another history keeps their features.
  query.features = {};
  query.user = UserRow(1);
  EXPECT_THAT(amounts(query), ElementsAre("rated+0:71", "rated+1:71", "team+1:100"));
}

}  // namespace
}  // namespace gusto
