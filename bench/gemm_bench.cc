// Products of the shapes that networks have, on one core, and what share of its peak they reach. The peak is measured
// again beside each product, since a core's clock changes.
//
//   FLOPS    operations a second, of the best of several runs
//   share    of the peak, of the best pair of runs

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "bench/bench_rate.h"
#include "bench/floors.h"
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "gusto/base/gemm.h"
#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace {

using gusto::Matrix;
using gusto::Transpose;

struct Shape {
  const char* form;  // whether A and B are transposed
  std::size_t m, n, k;
};

constexpr Shape kShapes[] = {{"NN", 256, 64, 128},  {"NN", 256, 32, 64},   {"NT", 256, 128, 64},
                             {"TN", 128, 64, 256},  {"NT", 256, 1200, 64}, {"NN", 256, 64, 1200},
                             {"TN", 1200, 64, 256}, {"NT", 128, 4096, 64}, {"NN", 1024, 1024, 1024},
                             {"NN", 256, 8, 64},    {"NN", 256, 1, 64},    {"NT", 1, 60000, 64}};

Matrix<float> normal_matrix(std::size_t rows, std::size_t cols, std::uint64_t side) {
  Matrix<float> result(rows, cols);
  gusto::Random random(7, "gemm bench", side);
  for (float& x : result.values()) x = static_cast<float>(random.normal());
  return result;
}

void product(benchmark::State& state) {
  constexpr int kRuns = 12;
  constexpr double kOperations = 1e8;  // of a run, at least
  const auto [form, m, n, k] = kShapes[state.range(0)];
  state.SetLabel(fmt::format("{} {} x {} x {}", form, m, n, k));
  const Transpose a_op = form[0] == 'T' ? Transpose::yes : Transpose::no;
  const Transpose b_op = form[1] == 'T' ? Transpose::yes : Transpose::no;
  const Matrix<float> a = a_op == Transpose::yes ? normal_matrix(k, m, 0) : normal_matrix(m, k, 0);
  const Matrix<float> b = b_op == Transpose::yes ? normal_matrix(n, k, 1) : normal_matrix(k, n, 1);
  Matrix<float> c(m, n);
  const double operations = 2 * static_cast<double>(m * n * k);
  const double repeats = std::ceil(kOperations / operations);
  double rate = 0, share = 0;
  for (auto _ : state) {
    for (int run = 0; run < kRuns; ++run) {
      const double peak = peak_flops_now(2);
      const double seconds = best_seconds(1, [&] {
        for (double r = 0; r < repeats; ++r) gusto::gemm(a_op, b_op, 1, a.view(), b.view(), 0, c.view());
      });
      rate = std::max(rate, repeats * operations / seconds);
      share = std::max(share, repeats * operations / seconds / peak);
    }
    state.SetIterationTime(operations / rate);
  }
  double expected = 0;
  for (std::size_t p = 0; p < k; ++p) {
    expected += static_cast<double>(a_op == Transpose::yes ? a(p, m - 1) : a(m - 1, p)) *
                static_cast<double>(b_op == Transpose::yes ? b(n - 1, p) : b(p, n - 1));
  }
  if (!(std::abs(expected - static_cast<double>(c(m - 1, n - 1))) < 1e-3)) state.SkipWithError("the product is wrong");
  state.counters["FLOPS"] = rate;
  state.counters["share"] = share;
}
BENCHMARK(product)
    ->ArgName("shape")
    ->DenseRange(0, std::size(kShapes) - 1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(1);

}  // namespace
