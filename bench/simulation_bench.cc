// Making data up: events drawn a second, in memory and into files, for catalogs whose tails are short and long.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/base/context.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/simulation/simulation_truth.h"

namespace {

gusto::SimulationOptions size_of(const benchmark::State& state) {
  const auto items = static_cast<std::uint64_t>(state.range(0));
  return {.users = 10'000, .items = items, .events = 10'000 * static_cast<std::uint64_t>(state.range(1))};
}

// One thread; every item is there once at most.
void draw(benchmark::State& state) {
  gusto::Context context({.threads = 1});
  const gusto::Simulation simulation(size_of(state), context);
  gusto::SimulatedHistory history(simulation);
  std::int64_t events = 0;
  std::size_t user = 0;
  for (auto _ : state) {
    const auto drawn = history.draw(user++ % simulation.user_count());
    events += static_cast<std::int64_t>(drawn.size());
    const auto twice = [](const auto& a, const auto& b) { return a.item >= b.item; };
    if (std::adjacent_find(drawn.begin(), drawn.end(), twice) != drawn.end())
      state.SkipWithError("an item comes twice");
  }
  state.SetItemsProcessed(events);
}
BENCHMARK(draw)->Args({4000, 160})->Args({20'000, 160})->Args({60'000, 160})->Args({60'000, 1000});

// All threads, the figures of the truth included.
void write(benchmark::State& state) {
  gusto::Context context;
  const gusto::SimulationOptions options = size_of(state);
  for (auto _ : state) {
    const gusto::test::TemporaryFolder folder;
    const gusto::Simulation simulation(options, context);
    const gusto::TruthFigures truth = gusto::write_simulation(simulation, folder.path(), context);
    const auto bytes = std::filesystem::file_size(folder.path() / "ratings.csv");
    if (truth.events != options.events || bytes < 20 * options.events) state.SkipWithError("events are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(options.events));
}
BENCHMARK(write)->Args({4000, 160})->Args({20'000, 160})->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

}  // namespace
