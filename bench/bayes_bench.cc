// Sweeps of the Bayesian factorization machine over ml-1m (GUSTO_DATA), or the embedded set where that is missing.

#include <chrono>
#include <cmath>
#include <string>

#include "bench/bench_data.h"
#include <benchmark/benchmark.h>

#include "gusto/eval/evaluate.h"
#include "gusto/models/registry.h"

namespace {

using gusto::Context;
using gusto::Settings;

/// One sweep, dim 32, between two reports of progress; the error reached says that it learned.
void bayes_fm_sweep(benchmark::State& state, const Settings& more) {
  static const gusto::Fold fold = bench_fold(gusto::Task::ratings);
  constexpr int kSweeps = 21;
  using Clock = std::chrono::steady_clock;
  double rmse = 0;
  for (auto _ : state) {
    Clock::time_point first, last;
    Context context(
        {.threads = static_cast<unsigned>(state.range(0)),
         .progress = [&](const gusto::ProgressEvent& event) { (event.done == 1 ? first : last) = Clock::now(); }});
    Settings settings{{"epochs", std::to_string(kSweeps)}, {"samples", "10"}, {"fields", ""}};
    settings.insert(settings.end(), more.begin(), more.end());
    const auto model = gusto::make_model("bayes-fm", settings);
    model->fit(fold.train, gusto::Task::ratings, context);
    state.SetIterationTime(std::chrono::duration<double>(last - first).count() / (kSweeps - 1));
    gusto::EvaluateOptions options;
    options.metrics = {"rmse"};
    rmse = gusto::evaluate(*model, fold, {}, options, context).estimates.at(0).mean;
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
