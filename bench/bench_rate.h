#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

#include "gusto/base/linalg.h"

inline double best_seconds(int runs, const auto& work) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// Operations a second that a large product reaches on this core.
inline double flops_per_second() {
  static const double rate = [] {
    gusto::Matrix<float> a(2048, 512), b(512, 512), c(2048, 512);
    const double seconds = best_seconds(
        10, [&] { gusto::gemm(gusto::Transpose::no, gusto::Transpose::no, 1, a.view(), b.view(), 0, c.view()); });
    return 2.0 * 2048 * 512 * 512 / seconds;
  }();
  return rate;
}
