#pragma once

/// How networks are trained: the options, shared by every network, and their rows in a field table.

#include <array>
#include <cstddef>
#include <string_view>

#include "gusto/base/field.h"

namespace gusto::nn {

enum class OptimizerKind {
  adam,     ///< Kingma & Ba 2015
  adamw,    ///< Adam with decoupled weight decay (Loshchilov & Hutter 2019)
  adagrad,  ///< Duchi, Hazan, Singer 2011
  sgd,      ///< gradient descent, with momentum (Polyak 1964) if set
};

enum class Schedule {
  constant,
  linear,  ///< falls to 0 in a straight line
  cosine,  ///< falls to 0 along half a cosine (Loshchilov & Hutter 2017, without restarts)
  step,    ///< a tenth after half of the steps, a hundredth after three quarters
};

struct TrainingOptions {
  int epochs = 20;
  int batch_size = 0;
  double learning_rate = 0.002;
  OptimizerKind optimizer = OptimizerKind::adam;
  double momentum = 0;
  Schedule schedule = Schedule::cosine;
  double warmup = 0;
  double weight_decay = 0;
  double clip = 0;
  double validation = 0.05;
  int patience = 3;
};

/// Examples in a step: batch_size, or if that is 0 a power of two that gives 500 to 1000 steps an epoch.
std::size_t chosen_batch_size(const TrainingOptions& options, std::size_t examples);

inline constexpr std::array<std::string_view, 4> kOptimizerNames = {"adam", "adamw", "adagrad", "sgd"};
inline constexpr std::array<std::string_view, 4> kScheduleNames = {"constant", "linear", "cosine", "step"};

/// The rows of a field table for options derived from TrainingOptions.
template <class Options>
constexpr auto training_fields() {
  return fields(
      field<&Options::epochs, Options>("epochs", between(1, 10000), search_none(), "Most passes over the events."),
      field<&Options::batch_size, Options>("batch_size", between(0, 1 << 20), search_log(256, 16384),
                                           "Examples in a step; 0 chooses by their number, from 32 to 2048."),
      field<&Options::learning_rate, Options>("learning_rate", between(1e-8, 100), search_log(1e-4, 0.1),
                                              "Length of a step."),
      choice<&Options::optimizer, Options>("optimizer", kOptimizerNames, "How gradients become steps."),
      field<&Options::momentum, Options>("momentum", between(0, 0.9999), search_none(), "Of the sgd optimizer."),
      choice<&Options::schedule, Options>("schedule", kScheduleNames, "How the learning rate falls over the epochs."),
      field<&Options::warmup, Options>("warmup", between(0, 1), search_none(),
                                       "Share of all steps over which the learning rate rises from 0."),
      field<&Options::weight_decay, Options>("weight_decay", between(0, 1000), search_log(1e-6, 1),
                                             "Decoupled weight decay, of the adamw and sgd optimizers."),
      field<&Options::clip, Options>("clip", at_least(0), search_none(), "Greatest norm of a step's gradient; 0: any."),
      field<&Options::validation, Options>("validation", between(0, 0.9), search_none(),
                                           "Share of the training events held out to stop early; 0: none."),
      field<&Options::patience, Options>("patience", between(1, 10000), search_none(),
                                         "Epochs without a better validation result before training stops."));
}

}  // namespace gusto::nn
