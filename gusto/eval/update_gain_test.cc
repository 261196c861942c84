#include "gusto/eval/testing/update_gain.h"

#include <gtest/gtest.h>

#include "gusto/data/movielens/embedded.h"

namespace gusto {
namespace {

TEST(UpdateGain, OfIalsIsMostOfWhatTrainingAnewGains) {
  Context context({.threads = 2});
  const test::TimeParts parts = test::own_time_parts(open_embedded(context).data);
  const test::UpdateGain gain = test::update_gain(parts, "ials", {{"dim", 32}}, context);
  EXPECT_GT(gain.users, 600U);
  EXPECT_GT(gain.summary.new_items, 100U);
  EXPECT_EQ(gain.summary.repeated, 0U);
  EXPECT_GT(gain.retrained, gain.before);
  EXPECT_GT(gain.share(), 0.75);
}

}  // namespace
}  // namespace gusto
