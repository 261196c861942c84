#include "gusto/retrieval/rerank.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/feature.h"

namespace gusto {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<ItemRow> first_items(std::size_t count) {
  std::vector<ItemRow> items;
  for (std::size_t i = 0; i < count; ++i) items.emplace_back(i);
  return items;
}

FeatureField field_of(std::string name, FeatureKind kind) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  return field;
}

FeatureField genres_of(const std::vector<std::string>& values) {
  return test::feature("genres", FeatureKind::multi, values);
}

std::vector<std::size_t> candidates_of(const std::vector<RerankedItem>& list) {
  std::vector<std::size_t> result;
  for (const RerankedItem& entry : list) result.push_back(entry.candidate);
  return result;
}

/// KL(p ‖ 0.99 q + 0.01 p), as it is written.
double kl(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (std::size_t g = 0; g < p.size(); ++g) sum += p[g] > 0 ? p[g] * std::log(p[g] / (0.99 * q[g] + 0.01 * p[g])) : 0;
  return sum;
}

TEST(Rerank, PicksByMaximalMarginalRelevance) {
  const std::vector<ItemRow> items = first_items(4);
  const std::vector<float> relevance{1, 0.9F, 0.5F, 0.2F};
  const float similar[4][4] = {{1, 0.9F, 0.1F, 0}, {0.9F, 1, 0, 0}, {0.1F, 0, 1, 0.8F}, {0, 0, 0.8F, 1}};
  const RerankInput input{
      .items = items,
      .relevance = relevance,
      .k = 4,
      .diversity = 0.5,
      .similarity = [&](std::size_t picked, std::span<float> out) { std::copy_n(similar[picked], 4, out.begin()); }};
  const std::vector<RerankedItem> list = rerank(input);
  EXPECT_THAT(candidates_of(list), ElementsAre(0, 2, 1, 3));
  EXPECT_NEAR(list[0].value, 0.5 * 1, 1e-7);
  EXPECT_NEAR(list[1].value, 0.5 * 0.5 - 0.5 * 0.1, 1e-7);
  EXPECT_NEAR(list[2].value, 0.5 * 0.9 - 0.5 * 0.9, 1e-7);
  EXPECT_NEAR(list[3].value, 0.5 * 0.2 - 0.5 * 0.8, 1e-7);
  EXPECT_NEAR(list[3].similarity, 0.8, 1e-7);
}

TEST(Rerank, CalibratesTheMixOfTheList) {
  // Steck's example: of a user's films 70 % are romance and 30 % action; the best ones are all romance.
  std::vector<std::string> values(40, "romance");
  std::fill(values.begin() + 20, values.end(), "action");
  const FeatureField field = genres_of(values);
  const std::vector<ItemRow> items = first_items(40);
  std::vector<float> relevance(40);
  for (std::size_t i = 0; i < 40; ++i) relevance[i] = 1 - static_cast<float>(i) / 40;
  const std::vector<double> mix{0.7, 0.3, 0};
  const std::vector<RerankedItem> list =
      rerank({.items = items, .relevance = relevance, .k = 10, .calibration = 0.95, .field = &field, .mix = mix});
  ASSERT_EQ(list.size(), 10u);
  const auto romance = std::count_if(list.begin(), list.end(), [](const auto& entry) { return entry.candidate < 20; });
  EXPECT_EQ(romance, 7);
  EXPECT_NEAR(list.back().divergence, 0, 1e-12);
  EXPECT_NEAR(list.front().divergence, kl(mix, {1, 0, 0}), 1e-12);
  EXPECT_NEAR(list.front().value, 0.05 * 1 - 0.95 * kl(mix, {1, 0, 0}), 1e-9);
}

TEST(Rerank, CountsItemsWithoutAValueAsAValueOfTheirOwn) {
  const FeatureField field = genres_of({"a|b", "", "a", "b|b|a"});
  EXPECT_THAT(feature_mix(field, first_items(4)), ElementsAre(0.5, 0.25, 0.25));
  EXPECT_THAT(feature_mix(field, {}), Each(0));
  const std::vector<ItemRow> items = first_items(3);
  const std::vector<float> relevance{1, 0, 1};
  const std::vector<double> mix{0, 0, 1};
  const std::vector<RerankedItem> list =
      rerank({.items = items, .relevance = relevance, .k = 1, .calibration = 0.5, .field = &field, .mix = mix});
  EXPECT_THAT(candidates_of(list), ElementsAre(1));
}

TEST(Rerank, LeavesQueryUsersWithoutAMixUncalibrated) {
  const FeatureField field = genres_of({"a", "b"});
  const std::vector<ItemRow> items = first_items(2);
  const std::vector<float> relevance{1, 0.5F};
  const std::vector<double> mix(3);
  for (const RerankedItem& entry :
       rerank({.items = items, .relevance = relevance, .k = 2, .calibration = 0.9, .field = &field, .mix = mix})) {
    EXPECT_EQ(entry.divergence, 0);
  }
}

