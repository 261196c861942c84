#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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

/// Asks the kernel to give that memory, once it is written, by pages of 2 MB, whose first use costs far less than that
/// of the 512 small ones each; where it has none, nothing changes.
void prefer_large_pages(std::span<std::byte> memory) noexcept;

}  // namespace gusto
