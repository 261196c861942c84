#pragma once

#include <string>

#include "gusto/models/model.h"
#include "gusto/nn/schema.h"
#include "gusto/nn/trainer.h"

namespace gusto {

/// What a training is of: task, options, and a hash of the data. A checkpoint of another one is refused by it.
std::string training_fingerprint(const Model& model, const Dataset& data);

/// How it is trained: an update makes a tenth of the passes.
nn::TrainingOptions steps_of(const nn::TrainingOptions& options, const FitOptions& fit);

/// Whether a network reads features of that side.
bool knows_features(const nn::Schema& schema, nn::Side side);

/// The training of a network's fit().
nn::TrainingRun training_run(const Model& model, const Dataset& data, const FitOptions& fit);

}  // namespace gusto