TEST(Rerank, PenalizesPopularItems) {
  const std::vector<ItemRow> items = first_items(3);
  const std::vector<float> relevance{1, 0.5F, 0}, popularity{1, 0.25F, 0};
  const std::vector<RerankedItem> list =
      rerank({.items = items, .relevance = relevance, .k = 3, .popularity_penalty = 0.75, .popularity = popularity});
  EXPECT_THAT(candidates_of(list), ElementsAre(2, 1, 0));
  EXPECT_DOUBLE_EQ(list[1].value, 0.25 * 0.5 - 0.75 * 0.25);
  EXPECT_DOUBLE_EQ(list[2].value, 0.25 - 0.75);
}

TEST(Rerank, CapsCountEveryValueOfAnItem) {
  const FeatureField genres = genres_of({"a", "a|b", "b", "", "a|c", "c", "b|c", ""});
  const std::vector<ItemRow> items = first_items(8);
  const std::vector<float> relevance(8, 0.5F);
  const std::vector<FeatureCap> one{{&genres, 1}}, two{{&genres, 2}}, none{{&genres, 0}};
  EXPECT_THAT(candidates_of(rerank({.items = items, .relevance = relevance, .k = 8, .caps = one})),
              ElementsAre(0, 2, 3, 5, 7));
  EXPECT_THAT(candidates_of(rerank({.items = items, .relevance = relevance, .k = 8, .caps = two})),
              ElementsAre(0, 1, 2, 3, 5, 7));
  EXPECT_THAT(candidates_of(rerank({.items = items, .relevance = relevance, .k = 8, .caps = none})), ElementsAre(3, 7));
}

TEST(Rerank, TakesSimilarityFromFeaturesOrVectors) {
  const FeatureSets sets(FeatureTable({genres_of({"a|b", "a", "", "c", ""})}));
  const std::vector<ItemRow> items{ItemRow(4), ItemRow(1), ItemRow(0), ItemRow(2)};
  std::vector<float> row(4);
  feature_similarity(sets, items)(2, row);
  EXPECT_THAT(row, ElementsAre(0, 0.5, 1, 0));
  feature_similarity(sets, items)(0, row);
  EXPECT_THAT(row, Each(0)) << "two items without features are not known to be similar";

  Matrix<float> vectors(5, 2);
  vectors(0, 0) = 2;
  vectors(1, 0) = -3;
  vectors(2, 0) = 1, vectors(2, 1) = 1;
  vectors(4, 1) = 0.5F;
  const std::vector<ItemRow> placed{ItemRow(0), ItemRow(1), ItemRow(2), ItemRow(3), ItemRow(4)};
  std::vector<float> cosines(5);
  vector_similarity(std::as_const(vectors).view(), placed)(0, cosines);
  const std::vector<float> expected{1, -1, std::sqrt(0.5F), 0, 0};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(cosines[i], expected[i], 1e-6);
}

TEST(Rerank, CosinesStayWithinOne) {
  Matrix<float> vectors(200, 7);
  Random random(3, "cosines");
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    for (float& number : vectors.row(i)) number = static_cast<float>(random.normal());
  }
  const std::vector<ItemRow> items = first_items(vectors.rows());
  const SimilarityRow similarity = vector_similarity(std::as_const(vectors).view(), items);
  std::vector<float> cosines(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    similarity(i, cosines);
    EXPECT_NEAR(cosines[i], 1, 1e-6);
    EXPECT_LE(*std::max_element(cosines.begin(), cosines.end()), 1);
  }
}

TEST(Rerank, RefusesWhatMakesNoSense) {
  const auto message = [](const auto& call) { return test::error_of(call).message(); };
  EXPECT_THAT(message([] { check_rerank_shares(1.5, 0, 0); }), HasSubstr("diversity has a share of 1.5"));
  EXPECT_THAT(message([] { check_rerank_shares(0, -0.5, 0); }), HasSubstr("calibration has a share of -0.5"));
  EXPECT_THAT(message([] { check_rerank_shares(0.5, 0.3, 0.4); }), HasSubstr("1.2 together"));
  EXPECT_NO_THROW(check_rerank_shares(0.1, 0.2, 0.7));
  const FeatureField year = field_of("year", FeatureKind::number);
  EXPECT_THAT(message([&] { feature_mix(year, {}); }), HasSubstr("The feature year is of kind number"));
}

TEST(Rerank, GivesShortListsForFewCandidates) {
  EXPECT_THAT(rerank({.k = 5}), IsEmpty());
  const std::vector<ItemRow> items = first_items(2);
  const std::vector<float> relevance{1, 0};
  EXPECT_EQ(rerank({.items = items, .relevance = relevance, .k = 5}).size(), 2u);
  EXPECT_THAT(rerank({.items = items, .relevance = relevance, .k = 0}), IsEmpty());
}

/// A case of everything at once.
struct RandomRerank {
  std::vector<ItemRow> items;
  std::vector<float> relevance;
  std::vector<float> popularity;
  Matrix<float> vectors;
  FeatureField genres;
  FeatureField director = field_of("director", FeatureKind::categorical);
  std::vector<double> mix;
  std::vector<FeatureCap> caps;
  RerankInput input;

