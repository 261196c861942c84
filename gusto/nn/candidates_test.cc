#include "gusto/nn/candidates.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>

namespace gusto::nn {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr float kNever = -std::numeric_limits<float>::infinity();
const std::vector<std::uint32_t> kFrequencies{5, 0, 1, 2, 8, 0, 3, 1};

// Hard negatives: item 4 is what users like best, whatever the pool.
void shares(std::span<const std::uint32_t> items, std::span<const float> offsets, std::span<float> out) {
  float sum = 0;
  for (std::size_t j = 0; j < items.size(); ++j) sum += out[j] = std::exp(offsets[j]) * (items[j] == 4 ? 6.0F : 1.0F);
  for (float& share : out) share /= sum;
}

Candidates draw(const SamplingOptions& options, std::span<const std::uint32_t> targets, std::uint64_t key = 1) {
  CandidateSampler sampler(kFrequencies, kFrequencies, options);
  Candidates candidates;
  sampler.draw(targets, key, shares, candidates);
  return candidates;
}

TEST(Candidates, OfFullSamplingAreAllItemsWithEvents) {
  const std::vector<std::uint32_t> targets{4, 0, 4};
  const Candidates all = draw({.sampling = Sampling::full}, targets);
  EXPECT_THAT(all.items, ElementsAre(0, 2, 3, 4, 6, 7));
  EXPECT_THAT(all.others, Each(0.0F));
  EXPECT_THAT(all.targets, ElementsAre(3, 0, 3));
  EXPECT_THAT(all.own, IsEmpty());
}

TEST(Candidates, OfTheBatchCountAsOftenAsTheyAreIn) {
  const std::vector<std::uint32_t> targets{4, 0, 4};
  const Candidates plain = draw({.sampling = Sampling::in_batch, .correction = 0}, targets);
  EXPECT_THAT(plain.items, ElementsAre(0, 4));
  EXPECT_THAT(plain.counts, ElementsAre(1, 2));
  EXPECT_THAT(plain.others, ElementsAre(0, std::log(2.0F)));
  EXPECT_THAT(plain.targets, ElementsAre(1, 0, 1));
  // 20 events, 5 of item 0 and 8 of item 4: expected 3 · 5/20 and 3 · 8/20 times.
  const Candidates corrected = draw({.sampling = Sampling::in_batch}, targets);
  EXPECT_NEAR(corrected.others[0], std::log(1 / 0.75), 1e-6);
  EXPECT_NEAR(corrected.others[1], std::log(2 / 1.2), 1e-6);
  EXPECT_THAT(corrected.own, IsEmpty());
}

TEST(Candidates, OfTheBatchAreExpectedAsOftenAsTheyAreWanted) {
  // Items 0 and 4 have 5 and 8 of the events, but half of the targets each.
  const std::vector<std::uint32_t> wanted{2, 0, 0, 0, 2, 0, 0, 0}, targets{4, 0, 4};
  CandidateSampler sampler(kFrequencies, wanted, {.sampling = Sampling::in_batch});
  Candidates candidates;
  sampler.draw(targets, 1, shares, candidates);
  EXPECT_NEAR(candidates.others[0], std::log(1 / 1.5), 1e-6);
  EXPECT_NEAR(candidates.others[1], std::log(2 / 1.5), 1e-6);
}

TEST(Candidates, KeptHitsStandBesideTheirTarget) {
  const std::vector<std::uint32_t> targets{4, 0, 4};
  const Candidates kept =
      draw({.sampling = Sampling::in_batch, .correction = 0, .accidental_hits = Hits::keep}, targets);
  EXPECT_THAT(kept.own, ElementsAre(std::log(2.0F), 0, std::log(2.0F)));
}

TEST(Candidates, TargetsThatAreNotDrawnAreNobodyElsesCandidates) {
  const std::vector<std::uint32_t> targets{2, 7};
  const Candidates none = draw({.sampling = Sampling::none}, targets);
  EXPECT_THAT(none.items, ElementsAre(2, 7));
  EXPECT_THAT(none.others, Each(kNever));
  EXPECT_THAT(none.counts, Each(0.0F));
}

TEST(Candidates, AreTheSameForTheSameKey) {
  const std::vector<std::uint32_t> targets{2};
  const SamplingOptions options{.sampling = Sampling::popularity, .negatives = 20};
  EXPECT_EQ(draw(options, targets, 5).counts, draw(options, targets, 5).counts);
  EXPECT_NE(draw(options, targets, 5).counts, draw(options, targets, 6).counts);
}

class EstimateTest : public ::testing::TestWithParam<SamplingOptions> {};

// Over many draws, the sample's corrected sum of any function of items is that over the catalog: here, of the indicator
// of each item.
TEST_P(EstimateTest, IsUnbiased) {
  CandidateSampler sampler(kFrequencies, kFrequencies, GetParam());
  std::vector<double> sums(kFrequencies.size());
  constexpr int kDraws = 20000;
  Candidates candidates;
  for (int n = 0; n < kDraws; ++n) {
    // Targets come as often as their items have events.
    const auto key = static_cast<std::uint64_t>(n);
    std::vector<std::uint32_t> targets;
    for (int t = 0; t < 3; ++t) {
      std::uint32_t event = static_cast<std::uint32_t>((key * 7919 + static_cast<std::uint64_t>(t) * 104729) % 20);
      std::uint32_t item = 0;
      while (event >= kFrequencies[item]) event -= kFrequencies[item++];
      targets.push_back(item);
    }
    sampler.draw(targets, key, shares, candidates);
    for (std::size_t c = 0; c < candidates.items.size(); ++c) {
      sums[candidates.items[c]] += std::exp(static_cast<double>(candidates.others[c]));
    }
  }
  for (std::size_t item = 0; item < kFrequencies.size(); ++item) {
    EXPECT_NEAR(sums[item] / kDraws, kFrequencies[item] == 0 ? 0 : 1, 0.06) << "item " << item;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, EstimateTest,
                         ::testing::Values(SamplingOptions{.sampling = Sampling::in_batch},
                                           SamplingOptions{.sampling = Sampling::in_batch, .negatives = 4},
                                           SamplingOptions{.sampling = Sampling::uniform, .negatives = 4},
                                           SamplingOptions{.sampling = Sampling::popularity, .negatives = 4},
                                           SamplingOptions{.sampling = Sampling::hard, .negatives = 4}));

}  // namespace
}  // namespace gusto::nn
