#pragma once

#include <cstdint>

namespace gusto {

/// Processors that this process may use: its affinity mask, cut to the container's quota (cgroup v1 and v2), at
/// least 1.
unsigned available_threads();

/// Bytes that this process may use in all, what it already holds included: the container's limit if there is one, else
/// the machine's memory.
std::uint64_t available_memory();

/// The largest resident size of this process in bytes since it began, or since reset_peak_memory() where the kernel
/// allows that.
std::uint64_t peak_memory();
void reset_peak_memory();

}  // namespace gusto
