#include "gusto/nn/schedule.h"

#include <cmath>
#include <numbers>

namespace gusto::nn {

double schedule_factor(Schedule schedule, double warmup, std::size_t step, std::size_t steps) {
  const auto at = static_cast<double>(step);
  const double rising = warmup * static_cast<double>(steps);
  if (at + 1 < rising) return (at + 1) / rising;
  const double done = (at - rising) / (static_cast<double>(steps) - rising);
  const double share = done > 0 ? done : 0;
  switch (schedule) {
    case Schedule::constant: return 1;
    case Schedule::linear: return 1 - share;
    case Schedule::cosine: return 0.5 * (1 + std::cos(std::numbers::pi * share));
    case Schedule::step: return share < 0.5 ? 1 : share < 0.75 ? 0.1 : 0.01;
  }
  return 1;
}

}  // namespace gusto::nn
