#pragma once

#include <string_view>

namespace gusto {

enum class Schedule { linear, constant };
inline constexpr std::string_view kScheduleNames[] = {"linear", "constant"};

/// How train_mf learns; biased_mf.h says what each option means.
struct MfOptions {
  int dim = 64;
  int epochs = 40;
  double learning_rate = 0;
  Schedule schedule = Schedule::linear;
  double reg = 0;
  double reg_bias = 0.06;
  double reg_power = 0.5;
  double init = 0;
  double negatives = 5;
  double validation = 0;
  int patience = 3;
};

}  // namespace gusto
