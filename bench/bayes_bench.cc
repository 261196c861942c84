// Sweeps of the Bayesian factorization machine over ml-1m (GUSTO_DATA), or the embedded set where that is missing.

#include "bench/bench_data.h"
#include "bench/bench_fit.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>

namespace {

using gusto::Settings;

/// One sweep, dim 32, between two reports of progress; the error reached says that it learned.
void bayes_fm_sweep(benchmark::State& state, const Settings& more) {
  static const gusto::Fold fold = bench_fold(gusto::Task::ratings);
  Settings settings{{"epochs", 21}, {"samples", 10}, {"fields", ""}};
  settings.insert(settings.end(), more.begin(), more.end());
  double rmse = 0;
  for (auto _ : state) {
    const TimedFit fit =
        fit_timed("bayes-fm", settings, fold.train, gusto::Task::ratings, static_cast<unsigned>(state.range(0)));
    state.SetIterationTime(fit.epoch_seconds);
    rmse = reached(*fit.model, fold, gusto::Task::ratings);
    if (!(rmse < 0.95)) state.SkipWithError("bayes-fm did not learn");
  }
  state.counters["rmse"] = rmse;
}

const Settings kIds{{"output", "gaussian"}, {"implicit", "none"}, {"time", "none"}};
const Settings kLevels{{"output", "probit"}, {"implicit", "none"}, {"time", "none"}};
const Settings kAll{{"output", "probit"}, {"implicit", "both"}, {"time", "both"}};

BENCHMARK_CAPTURE(bayes_fm_sweep, ids, kIds)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);
BENCHMARK_CAPTURE(bayes_fm_sweep, ids_probit, kLevels)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);
BENCHMARK_CAPTURE(bayes_fm_sweep, sets_and_time_probit, kAll)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
