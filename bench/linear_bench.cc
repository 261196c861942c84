// The inverse of a large matrix beside a product's speed, and linear models fitted on ml-1m (GUSTO_DATA), or on the
// embedded set where that is missing.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_rate.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/base/random.h"
#include "gusto/base/spd_inverse.h"
#include "gusto/eval/evaluate.h"
#include "gusto/models/registry.h"

namespace {

using gusto::Context;
using gusto::Matrix;
using gusto::Transpose;

/// n³ operations, with how many a second, and what share that is of what large products reach on as many cores.
void invert_spd(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto threads = static_cast<unsigned>(state.range(1));
  Matrix<float> b(n, n);
  gusto::Random random(1, "inverse bench");
  for (float& x : b.values()) x = static_cast<float>(random.normal());
  Matrix<float> a(n, n);
  gusto::gemm(Transpose::yes, Transpose::no, 1.0F / static_cast<float>(n), b.view(), b.view(), 0, a.view());
  for (std::size_t i = 0; i < n; ++i) a(i, i) += 1;
  Matrix<float> inverse;
  Context context({.threads = threads});
  double best = std::numeric_limits<double>::infinity();
  for (auto _ : state) {
    inverse = a;
    const double seconds = best_seconds(1, [&] { gusto::invert_spd(context, inverse.view(), "bench"); });
    state.SetIterationTime(seconds);
    best = std::min(best, seconds);
  }
  double product = 0;
  for (std::size_t c = 0; c < n; ++c)
    product += static_cast<double>(a(n / 2, c)) * static_cast<double>(inverse(c, n / 2));
  if (!(std::abs(product - 1) < 1e-2)) state.SkipWithError("not the inverse");
  const double rate = std::pow(static_cast<double>(n), 3) / best;
  state.counters["GFLOP/s"] = rate / 1e9;
  state.counters["of product's"] = rate / (threads * flops_per_second());
}
BENCHMARK(invert_spd)
    ->ArgsProduct({{1024, 3706, 8192}, {1, 2}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

/// Fits a model with its defaults; what it reaches says that it learned.
void fit(benchmark::State& state, const char* name) {
  static const gusto::Fold fold = bench_fold(gusto::Task::top_n);
  Context context({.threads = static_cast<unsigned>(state.range(0))});
  const auto model = gusto::make_model(name);
  for (auto _ : state) model->fit(fold.train, gusto::Task::top_n, context);
  std::vector<gusto::ItemRow> candidates;
  for (std::size_t i = 0; i < fold.train->item_count(); ++i) candidates.emplace_back(i);
  gusto::EvaluateOptions options;
  options.task = gusto::Task::top_n;
  options.metrics = {"ndcg@10"};
  const double ndcg = gusto::evaluate(*model, fold, candidates, options, context).estimates.at(0).mean;
  if (!(ndcg > 0.15)) state.SkipWithError("did not learn");
  state.counters["ndcg@10"] = ndcg;
}
BENCHMARK_CAPTURE(fit, ease, "ease")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(fit, slim, "slim")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(fit, random_walk, "random-walk")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(fit, graph, "graph")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
