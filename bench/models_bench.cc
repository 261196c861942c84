// Training and ranking on ml-1m (GUSTO_DATA), or on the embedded set where that is missing.

#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_fit.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/models/registry.h"
#include "gusto/retrieval/search.h"

namespace {

using gusto::Context;
using gusto::Fold;
using gusto::Query;
using gusto::Task;

const Fold& fold_of(Task task) {
  static const Fold ratings = bench_fold(Task::ratings);
  static const Fold top_n = bench_fold(Task::top_n);
  return task == Task::top_n ? top_n : ratings;
}

std::vector<Query> all_users(const gusto::Dataset& data) {
  std::vector<Query> queries;
  for (std::size_t u = 0; u < data.user_count(); ++u) queries.push_back(Query::known(gusto::UserRow(u)));
  return queries;
}

/// One epoch of biased-mf, dim 64, between two reports of progress; the error reached says that it learned.
void biased_mf_epoch(benchmark::State& state) {
  const Fold& fold = fold_of(Task::ratings);
  double rmse = 0;
  for (auto _ : state) {
    const TimedFit fit = fit_timed("biased-mf", {{"dim", 64}, {"epochs", 40}}, fold.train, Task::ratings,
                                   static_cast<unsigned>(state.range(0)));
    state.SetIterationTime(fit.epoch_seconds);
    rmse = reached(*fit.model, fold, Task::ratings);
    if (!(rmse < 0.95)) state.SkipWithError("biased-mf did not learn");
  }
  state.counters["rmse"] = rmse;
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(fold.train->event_count()), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(biased_mf_epoch)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void item_knn_fit_and_rank(benchmark::State& state) {
  const Fold& fold = fold_of(Task::top_n);
  const std::vector<Query> queries = all_users(*fold.train);
  for (auto _ : state) {
    Context context({.threads = static_cast<unsigned>(state.range(0))});
    const auto model = gusto::make_model("item-knn");
    model->fit(fold.train, Task::top_n, context);
    if (gusto::search(*model, queries, 20, gusto::SearchFilter{}, context).entries.empty())
      state.SkipWithError("no lists");
  }
}
BENCHMARK(item_knn_fit_and_rank)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The 20 best unseen items of every user, from vectors 64 wide.
void top_20_of_all_users(benchmark::State& state) {
  const Fold& fold = fold_of(Task::top_n);
  const std::vector<Query> queries = all_users(*fold.train);
  Context context({.threads = static_cast<unsigned>(state.range(0))});
  const auto model = gusto::make_model("biased-mf", {{"dim", 62}, {"epochs", 2}});  // and two columns for the biases
  model->fit(fold.train, Task::top_n, context);
  for (auto _ : state) {
    if (gusto::search(*model, queries, 20, gusto::SearchFilter{}, context).entries.empty())
      state.SkipWithError("no lists");
  }
}
BENCHMARK(top_20_of_all_users)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