  RandomRerank(std::uint64_t seed, bool capped) {
    Random random(seed, "rerank test");
    const std::size_t count = random.below(25);
    std::vector<std::string> values;
    constexpr std::string_view kValues[] = {"", "a", "b", "c", "a|b", "b|c", "a|c|d"};
    vectors = Matrix<float>(count, 3);
    for (std::size_t i = 0; i < count; ++i) {
      items.emplace_back(i);
      relevance.push_back(static_cast<float>(random.uniform()));
      popularity.push_back(static_cast<float>(random.uniform()));
      for (float& x : vectors.row(i)) x = static_cast<float>(random.normal());
      values.emplace_back(kValues[random.below(std::size(kValues))]);
      director.append(std::to_string(random.below(5)));
    }
    std::sort(relevance.begin(), relevance.end(), std::greater<>());
    genres = genres_of(values);
    std::vector<ItemRow> history;
    for (std::size_t i = 0; i < count; ++i) {
      if (random.below(3) == 0) history.push_back(items[i]);
    }
    mix = feature_mix(genres, history);
    if (capped) caps = {{&genres, 1 + random.below(4)}, {&director, 1 + random.below(3)}};
    input = {.items = items,
             .relevance = relevance,
             .k = random.below(count + 3),
             .diversity = 0.3 * random.uniform(),
             .similarity = vector_similarity(std::as_const(vectors).view(), items),
             .calibration = 0.3 * random.uniform(),
             .field = &genres,
             .mix = mix,
             .popularity_penalty = 0.3 * random.uniform(),
             .popularity = popularity,
             .caps = caps};
  }
  RandomRerank(const RandomRerank&) = delete;
  RandomRerank& operator=(const RandomRerank&) = delete;

  /// Whether the items picked, with one more, keep within the caps.
  bool allows(std::vector<ItemRow> picked, ItemRow next) const {
    picked.push_back(next);
    for (const FeatureCap& cap : caps) {
      std::vector<std::size_t> counts(cap.field->values.size());
      for (const ItemRow item : picked) {
        const auto ids = cap.field->ids_of(item.index);
        for (const std::uint32_t id : std::set<std::uint32_t>(ids.begin(), ids.end())) {
          if (++counts[id] > cap.most) return false;
        }
      }
    }
    return true;
  }

  /// The value of a candidate after those picked, by the definition.
  double value(const std::vector<ItemRow>& picked, std::size_t i) const {
    double similarity = picked.empty() ? 0 : -1;
    for (const ItemRow other : picked) {
      const auto a = vectors.row(i), b = vectors.row(other.index);
      const double product = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
      const double squares = std::inner_product(a.begin(), a.end(), a.begin(), 0.0) *
                             std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
      similarity = std::max(similarity, product / std::sqrt(squares));
    }
    std::vector<ItemRow> list = picked;
    list.push_back(items[i]);
    const bool calibrated = std::accumulate(mix.begin(), mix.end(), 0.0) > 0;
    return (1 - input.diversity - input.calibration - input.popularity_penalty) * relevance[i] -
           input.diversity * similarity - input.calibration * (calibrated ? kl(mix, feature_mix(genres, list)) : 0) -
           input.popularity_penalty * popularity[i];
  }
};

RC_GTEST_PROP(Rerank, EveryPickIsTheBestByTheDefinition, (std::uint64_t seed, bool capped)) {
  const RandomRerank one(seed, capped);
  const std::vector<RerankedItem> list = rerank(one.input);
  std::vector<ItemRow> picked;
  std::vector<bool> open(one.items.size(), true);
  for (const RerankedItem& entry : list) {
    RC_ASSERT(open[entry.candidate]);
    RC_ASSERT(one.allows(picked, one.items[entry.candidate]));
    RC_ASSERT(std::abs(entry.value - one.value(picked, entry.candidate)) < 1e-5);
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i] && one.allows(picked, one.items[i])) RC_ASSERT(one.value(picked, i) <= entry.value + 1e-5);
    }
    open[entry.candidate] = false;
    picked.push_back(one.items[entry.candidate]);
  }
  RC_ASSERT(list.size() <= one.input.k);
  if (list.size() == one.input.k) return;
  for (std::size_t i = 0; i < open.size(); ++i) RC_ASSERT(!open[i] || !one.allows(picked, one.items[i]));
}

RC_GTEST_PROP(Rerank, WithoutSharesTheOrderStays, (std::uint64_t seed)) {
  RandomRerank one(seed, false);
  one.input.diversity = one.input.calibration = one.input.popularity_penalty = 0;
  const std::vector<std::size_t> order = candidates_of(rerank(one.input));
  RC_ASSERT(order.size() == std::min(one.input.k, one.items.size()));
  for (std::size_t i = 0; i < order.size(); ++i) RC_ASSERT(order[i] == i);
}

}  // namespace
}  // namespace gusto
