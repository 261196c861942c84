#include "gusto/models/linear/power_kernels.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"

namespace gusto {
namespace {

TEST(RaiseToPower, IsAsExactAsThePowerOfAFloat) {
  std::vector<float> values{0.0F, -0.0F, 1.0F, -1.0F, 1e-45F, -1e-38F, 3e38F, 0.70710678F, 1.41421356F};
  Random random(1, "powers");
  for (int n = 0; n < 20'000; ++n) {
    values.push_back(static_cast<float>(random.normal() * std::pow(10, 12 * random.uniform() - 6)));
  }
  test::on_each_cpu_level([&] {
    for (const float power : {0.1F, 0.5F, 1.0F, 1.1F, 2.0F, 10.0F}) {
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{5}, values.size()}) {
        std::vector<float> raised(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
        raise_to_power(raised, power);
        for (std::size_t n = 0; n < count; ++n) {
          const double size = std::pow(std::abs(static_cast<double>(values[n])), static_cast<double>(power));
          const auto expected = static_cast<float>(std::copysign(size, static_cast<double>(values[n])));
          EXPECT_EQ(std::signbit(raised[n]), std::signbit(values[n]));
          if (std::isinf(expected)) {
            EXPECT_GE(std::abs(raised[n]), std::numeric_limits<float>::max());
          } else {
            ASSERT_NEAR(raised[n], expected, 1.2e-7 * size + 1e-45) << values[n] << " to " << power;
          }
        }
      }
    }
  });
}

TEST(RaiseToPower, LeavesWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  test::on_each_cpu_level([&] {
    std::vector<float> values{kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()};
    raise_to_power(values, 1.1F);
    EXPECT_EQ(values[0], kInfinity);
    EXPECT_EQ(values[1], -kInfinity);
    EXPECT_TRUE(std::isnan(values[2]));
  });
}

}  // namespace
}  // namespace gusto
