#include "gusto/models/content/item_profiles.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using test::error_of;
using test::feature;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Five films with genres, a director, a cast, a plot and a year; of the last nothing is known.
std::shared_ptr<const Catalog> film_catalog() {
  auto catalog = std::make_shared<Catalog>(*test::catalog_of(1, 5));
  catalog->item_features =
      FeatureTable({feature("genres", FeatureKind::multi, {"Comedy|Drama", "Drama", "Comedy", "Drama|War", ""}),
                    feature("director", FeatureKind::categorical, {"Ann Lee", "Bob Ray", "ann lee", "Cy Fox", ""}),
                    feature("cast", FeatureKind::multi, {"Bob Ray|Cy Fox", "Cy Fox", "", "Bob Ray", ""}),
                    feature("plot", FeatureKind::text, {"A toy, a toy, and a dog.", "The dog", "Toy war", "A war", ""}),
                    feature("year", FeatureKind::number, {"1990", "1991", "1990", "1999", ""})});
  return catalog;
}

ItemProfiles profiles_of(const std::string& fields, TermWeighting weighting = TermWeighting::tf_idf, bool soup = false,
                         int min_items = 1) {
  return ItemProfiles(*film_catalog(), {fields, weighting, soup, min_items});
}

/// Label and weight of an item's terms, in order of label.
std::vector<std::pair<std::string, double>> named(const ItemProfiles& profiles, std::size_t item) {
  std::vector<std::pair<std::string, double>> result;
  for (std::size_t e = 0; e < profiles.terms_of(item).size(); ++e) {
    result.emplace_back(profiles.label(profiles.terms_of(item)[e]), profiles.weights_of(item)[e]);
  }
  std::sort(result.begin(), result.end());
  return result;
}

MATCHER_P2(Weighs, label, weight, "") {
  return arg.first == label && std::abs(arg.second - static_cast<double>(weight)) < 1e-6;
}

TEST(ItemProfiles, WeighByTfIdf) {
  // "a" three times in one of two texts that have it, of five items; "toy" twice.
  const double a = (1 + std::log(3)) * std::log(5. / 2);
  const double toy = (1 + std::log(2)) * std::log(5. / 2);
  const double once = std::log(5. / 2);
  const double and_ = std::log(5.);
  const double length = std::sqrt(a * a + toy * toy + once * once + and_ * and_);
  EXPECT_THAT(named(profiles_of("plot"), 0),
              ElementsAre(Weighs("plot: a", a / length), Weighs("plot: and", and_ / length),
                          Weighs("plot: dog", once / length), Weighs("plot: toy", toy / length)));
  EXPECT_TRUE(named(profiles_of("plot"), 4).empty());
}

TEST(ItemProfiles, WeighByBm25) {
  // Texts have 7, 2, 2 and 2 words, of which 13 / 4 on average.
  const auto weight = [](double tf, double df) {
    return tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * 7 / (13. / 4))) * std::log(1 + (5 - df + 0.5) / (df + 0.5));
  };
  const double a = weight(3, 2), toy = weight(2, 2), dog = weight(1, 2), and_ = weight(1, 1);
  const double length = std::sqrt(a * a + toy * toy + dog * dog + and_ * and_);
  EXPECT_THAT(named(profiles_of("plot", TermWeighting::bm25), 0),
              ElementsAre(Weighs("plot: a", a / length), Weighs("plot: and", and_ / length),
                          Weighs("plot: dog", dog / length), Weighs("plot: toy", toy / length)));
}

TEST(ItemProfiles, FieldsHaveTheLengthOfTheirWeight) {
  const double length = std::sqrt(1 + 4);
  EXPECT_THAT(named(profiles_of("genres, director=2", TermWeighting::count), 1),
              ElementsAre(Weighs("director: Bob Ray", 2 / length), Weighs("genres: Drama", 1 / length)));
  EXPECT_EQ(profiles_of("auto, plot=0, year=0").term_count(), profiles_of("genres, director, cast").term_count());
}

TEST(ItemProfiles, ASoupIsOneBag) {
  // The director of item 1 acts in items 0 and 3, and directors count three times.
  const ItemProfiles soup = profiles_of("director=3, cast", TermWeighting::count, true);
  const double length = std::sqrt(9 + 1);
  EXPECT_THAT(named(soup, 1), ElementsAre(Weighs("Bob Ray", 3 / length), Weighs("Cy Fox", 1 / length)));
  std::vector<float> profile(soup.term_count());
  soup.add(1, 1, profile);
  EXPECT_NEAR(soup.dot(3, profile), (3. * 1 + 1. * 3) / 10, 1e-6);
  const ItemProfiles apart = profiles_of("director=3, cast", TermWeighting::count);
  profile.assign(apart.term_count(), 0);
  apart.add(1, 1, profile);
  EXPECT_EQ(apart.dot(3, profile), 0);
}

TEST(ItemProfiles, InASoupOfTfIdfWeightsBelowOneCountToo) {
  // As many items have the one term as the other.
  for (const double weight : {0.5, 0.1}) {
    const double length = std::sqrt(weight * weight + 1);
    const ItemProfiles soup = profiles_of("director=" + std::to_string(weight) + ", cast", TermWeighting::tf_idf, true);
    EXPECT_THAT(named(soup, 1), ElementsAre(Weighs("Bob Ray", weight / length), Weighs("Cy Fox", 1 / length)));
  }
}

TEST(ItemProfiles, NumbersAreRangesAndRareTermsAreLeftOut) {
  const ItemProfiles years = profiles_of("year", TermWeighting::count);
  ASSERT_EQ(years.terms_of(0).size(), 1U);
  EXPECT_EQ(years.terms_of(0)[0], years.terms_of(2)[0]);
  EXPECT_NE(years.terms_of(0)[0], years.terms_of(3)[0]);
  EXPECT_EQ(years.label(years.terms_of(0)[0]), "year: 1990");
  const ItemProfiles shared = profiles_of("director", TermWeighting::count, false, 2);
  ASSERT_EQ(shared.term_count(), 1U);
  EXPECT_EQ(shared.label(0), "director: Ann Lee");
  EXPECT_EQ(profiles_of("plot, genres", TermWeighting::count, true, 6).term_count(), 0U);
}

TEST(ItemProfiles, TellTheirMean) {
  const ItemProfiles profiles = profiles_of("genres", TermWeighting::count);
  const std::vector<float> mean = profiles.mean();
  std::vector<float> sum(profiles.term_count());
  for (std::size_t i = 0; i < 5; ++i) profiles.add(i, 0.2F, sum);
  for (std::size_t t = 0; t < sum.size(); ++t) EXPECT_NEAR(mean[t], sum[t], 1e-6);
}

TEST(ItemProfiles, RefuseWhatIsNoList) {
  for (const char* text : {"", "genres,,plot", "genres=x", "genres=-1", "genres, genres=2", "=2", "genres=1e200",
                           "genres=1000001", "genres, plot=1e-9", "genres=nan", "genres=0", "auto=0, genres=0"}) {
    EXPECT_EQ(error_of([&] { parse_profile_fields(text); }).code(), ErrorCode::invalid_option) << text;
  }
  EXPECT_THAT(error_of([] { parse_profile_fields("genres=1e200"); }).message(),
              HasSubstr("weights are 0 or from 1e-06 to 1000000"));
  EXPECT_EQ(parse_profile_fields("genres=1e6, plot=1e-6, title=0").size(), 3U);
  const Error error = error_of([] { profiles_of("genre"); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_THAT(error.hint(), HasSubstr("genres"));
}

}  // namespace
}  // namespace gusto
