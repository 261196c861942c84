// Reading the embedded data set: 100,004 ratings and 9,066 films from CSV.

#include <benchmark/benchmark.h>

#include "gusto/base/context.h"
#include "gusto/data/embedded.h"

namespace {

void embedded(benchmark::State& state) {
  gusto::Context context({.threads = 1});
  constexpr std::size_t kRatings = 100'004;
  for (auto _ : state) {
    if (gusto::open_embedded(context).data->event_count() != kRatings) state.SkipWithError("ratings are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRatings));
}
BENCHMARK(embedded)->Unit(benchmark::kMillisecond);

}  // namespace
