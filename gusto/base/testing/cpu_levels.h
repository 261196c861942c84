#pragma once

// Runs something on each instruction set that this processor has. For tests only.

#include <cstdint>

#include <gmock/gmock.h>
#include <hwy/targets.h>

namespace gusto::test {

/// Calls action() once per instruction set that kernels were compiled for and this processor can run.
template <class Action>
void on_each_cpu_level(const Action& action) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const testing::ScopedTrace trace(__FILE__, __LINE__, hwy::TargetName(target));
    action();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace gusto::test
