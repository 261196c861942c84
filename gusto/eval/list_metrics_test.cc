#include "gusto/eval/list_metrics.h"

#include <cmath>
#include <memory>
#include <numeric>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/eval/estimate.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::first_items;
using testing::ElementsAre;

// Lists that own what ItemLists borrows.
struct OwnedLists {
  std::vector<UserRow> users;
  std::vector<std::uint64_t> offsets{0};
  std::vector<ItemRow> items;

  explicit OwnedLists(const std::vector<std::vector<int>>& lists) {
    for (const std::vector<int>& list : lists) {
      users.emplace_back(users.size());
      for (const int item : list) items.emplace_back(item);
      offsets.push_back(items.size());
    }
  }
  ItemLists view() const { return {users, offsets, items}; }
};

Estimate estimate_of(const OwnedLists& lists, SetFigure (*metric)(const AllLists&), std::size_t k,
                     std::size_t candidates, std::size_t items) {
  const std::vector<ItemRow> first = first_items(candidates);
  const SetFigure figure = metric({lists.view(), k, first, items});
  return influence_estimate("metric", figure.value, lists.users, figure.influence, true);
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

TEST(Beyond, CoverageCountsCandidatesShown) {
  const OwnedLists lists({{0, 1}, {1, 2}, {1}, {}});
  const Estimate two = estimate_of(lists, coverage, 2, 5, 6);
  EXPECT_DOUBLE_EQ(two.mean, 3.0 / 5);
  EXPECT_EQ(two.user_count, 4u);
  const Estimate one = estimate_of(lists, coverage, 1, 5, 6);
  EXPECT_DOUBLE_EQ(one.mean, 2.0 / 5);  // items 0 and 1
}

TEST(Beyond, CoverageInfluenceIsTheJackknifes) {
  const std::vector<std::vector<int>> all{{0, 1}, {1, 2}, {1, 3}, {4, 5}};
  const Estimate estimate = estimate_of(OwnedLists(all), coverage, 2, 10, 10);
  std::vector<double> without;
  for (std::size_t u = 0; u < all.size(); ++u) {
    std::vector<std::vector<int>> rest = all;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(u));
    without.push_back(estimate_of(OwnedLists(rest), coverage, 2, 10, 10).mean);
  }
  const double mean = sum(without) / 4;
  double squares = 0;
  for (const double value : without) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(estimate.stderr_, std::sqrt(3.0 / 4 * squares), 1e-12);
  EXPECT_NEAR(sum(estimate.influence), 0, 1e-15);
}

TEST(Beyond, GiniKnowsItsExtremes) {
  // everything to one of 5 candidates: 1 − 1/5; all equal: 0
  EXPECT_NEAR(estimate_of(OwnedLists({{3}, {3}, {3}}), gini, 1, 5, 5).mean, 0.8, 1e-12);
  EXPECT_NEAR(estimate_of(OwnedLists({{0}, {1}, {2}, {3}, {4}}), gini, 1, 5, 5).mean, 0, 1e-12);
  EXPECT_EQ(estimate_of(OwnedLists({{}, {}}), gini, 1, 5, 5).mean, 0);
  // counts 1, 3 of 2 candidates: (−1·1 + 1·3) / (2·4)
  EXPECT_NEAR(estimate_of(OwnedLists({{0}, {1}, {1}, {1}}), gini, 1, 2, 2).mean, 0.25, 1e-12);
}

RC_GTEST_PROP(Beyond, GiniIsTheMeanAbsoluteDifference, ()) {
  const auto shown = *rc::gen::container<std::vector<std::vector<int>>>(
      30, rc::gen::container<std::vector<int>>(3, rc::gen::inRange(0, 8)));
  const OwnedLists lists(shown);
  const Estimate estimate = estimate_of(lists, gini, 3, 8, 8);
  std::vector<double> counts(8);
  for (const ItemRow item : lists.items) ++counts[item.index];
  double differences = 0;
  for (const double a : counts) {
    for (const double b : counts) differences += std::abs(a - b);
  }
  RC_ASSERT(std::abs(estimate.mean - differences / (2 * 8 * sum(counts))) < 1e-12);
  RC_ASSERT(std::abs(sum(estimate.influence)) < 1e-12);
}

