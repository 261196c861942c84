#include "gusto/data/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gusto {
namespace {

// counts[i] events of item i, each by another user, valued 1, 2, 3, 1, 2, 3 …
Dataset with_counts(const std::vector<std::size_t>& counts, std::shared_ptr<Catalog> catalog) {
  std::vector<Event> events;
  for (std::size_t item = 0; item < counts.size(); ++item) {
    catalog->items.add("i" + std::to_string(item));
    for (std::size_t user = 0; user < counts[item]; ++user) {
      const UserRow row(catalog->users.add("u" + std::to_string(user)));
      events.push_back({row, ItemRow(item), static_cast<float>(user % 3 + 1), static_cast<std::int64_t>(1000 + user)});
    }
  }
  return Dataset(std::move(catalog), events);
}

TEST(Profile, CountsByHand) {
  const Profile profile = make_profile(with_counts({6, 3, 2, 1, 0}, std::make_shared<Catalog>()));
  EXPECT_EQ(profile.events, 12U);
  EXPECT_EQ(profile.described_items, 5U);
  EXPECT_EQ(profile.per_item.rows, 4U);
  EXPECT_EQ(profile.per_item.least, 1U);
  EXPECT_EQ(profile.per_item.lower_quartile, 1U);
  EXPECT_EQ(profile.per_item.median, 2U);
  EXPECT_EQ(profile.per_item.upper_quartile, 3U);
  EXPECT_EQ(profile.per_item.greatest, 6U);
  EXPECT_DOUBLE_EQ(profile.per_item.mean, 3);
  EXPECT_EQ(profile.per_user.rows, 6U);
  EXPECT_EQ(profile.per_user.greatest, 4U);
  EXPECT_DOUBLE_EQ(profile.density, 12.0 / (6 * 4));
  EXPECT_EQ(profile.first_time, 1000);
  EXPECT_EQ(profile.last_time, 1005);
  ASSERT_EQ(profile.values.size(), 3U);
  EXPECT_EQ(profile.values[0].events, 5U);  // of user 0 four, of user 3 one
  EXPECT_EQ(profile.scale.high, 3);
}

TEST(Profile, LongTailByHand) {
  const Profile profile = make_profile(with_counts({6, 3, 2, 1}, std::make_shared<Catalog>()));
  EXPECT_THAT(profile.tail.top_shares, testing::Each(0.5));  // one item of four in each case
  EXPECT_EQ(profile.tail.half_items, 1U);
  EXPECT_DOUBLE_EQ(profile.tail.gini, (-3 * 1 + -1 * 2 + 1 * 3 + 3 * 6) / (4.0 * 12));
  const Profile even = make_profile(with_counts({2, 2, 2, 2}, std::make_shared<Catalog>()));
  EXPECT_DOUBLE_EQ(even.tail.gini, 0);
  EXPECT_EQ(even.tail.half_items, 2U);
}

TEST(Profile, FeaturesAndTheirCoverage) {
  auto catalog = std::make_shared<Catalog>();
  FeatureField genres;
  genres.name = "genres";
  genres.kind = FeatureKind::multi;
  genres.append("Comedy|Drama");
  genres.append_missing();
  FeatureField year;
  year.name = "year";
  year.kind = FeatureKind::number;
  year.append("1995");
  year.append_missing();
  catalog->item_features = FeatureTable({genres, year});
  const Profile profile = make_profile(with_counts({1, 1}, catalog));
  ASSERT_EQ(profile.item_features.size(), 2U);
  EXPECT_EQ(profile.item_features[0].name, "genres");
  EXPECT_EQ(profile.item_features[0].filled, 1U);
  EXPECT_EQ(profile.item_features[0].rows, 2U);
  EXPECT_EQ(profile.item_features[0].distinct, 2U);
  EXPECT_EQ(profile.item_features[1].filled, 1U);
  EXPECT_TRUE(profile.user_features.empty());
}

TEST(Profile, ManyDifferentValuesAreNotListed) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  const UserRow user(catalog->users.add("u"));
  for (int i = 0; i < 51; ++i) {
    const ItemRow item(catalog->items.add(std::to_string(i)));
    events.push_back({user, item, static_cast<float>(i) / 7, kNoTime});
  }
  const Profile profile = make_profile(Dataset(catalog, events));
  EXPECT_TRUE(profile.values.empty());
  EXPECT_FALSE(profile.first_time.has_value());
}

TEST(Profile, OfNothing) {
  const Profile profile = make_profile(Dataset(std::make_shared<Catalog>(), std::vector<Event>{}));
  EXPECT_EQ(profile.events, 0U);
  EXPECT_EQ(profile.density, 0);
  EXPECT_EQ(profile.tail.half_items, 0U);
}

}  // namespace
}  // namespace gusto
