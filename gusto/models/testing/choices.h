#pragma once

// What tests of models of choices share.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"

namespace gusto::test {

/// Xᵀ diag(w) X with w_u = (n̄ / n_u)^user_power, n̄ over users with events, and with a window the same of every run of
/// so many events of a history as a user of its own, of weight w_u · window_weight / window: run by run, pair by pair,
/// in double.
inline Matrix<double> plain_co_occurrences(const Dataset& data, double user_power, int window = 0,
                                           double window_weight = 0, const Strength& strength = {}) {
  Matrix<double> g(data.item_count(), data.item_count());
  std::size_t active = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) active += data.history(UserRow(u)).size() > 0 ? 1 : 0;
  const double mean_length = static_cast<double>(data.event_count()) / static_cast<double>(active);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const auto [chosen, values, times] = data.history(UserRow(u));
    if (chosen.empty()) continue;
    const auto count = static_cast<std::ptrdiff_t>(chosen.size());
    const double weight = std::pow(mean_length / static_cast<double>(count), user_power);
    const auto add = [&](std::ptrdiff_t begin, std::ptrdiff_t end, double scale) {
      for (std::ptrdiff_t a = std::max<std::ptrdiff_t>(begin, 0); a < std::min(end, count); ++a) {
        for (std::ptrdiff_t b = std::max<std::ptrdiff_t>(begin, 0); b < std::min(end, count); ++b) {
          const auto first = static_cast<std::size_t>(a), second = static_cast<std::size_t>(b);
          const auto both =
              static_cast<double>(strength.of(values[first])) * static_cast<double>(strength.of(values[second]));
          g(chosen[first].index, chosen[second].index) += scale * both;
        }
      }
    };
    add(0, count, weight);
    for (std::ptrdiff_t begin = 1 - window; begin < count; ++begin) {
      if (window > 0) add(begin, begin + window, weight * window_weight / window);
    }
  }
  return g;
}

}  // namespace gusto::test
