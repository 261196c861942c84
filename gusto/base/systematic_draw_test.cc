#include "gusto/base/systematic_draw.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>

namespace gusto {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SystematicDraw, DrawsInProportionToWeights) {
  EXPECT_THAT(systematic_draw(std::vector<float>{1, 0, 3, 2, 0}, 0.5), ElementsAre(0, 2, 2, 3, 3));
  EXPECT_THAT(systematic_draw(std::vector<float>{1, 0, 3, 2, 0}, 0), ElementsAre(0, 2, 2, 2, 3));
  EXPECT_THAT(systematic_draw(std::vector<float>{7, 7, 7}, 0.9), ElementsAre(0, 1, 2));
}

TEST(SystematicDraw, MeansOverOffsetsAreTheWeights) {
  const std::vector<float> weights{0.25F, 2.5F, 0.5F, 0.75F, 1};
  std::vector<double> counts(weights.size());
  constexpr int kOffsets = 1000;
  for (int n = 0; n < kOffsets; ++n) {
    const auto drawn = systematic_draw(weights, (n + 0.5) / kOffsets);
    ASSERT_EQ(drawn.size(), weights.size());
    ASSERT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    for (const std::uint32_t i : drawn) counts[i] += 1.0 / kOffsets;
  }
  for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(counts[i], weights[i], 0.002) << i;
}

TEST(SystematicDraw, HasNothingToDrawWithoutWeights) {
  EXPECT_THAT(systematic_draw({}, 0), IsEmpty());
  EXPECT_THAT(systematic_draw(std::vector<float>{0, 0}, 0.5), IsEmpty());
}

}  // namespace
}  // namespace gusto
