// Training against candidates: the three products of a batch with what lies between them, and an epoch of two towers on
// ml-100k (GUSTO_DATA, or the embedded set where that is missing) with batches of 4,096 and vectors of 64.
//
//   share    of the core's peak
//   faults   pages that an epoch asks the system for

#include <chrono>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_rate.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "gusto/base/matrix.h"
#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/models/registry.h"
#include "gusto/nn/candidate_loss.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kQueryUsers = 4096, kDim = 64;

gusto::Matrix<float> normal_rows(std::size_t rows, std::uint64_t side) {
  gusto::Matrix<float> result(rows, kDim);
  gusto::Random random(7, "vectors", side);
  for (float& x : result.values()) x = static_cast<float>(0.3 * random.normal());
  return result;
}

void candidate_losses(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const gusto::Matrix<float> query_users = normal_rows(kQueryUsers, 0), items = normal_rows(count, 1);
  gusto::Matrix<float> query_user_gradient(kQueryUsers, kDim), item_gradient(count, kDim);
  std::vector<std::uint32_t> targets;
  for (std::size_t r = 0; r < kQueryUsers; ++r) targets.push_back(static_cast<std::uint32_t>(r % count));
  const std::vector<float> others(count, 0.0F);
  gusto::nn::CandidateBatch batch;
  batch.query_users = query_users.view();
  batch.items = items.view();
  batch.targets = targets;
  batch.others = others;
  gusto::nn::CandidateLosses losses;
  gusto::ThreadPool pool(static_cast<unsigned>(state.range(1)));
  double loss = 0;
  for (auto _ : state)
    loss = losses.run(batch, 1.0F / kQueryUsers, query_user_gradient.view(), item_gradient.view(), pool);
  // Of normal vectors the mean is log(count) + var / 2, about.
  const double expected = std::log(static_cast<double>(count)) + 0.5 * kDim * 0.09 * 0.09;
  if (!(std::abs(loss - expected) < 0.1)) state.SkipWithError("the loss is wrong");
  const double operations =
      6.0 * static_cast<double>(kQueryUsers * count * kDim) * static_cast<double>(state.iterations());
  state.counters["FLOPS"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
  state.counters["share"] = benchmark::Counter(operations / peak_flops(), benchmark::Counter::kIsRate);
}
BENCHMARK(candidate_losses)
    ->ArgNames({"candidates", "threads"})
    ->ArgsProduct({{1200, 4096}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

void two_tower_epoch(benchmark::State& state) {
  constexpr int kEpochs = 6;
  gusto::Context reading({.threads = 1});
  const auto data = open_bench_data(reading, "ml-100k").data;
  for (auto _ : state) {
    Clock::time_point first, last;
    long faults_before = 0, faults = 0;
    gusto::Context context(
        {.threads = static_cast<unsigned>(state.range(0)), .progress = [&](const gusto::ProgressEvent& event) {
           if (!event.epoch) return;
           (*event.epoch == 1 ? first : last) = Clock::now();
           (*event.epoch == 1 ? faults_before : faults) = page_faults();
         }});
    const auto model = gusto::make_model("two-tower", {{"query_fields", "user"},
                                                       {"item_fields", "item"},
                                                       {"dim", static_cast<std::int64_t>(kDim)},
                                                       {"batch_size", static_cast<std::int64_t>(kQueryUsers)},
                                                       {"epochs", kEpochs},
                                                       {"validation", 0}});
    model->fit(data, gusto::Task::top_n, context);
    state.SetIterationTime(std::chrono::duration<double>(last - first).count() / (kEpochs - 1));
    state.counters["faults"] = static_cast<double>(faults - faults_before) / (kEpochs - 1);
  }
}
BENCHMARK(two_tower_epoch)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
