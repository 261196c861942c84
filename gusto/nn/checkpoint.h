#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/nn/optimizer.h"
#include "gusto/nn/parameters.h"

namespace gusto::nn {

/// How far a training has come, after a whole number of epochs.
struct TrainingProgress {
  std::size_t epoch = 0;       ///< run so far
  std::size_t best_epoch = 0;  ///< counted from 1; 0 for none yet
  double loss = 0;             ///< of the last epoch
  double least_error = std::numeric_limits<double>::infinity();
  std::vector<Matrix<float>> best;  ///< parameters of the best epoch; none if nothing is held out
};

/// The file in which a training keeps its state. A tensor file: parameters, those of the best epoch, the optimizer's
/// state, and in the metadata what is trained, so that another run does not take it for its own.
class Checkpoint {
 public:
  /// An empty path keeps nothing. `fingerprint` tells options and data apart from others.
  Checkpoint(std::filesystem::path path, std::string_view name, std::string_view fingerprint, std::uint64_t seed);

  /// Goes on from the file if there is one.
  /// Errors   invalid_input, if it is another run's; corrupt_file; io
  void resume(ParameterSet& parameters, Optimizer& optimizer, TrainingProgress& progress) const;
  /// Whoever opens the file, also after a crash, finds the state before or after. Error(io).
  void write(const ParameterSet& parameters, const Optimizer& optimizer, const TrainingProgress& progress) const;

 private:
  std::filesystem::path path_;
  std::string name_;
  std::string run_;
};

}  // namespace gusto::nn
