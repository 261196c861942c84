// Kernels on rows of 64 and 256 numbers, and on lists of 4,096 scores of which about one in twenty passes.

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/base/kernels.h"

namespace {

std::vector<float> numbers(std::size_t count, double step) {
  std::vector<float> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<float>(std::sin(step * static_cast<double>(i)));
  return result;
}

void dot(benchmark::State& state) {
  const auto a = numbers(static_cast<std::size_t>(state.range(0)), 1);
  const auto b = numbers(a.size(), 2);
  const double expected = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  if (std::abs(gusto::dot(a, b) - expected) > 1e-4) state.SkipWithError("the product is wrong");
  for (auto _ : state) benchmark::DoNotOptimize(gusto::dot(a, b));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(dot)->Arg(64)->Arg(256);

void positions_above(benchmark::State& state) {
  constexpr float kThreshold = .99F;
  const auto scores = numbers(4096, 7);
  std::vector<std::uint32_t> found(scores.size() + 64);
  std::size_t expected = 0;
  for (const float score : scores) expected += score > kThreshold ? 1 : 0;
  if (gusto::positions_above(scores, kThreshold, found.data()) != expected) state.SkipWithError("the count is wrong");
  for (auto _ : state) benchmark::DoNotOptimize(gusto::positions_above(scores, kThreshold, found.data()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(scores.size()));
}
BENCHMARK(positions_above);

}  // namespace
