#pragma once

#include <cstddef>

#include "gusto/nn/training.h"

namespace gusto::nn {

/// The factor of the learning rate at a step of so many in all: rises in a straight line over the first `warmup` share
/// of the steps, then follows the schedule over the rest. In (0, 1].
double schedule_factor(Schedule schedule, double warmup, std::size_t step, std::size_t steps);

}  // namespace gusto::nn
