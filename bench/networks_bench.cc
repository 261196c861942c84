// One epoch of each network on ml-1m (GUSTO_DATA), or on the embedded set where that is missing, beside two floors:
//
//   floor_flop  the products of the layers alone, at the rate that a large product reaches on this core
//   floor_mem   the numbers that an epoch has to move at least (rows looked up, their gradients, their weights and the
//               optimizer's state), at the rate at which this core reads memory
//   of_floor    the epoch by the floor that it is held to: of products where it has layers, else of memory
//
// The error that the run ends with says that it learned.

#include <string>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_fit.h"
#include "bench/bench_rate.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>

namespace {

using gusto::Fold;
using gusto::Task;

struct NetworkCase {
  const char* model;
  std::size_t dim;
  std::size_t batch;
  std::vector<std::size_t> layers;  // widths from the embeddings side by side to the last
  std::size_t numbers;              // looked up by one example
  gusto::Settings settings;
};

const char* const kFields = "user, item, gender, age, occupation, genres";
const char* const kWide =
    "user, item, gender, age, occupation, genres, cross(user, genres, 100000), cross(gender, occupation, 1000)";

// Embeddings of fields with few ids are one cache line wide in concat; ml-1m's gender, age, occupation and genres are.
const std::vector<NetworkCase>& cases() {
  static const std::vector<NetworkCase> all{
      {"embedding-dot", 64, 2048, {}, 128, {}},
      {"embedding-bias", 64, 2048, {}, 130, {}},
      {"embedding-dense", 64, 2048, {128, 64, 32, 1}, 128, {{"hidden", "64-32"}}},
      {"feature-dense", 64, 2048, {192, 64, 32, 1}, 192, {{"hidden", "64-32"}, {"fields", kFields}}},
      {"wide-deep", 64, 2048, {192, 64, 32, 1}, 202, {{"hidden", "64-32"}, {"fields", kFields}, {"wide", kWide}}},
      {"deepfm", 16, 4096, {96, 64, 32, 1}, 102, {{"hidden", "64-32"}, {"fields", kFields}}},
  };
  return all;
}

const Fold& ratings() {
  static const Fold fold = bench_fold(Task::ratings);
  return fold;
}

void network_epoch(benchmark::State& state) {
  const NetworkCase& one = cases()[static_cast<std::size_t>(state.range(0))];
  gusto::Settings settings{{"dim", static_cast<std::int64_t>(one.dim)},
                           {"batch_size", static_cast<std::int64_t>(one.batch)},
                           {"epochs", 6},
                           {"validation", 0}};
  settings.insert(settings.end(), one.settings.begin(), one.settings.end());
  state.SetLabel(one.model);
  double rmse = 0, seconds = 0;
  for (auto _ : state) {
    const TimedFit fit =
        fit_timed(one.model, settings, ratings().train, Task::ratings, static_cast<unsigned>(state.range(1)));
    seconds = fit.epoch_seconds;
    state.SetIterationTime(seconds);
    rmse = reached(*fit.model, ratings(), Task::ratings);
    if (!(rmse < 0.95)) state.SkipWithError("the network did not learn");
  }
  const auto events = static_cast<double>(ratings().train->event_count());
  double products = 0;
  for (std::size_t layer = 1; layer < one.layers.size(); ++layer) {
    products += static_cast<double>(one.layers[layer - 1] * one.layers[layer]);
  }
  // Forward once, backward twice; looked up: read, and a gradient written and read. Of the rows that a batch touches,
  // about two in three lookups' worth, weights and both of Adam's matrices are read and written.
  const double moved = static_cast<double>(one.numbers) * 4 * (3 + 0.67 * 6);
  state.counters["rmse"] = rmse;
  const double products_floor = 6 * products * events / flops_per_second();
  const double memory_floor = moved * events / read_rate(256'000'000);
  state.counters["GFLOP"] = 6 * products * events / 1e9;
  state.counters["floor_flop_s"] = products_floor;
  state.counters["floor_mem_s"] = memory_floor;
  state.counters["of_floor"] = seconds / (one.layers.empty() ? memory_floor : products_floor);
}
BENCHMARK(network_epoch)
    ->ArgNames({"network", "threads"})
    ->ArgsProduct({{0, 1, 2, 3, 4, 5}, {1, 2}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
