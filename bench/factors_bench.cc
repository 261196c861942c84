// One epoch of the factor models that rank, dim 64, on ml-1m (GUSTO_DATA), or on the embedded set where that is missing.

#include <chrono>
#include <vector>

#include "bench/bench_data.h"
#include <benchmark/benchmark.h>

#include "gusto/eval/evaluate.h"
#include "gusto/models/registry.h"

namespace {

using gusto::Context;
using gusto::Task;

/// The time between the first and the last report of progress, by epoch; what it reaches says that it learned.
void epoch(benchmark::State& state, const char* name, const gusto::Settings& settings) {
  static const gusto::Fold fold = bench_fold(Task::top_n);
  using Clock = std::chrono::steady_clock;
  double reached = 0;
  for (auto _ : state) {
    Clock::time_point first, last;
    std::size_t epochs = 0;
    Context context({.threads = static_cast<unsigned>(state.range(0)), .progress = [&](const auto& event) {
                       (event.done == 1 ? first : last) = Clock::now();
                       epochs = event.total;
                     }});
    const auto model = gusto::make_model(name, settings);
    model->fit(fold.train, Task::top_n, context);
    state.SetIterationTime(std::chrono::duration<double>(last - first).count() / static_cast<double>(epochs - 1));
    gusto::EvaluateOptions options;
    options.task = Task::top_n;
    options.k = {10};
    options.metrics = {"ndcg@10"};
    std::vector<gusto::ItemRow> candidates;
    for (std::size_t i = 0; i < fold.train->item_count(); ++i) candidates.emplace_back(i);
    reached = gusto::evaluate(*model, fold, candidates, options, context).estimates.front().mean;
    if (!(reached > 0.1)) state.SkipWithError("did not learn");
  }
  state.counters["ndcg@10"] = reached;
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(fold.train->event_count()), benchmark::Counter::kIsIterationInvariantRate);
}

void ials_epoch(benchmark::State& state) { epoch(state, "ials", {{"unobserved", "0.2"}, {"reg", "0.01"}}); }
BENCHMARK(ials_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void bpr_epoch(benchmark::State& state) { epoch(state, "bpr", {{"sampling", "uniform"}, {"reg", "0.01"}}); }
BENCHMARK(bpr_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

/// Ten items scored against each event, for the hardest.
void bpr_hard_epoch(benchmark::State& state) { epoch(state, "bpr", {{"epochs", "20"}}); }
BENCHMARK(bpr_hard_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
