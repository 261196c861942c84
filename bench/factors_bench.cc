// One epoch of the factor models that rank, dim 64, on ml-1m (GUSTO_DATA), or on the embedded set where that is
// missing.

#include "bench/bench_data.h"
#include "bench/bench_fit.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>

namespace {

using gusto::Task;

const gusto::Fold& ranking_fold() {
  static const gusto::Fold fold = bench_fold(Task::top_n);
  return fold;
}

/// The time between the first and the last report of progress, by epoch; what it reaches says that it learned.
void epoch(benchmark::State& state, const char* name, const gusto::Settings& settings) {
  const gusto::Fold& fold = ranking_fold();
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

/// The floor is the arithmetic: half a square of 64 × 64 for each event, from either side, and a Cholesky factor a row.
void ials_epoch(benchmark::State& state) {
  epoch(state, "ials", {{"unobserved_weight", 0.2}, {"reg", 0.01}, {"dim", 64}});
  const gusto::Fold& fold = ranking_fold();
  const auto rows = static_cast<double>(fold.train->user_count() + fold.train->item_count());
  const double operations =
      2 * static_cast<double>(fold.train->event_count()) * 64 * 65 + rows * (64.0 * 64 * 64 / 3 + 2 * 64 * 64);
  state.counters["floor_ms"] = 1e3 * operations / (static_cast<double>(state.range(0)) * peak_flops());
}
BENCHMARK(ials_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void bpr_epoch(benchmark::State& state) { epoch(state, "bpr", {{"sampling", "uniform"}, {"reg", 0.01}}); }
BENCHMARK(bpr_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

/// Eight items scored against each event, for the hardest.
void bpr_hard_epoch(benchmark::State& state) { epoch(state, "bpr", {{"epochs", 20}}); }
BENCHMARK(bpr_hard_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
