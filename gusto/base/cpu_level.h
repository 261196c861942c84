#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// The instruction sets that the kernels are compiled for and this processor has, the best first: "AVX2", "SSE4", ….
/// What force_cpu_level() forced makes no difference.
std::vector<std::string> cpu_levels();

/// Lets all kernels of the process run on this instruction set from now on; "" is the best again.
///
/// Errors   invalid_option, if it is none of cpu_levels()
/// Threads  while no other thread computes
void force_cpu_level(std::string_view level);

}  // namespace gusto
