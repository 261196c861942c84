// One epoch of the factor models that rank, dim 64, on ml-1m (GUSTO_DATA), or on the embedded set where that is
// missing.

#include "bench/bench_data.h"
#include "bench/bench_fit.h"
#include <benchmark/benchmark.h>

namespace {

using gusto::Task;

/// The time between the first and the last report of progress, by epoch; what it reaches says that it learned.
void epoch(benchmark::State& state, const char* name, const gusto::Settings& settings) {
  static const gusto::Fold fold = bench_fold(Task::top_n);
  double ndcg = 0;
  for (auto _ : state) {
    const TimedFit fit = fit_timed(name, settings, fold.train, Task::top_n, static_cast<unsigned>(state.range(0)));
    state.SetIterationTime(fit.epoch_seconds);
    ndcg = reached(*fit.model, fold, Task::top_n);
    if (!(ndcg > 0.1)) state.SkipWithError("did not learn");
  }
  state.counters["ndcg@10"] = ndcg;
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(fold.train->event_count()), benchmark::Counter::kIsIterationInvariantRate);
}

void ials_epoch(benchmark::State& state) { epoch(state, "ials", {{"unobserved_weight", 0.2}, {"reg", 0.01}}); }
BENCHMARK(ials_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void bpr_epoch(benchmark::State& state) { epoch(state, "bpr", {{"sampling", "uniform"}, {"reg", 0.01}}); }
BENCHMARK(bpr_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

/// Eight items scored against each event, for the hardest.
void bpr_hard_epoch(benchmark::State& state) { epoch(state, "bpr", {{"epochs", 20}}); }
BENCHMARK(bpr_hard_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
