#include "gusto/eval/estimate.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/eval/bootstrap.h"

namespace gusto {
namespace {

using testing::ElementsAre;

std::vector<UserRow> rows(std::initializer_list<int> indexes) {
  std::vector<UserRow> users;
  for (const int index : indexes) users.emplace_back(index);
  return users;
}

TEST(Estimate, OfAMeanHasTheTextbookStandardError) {
  const std::vector<double> values{1, 2, 4, 9};
  const Estimate mean = mean_estimate("recall@10", rows({0, 1, 2, 3}), values, true);
  EXPECT_DOUBLE_EQ(mean.mean, 4);
  EXPECT_DOUBLE_EQ(mean.stderr_, std::sqrt((9.0 + 4 + 0 + 25) / 3 / 4));
  EXPECT_DOUBLE_EQ(mean.influence[3], 5.0 / 4);
  EXPECT_EQ(mean.user_count, 4u);
}

TEST(Estimate, InfluenceOfARatioAndItsRootPredictsLeavingAUserOut) {
  std::vector<double> numerators, denominators;
  std::vector<UserRow> users;
  for (int u = 0; u < 2000; ++u) {
    users.emplace_back(u);
    numerators.push_back(1 + (u * 37) % 11);
    denominators.push_back(1 + (u * 53) % 7);
  }
  for (const bool root : {false, true}) {
    const Estimate all = ratio_estimate("x", users, numerators, denominators, false, root);
    EXPECT_NEAR(std::accumulate(all.influence.begin(), all.influence.end(), 0.0), 0, 1e-12);
    const double n = std::accumulate(numerators.begin(), numerators.end(), 0.0) - numerators[5];
    const double d = std::accumulate(denominators.begin(), denominators.end(), 0.0) - denominators[5];
    const double without = root ? std::sqrt(n / d) : n / d;
    EXPECT_NEAR(without - all.mean, -all.influence[5], 2e-3 * std::abs(all.influence[5]));
  }
}

TEST(Estimate, OfNothingAndOfOneUserIsHarmless) {
  EXPECT_EQ(mean_estimate("x", {}, {}, true).mean, 0);
  const Estimate one = ratio_estimate("rmse", rows({3}), std::vector<double>{0}, std::vector<double>{2}, false, true);
  EXPECT_EQ(one.mean, 0);
  EXPECT_EQ(one.stderr_, 0);
}

TEST(Estimate, FoldsAverageAndSharedUsersAddUp) {
  const std::vector<Estimate> folds{mean_estimate("mae", rows({0, 2}), std::vector<double>{1, 3}, false),
                                    mean_estimate("mae", rows({1, 2}), std::vector<double>{4, 8}, false)};
  const Estimate average = average_folds(folds);
  EXPECT_DOUBLE_EQ(average.mean, 4);
  EXPECT_THAT(average.users, ElementsAre(UserRow(0), UserRow(1), UserRow(2)));
  EXPECT_THAT(average.influence, ElementsAre(-0.25, -0.5, 0.75));
  EXPECT_FALSE(average.higher_is_better);
}

class Bootstrap : public testing::Test {
 protected:
  // 400 users; b is a plus `gap`, and noise that is the same in both if paired.
  static std::pair<Estimate, Estimate> estimates(double gap) {
    std::vector<UserRow> users;
    std::vector<double> a, b;
    for (int u = 0; u < 400; ++u) {
      users.emplace_back(u);
      a.push_back((u * 7919) % 101);
      b.push_back(a.back() + gap + 0.1 * ((u * 104729) % 13 - 6));
    }
    return {mean_estimate("x", users, a, true), mean_estimate("x", users, b, true)};
  }
};

TEST_F(Bootstrap, PairingFindsASmallGapUnderLargeNoise) {
  const auto [a, b] = estimates(0.2);
  Context context;
  const EstimatePair pair{&b, &a};
  const Difference difference = paired_bootstrap({&pair, 1}, context).front();
  EXPECT_NEAR(difference.mean, b.mean - a.mean, 1e-12);
  EXPECT_TRUE(difference.distinguishable);
  EXPECT_LT(difference.low, difference.mean);
  EXPECT_GT(difference.high, difference.mean);
  // 1.96 standard errors of the paired difference
  const double stddev = std::sqrt(0.01 * (12.0 * 14 / 12) / 400);
  EXPECT_NEAR(difference.high - difference.low, 2 * 1.96 * stddev, 0.15 * 2 * 1.96 * stddev);
}

TEST_F(Bootstrap, EqualModelsAreNotDistinguishable) {
  const auto [a, b] = estimates(0);
  Context context;
  const EstimatePair pairs[] = {{&a, &a}, {&b, &a}};
  const std::vector<Difference> differences = paired_bootstrap(pairs, context);
  EXPECT_EQ(differences[0].low, 0);
  EXPECT_EQ(differences[0].high, 0);
  EXPECT_FALSE(differences[0].distinguishable);
  EXPECT_FALSE(differences[1].distinguishable);
}

TEST_F(Bootstrap, OneUserProvesNothing) {
  const Estimate a = mean_estimate("x", rows({0}), std::vector<double>{1}, true);
  const Estimate b = mean_estimate("x", rows({0}), std::vector<double>{2}, true);
  Context context;
  const EstimatePair pair{&a, &b};
  EXPECT_FALSE(paired_bootstrap({&pair, 1}, context).front().distinguishable);
  EXPECT_TRUE(paired_bootstrap({}, context).empty());
}

TEST_F(Bootstrap, HasTheSameBitsAtAnyNumberOfThreadsAndFollowsTheSeed) {
  const auto [a, b] = estimates(0.05);
  const EstimatePair pair{&b, &a};
  const auto draw = [&](unsigned threads, std::uint64_t seed) {
    Context context({.threads = threads});
    return paired_bootstrap({&pair, 1}, context, {.seed = seed}).front();
  };
  const Difference one = draw(1, 42);
  for (const unsigned threads : {2u, 7u}) {
    EXPECT_EQ(draw(threads, 42).low, one.low);
    EXPECT_EQ(draw(threads, 42).high, one.high);
  }
  EXPECT_NE(draw(1, 43).low, one.low);
}

TEST_F(Bootstrap, UsersThatOneEstimateLacksCountAsNoInfluence) {
  const Estimate a = mean_estimate("x", rows({0, 1, 2}), std::vector<double>{1, 2, 3}, true);
  const Estimate b = mean_estimate("x", rows({1, 2, 5}), std::vector<double>{1, 2, 3}, true);
  Context context;
  const EstimatePair pair{&a, &b};
  const Difference difference = paired_bootstrap({&pair, 1}, context).front();
  EXPECT_EQ(difference.mean, 0);
  EXPECT_LT(difference.low, 0);
  EXPECT_GT(difference.high, 0);
}

}  // namespace
}  // namespace gusto
