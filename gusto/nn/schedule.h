#pragma once

#include <cstddef>

namespace gusto::nn {

enum class Schedule {
  constant,
  linear,  ///< falls to 0 in a straight line
  cosine,  ///< falls to 0 along half a cosine (Loshchilov & Hutter 2017, without restarts)
  step,    ///< a tenth after half of the steps, a hundredth after three quarters
};

/// The factor of the learning rate at a step of so many in all: rises in a straight line over the first `warmup` share of the
/// steps, then follows the schedule over the rest. In (0, 1].
double schedule_factor(Schedule schedule, double warmup, std::size_t step, std::size_t steps);

}  // namespace gusto::nn
