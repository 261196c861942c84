#include "gusto/base/cpu_level.h"

#include <cstdint>

#include <fmt/core.h>
#include <hwy/targets.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// Highway's bits of what may run here; the lower one is the better.
std::int64_t runnable_levels() {
  static const std::int64_t found = hwy::SupportedTargets() & HWY_TARGETS;  // before any is forced
  return found;
}

}  // namespace

std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  for (std::int64_t left = runnable_levels(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(left & -left));
  }
  return names;
}

void force_cpu_level(std::string_view level) {
  std::int64_t allowed = runnable_levels();
  while (!level.empty() && allowed != 0 && hwy::TargetName(allowed & -allowed) != level) allowed &= allowed - 1;
  if (allowed == 0) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} is no CPU level of this machine.", quote(level)),
                fmt::format("Choose one of {}.", join(cpu_levels(), ", ")));
  }
  hwy::SetSupportedTargetsForTest(level.empty() ? 0 : allowed);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace gusto
