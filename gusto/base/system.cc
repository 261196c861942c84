#include "gusto/base/system.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gusto/base/text.h"

namespace gusto {
namespace {

std::optional<std::string> first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<std::uint64_t> number_in(const char* path) {
  const auto line = first_line(path);
  const auto value = line ? parse_integer(trim(*line)) : std::nullopt;
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

// Processors that the container's quota pays for, if it sets one.
std::optional<double> cpu_quota() {
  if (const auto line = first_line("/sys/fs/cgroup/cpu.max")) {  // "max 100000" or "150000 100000"
    const auto parts = split(trim(*line), " ");
    const auto quota = parse_real(parts.front());
    const auto period = parts.size() > 1 ? parse_real(parts[1]) : std::nullopt;
    if (quota && period && *period > 0) return *quota / *period;
    return std::nullopt;
  }
  const auto quota = number_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const auto period = number_in("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota && period && *quota > 0 && *period > 0) return static_cast<double>(*quota) / static_cast<double>(*period);
  return std::nullopt;
}

// A line "Name:   123 kB" of /proc/self/status, in bytes.
std::optional<std::uint64_t> status_bytes(std::string_view name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (!std::string_view(line).starts_with(name)) continue;
    const auto words = split(trim(std::string_view(line).substr(name.size() + 1)), " ");
    if (const auto kib = parse_integer(words.front())) return static_cast<std::uint64_t>(*kib) * 1024;
  }
  return std::nullopt;
}

}  // namespace

unsigned available_threads() {
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) threads = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  if (const auto quota = cpu_quota()) threads = std::min(threads, static_cast<unsigned>(std::ceil(*quota)));
  return std::max(1u, threads);
}

std::uint64_t available_memory() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES)));
  std::uint64_t bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const auto limit = number_in(path); limit && *limit > 0) bytes = std::min(bytes, *limit);
  }
  return bytes;
}

std::uint64_t peak_memory() {
  if (const auto bytes = status_bytes("VmHWM")) return *bytes;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

void reset_peak_memory() {
  malloc_trim(0);  // what was freed counts no more
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
}

void prefer_large_pages(std::span<std::byte> memory) noexcept {
  constexpr std::uintptr_t kLargePage = std::uintptr_t{2} << 20;
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::uintptr_t begin = (address + kLargePage - 1) & ~(kLargePage - 1);
  const std::uintptr_t end = (address + memory.size()) & ~(kLargePage - 1);
  // Advice: whether it is taken makes no difference but in time.
  if (begin < end) static_cast<void>(madvise(memory.data() + (begin - address), end - begin, MADV_HUGEPAGE));
}

}  // namespace gusto
