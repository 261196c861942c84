#include "gusto/base/cpu_level.h"

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"

namespace gusto {
namespace {

TEST(CpuLevelTest, KernelsRunOnTheLevelThatIsForced) {
  const std::string best = kernel_target();
  ASSERT_FALSE(cpu_levels().empty());
  EXPECT_EQ(cpu_levels().front(), best);
  for (const std::string& level : cpu_levels()) {
    force_cpu_level(level);
    EXPECT_EQ(kernel_target(), level);
  }
  EXPECT_EQ(cpu_levels().front(), best) << "what is forced must not hide what there is";
  force_cpu_level("");
  EXPECT_EQ(kernel_target(), best);
}

TEST(CpuLevelTest, ALevelThatIsMissingIsRefusedAndChangesNothing) {
  const std::string best = kernel_target();
  EXPECT_THROW(force_cpu_level("AVX9"), Error);
  EXPECT_THROW(force_cpu_level("avx2"), Error);
  EXPECT_EQ(kernel_target(), best);
}

}  // namespace
}  // namespace gusto
