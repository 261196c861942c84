#pragma once

// Runs something on each instruction set that this processor has. For tests only.

#include <gmock/gmock.h>

#include "gusto/base/cpu_level.h"

namespace gusto::test {

/// Calls action() once on each of cpu_levels().
template <class Action>
void on_each_cpu_level(const Action& action) {
  for (const std::string& level : cpu_levels()) {
    force_cpu_level(level);
    const testing::ScopedTrace trace(__FILE__, __LINE__, level);
    action();
  }
  force_cpu_level("");
}

}  // namespace gusto::test
