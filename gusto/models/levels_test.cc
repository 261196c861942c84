// Models are fitted at every CPU level that this machine has: all of their kernels together compute what those of the
// best level do.

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/testing/cpu_levels.h"
#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

class LevelsTest : public test::ConformanceTest {};

TEST_P(LevelsTest, ScoresTheSameWithinRoundingAtEveryLevel) {
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 2);  // before differences of rounding have grown
  }
  const auto scores = [&] {
    const auto model = fitted(small_data(), 1, settings);
    Matrix<float> found(1, small_data()->item_count());
    model->score(std::vector<Query>{Query::known(UserRow(1))}, found.view());
    return found;
  };
  const Matrix<float> expected = scores();
  float largest = 0;
  for (const float x : expected.values()) largest = std::max(largest, std::abs(x));
  test::on_each_cpu_level([&] {
    const Matrix<float> found = scores();
    for (std::size_t i = 0; i < found.cols(); ++i) EXPECT_NEAR(found(0, i), expected(0, i), 1e-4 * largest) << i;
  });
}

std::vector<test::ConformanceCase> models_at_levels() {
  std::vector<test::ConformanceCase> cases;
  for (const ModelInfo* info : registry()) cases.push_back({info, Task::top_n});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Every, LevelsTest, ::testing::ValuesIn(models_at_levels()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