TEST(Beyond, GiniInfluencePredictsLeavingAUserOut) {
  // Item i is shown 10 · (i + 1) times, so that no rank changes when one user leaves.
  std::vector<std::vector<int>> all;
  for (int item = 0; item < 20; ++item) all.insert(all.end(), 10 * (item + 1), {item});
  const Estimate estimate = estimate_of(OwnedLists(all), gini, 1, 50, 50);
  const std::vector<std::vector<int>> rest(all.begin() + 1, all.end());
  const double without = estimate_of(OwnedLists(rest), gini, 1, 50, 50).mean;
  EXPECT_NEAR(without - estimate.mean, -estimate.influence[0], 0.01 * std::abs(estimate.influence[0]));
}

std::shared_ptr<Catalog> catalog_of(int users, int items) {
  auto catalog = std::make_shared<Catalog>();
  for (int u = 0; u < users; ++u) catalog->users.add("u" + std::to_string(u));
  for (int i = 0; i < items; ++i) catalog->items.add("i" + std::to_string(i));
  return catalog;
}

TEST(Beyond, SelfInformationAndHeadComeFromTraining) {
  // 3 users with events; item 0 has all of them, item 1 one, item 2 none
  const std::vector<Event> events{
      {UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(0)}, {UserRow(2), ItemRow(0)}, {UserRow(1), ItemRow(1)}};
  const Dataset train(catalog_of(4, 3), events);
  EXPECT_THAT(self_information(train), ElementsAre(0, 1, 2));
  EXPECT_THAT(popular_head(train, first_items(3)), ElementsAre(true, false, false));
  const std::vector<ItemRow> rest{ItemRow(1), ItemRow(2)};
  EXPECT_THAT(popular_head(train, rest), ElementsAre(false, true, false));
}

TEST(Beyond, HeadIsATenthRoundedUpAndBreaksTiesByRow) {
  const std::vector<Event> events{{UserRow(0), ItemRow(7)}};
  const Dataset train(catalog_of(1, 11), events);
  const std::vector<bool> head = popular_head(train, first_items(11));
  for (std::size_t i = 0; i < head.size(); ++i) EXPECT_EQ(head[i], i == 7 || i == 0) << i;
}

FeatureTable genres() {
  FeatureField title;
  title.name = "title";
  title.kind = FeatureKind::text;
  FeatureField field;
  field.name = "genres";
  field.kind = FeatureKind::multi;
  FeatureField country;
  country.name = "country";
  for (const std::string_view values : {"Comedy|Drama", "Comedy", "", "Horror", "Drama|Comedy|Drama"}) {
    title.append("same");
    field.append(values);
    if (values.empty()) country.append_missing();
    else country.append("Comedy");  // a value of the same spelling in another field is another value
  }
  std::vector<FeatureField> fields;
  fields.push_back(std::move(title));
  fields.push_back(std::move(field));
  fields.push_back(std::move(country));
  return FeatureTable(std::move(fields));
}

TEST(Beyond, DiversityPassesOverItemsWithoutFeatures) {
  const FeatureSets features(genres());
  const std::vector<ItemRow> list{ItemRow(0), ItemRow(2), ItemRow(1), ItemRow(3)};
  const double expected = ((1 - 2.0 / 3) + (1 - 1.0 / 4) + (1 - 1.0 / 3)) / 3;
  EXPECT_DOUBLE_EQ(intra_list_diversity(features, list).value(), expected);
  EXPECT_FALSE(intra_list_diversity(features, std::vector<ItemRow>{ItemRow(0), ItemRow(2)}).has_value());
  EXPECT_FALSE(intra_list_diversity(FeatureSets(FeatureTable()), list).has_value());
}

}  // namespace
}  // namespace gusto
