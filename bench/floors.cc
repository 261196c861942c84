#include "bench/floors.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "bench/bench_rate.h"
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "gusto/base/cpu_level.h"
#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/matrix.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/floors.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bench {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloorTag = hn::CappedTag<float, 16>;
constexpr std::size_t kSums = 12;
constexpr std::size_t kStreams = 4;

float MultiplyAdd(std::size_t rounds) {
  const FloorTag d;
  hn::Vec<FloorTag> sums[kSums];
  HWY_UNROLL(12)
  for (std::size_t s = 0; s < kSums; ++s) sums[s] = hn::Set(d, static_cast<float>(s));
  auto factor = hn::Set(d, static_cast<float>(rounds % 2));
  for (std::size_t n = 0; n < rounds; ++n) {
    HWY_UNROLL(12)
    for (std::size_t s = 0; s < kSums; ++s) sums[s] = hn::MulAdd(factor, factor, sums[s]);
  }
  auto sum = sums[0];
  for (std::size_t s = 1; s < kSums; ++s) sum = hn::Add(sum, sums[s]);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

std::size_t Lanes() { return hn::Lanes(FloorTag()); }

// From several places at once, which no single stream of reads comes up to.
float Read(const float* HWY_RESTRICT numbers, std::size_t count) {
  const FloorTag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t each = count / kStreams / 16 * 16;
  hn::Vec<FloorTag> sums[kStreams];
  HWY_UNROLL(4)
  for (std::size_t s = 0; s < kStreams; ++s) sums[s] = hn::Zero(d);
  for (std::size_t i = 0; i < each; i += 16) {
    HWY_UNROLL(4)
    for (std::size_t s = 0; s < kStreams; ++s) {
      for (std::size_t v = 0; v < 16; v += lanes) sums[s] = hn::Add(sums[s], hn::LoadU(d, numbers + s * each + i + v));
    }
  }
  auto sum = sums[0];
  for (std::size_t s = 1; s < kStreams; ++s) sum = hn::Add(sum, sums[s]);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

}  // namespace HWY_NAMESPACE
}  // namespace bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {
HWY_EXPORT(MultiplyAdd);
HWY_EXPORT(Lanes);
HWY_EXPORT(Read);
}  // namespace bench

using namespace bench;  // where Highway's dispatch looks for the kernels

double peak_flops_now(int runs) {
  constexpr std::size_t kRounds = 20'000;
  const double seconds =
      best_seconds(runs, [] { benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(MultiplyAdd)(kRounds)); });
  return 2.0 * 12 * kRounds * static_cast<double>(HWY_DYNAMIC_DISPATCH(Lanes)()) / seconds;
}

double peak_flops() {
  static const double rate = peak_flops_now(50);
  return rate;
}

double read_rate(std::size_t bytes) {
  static std::map<std::size_t, double> rates;
  const auto [entry, fresh] = rates.emplace(bytes, 0.0);
  if (fresh) {
    const gusto::Matrix<float> numbers(1, bytes / sizeof(float));
    const double seconds = best_seconds(20, [&] {
      benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(Read)(numbers.values().data(), numbers.values().size()));
    });
    entry->second = static_cast<double>(bytes) / seconds;
  }
  return entry->second;
}

bool tell_floors() {
  if (const char* level = std::getenv("GUSTO_CPU_LEVEL"); level != nullptr) {
    try {
      gusto::force_cpu_level(level);
    } catch (const gusto::Error& error) {
      fmt::print(stderr, "{} {}\n", error.message(), error.hint());
      std::exit(2);
    }
  }
  benchmark::AddCustomContext("level", gusto::kernel_target());
  benchmark::AddCustomContext("peak of a core", fmt::format("{:.1f} GFLOP/s", peak_flops() / 1e9));
  benchmark::AddCustomContext("memory, read by a core", fmt::format("{:.1f} GB/s", read_rate(256'000'000) / 1e9));
  return true;
}
#endif
