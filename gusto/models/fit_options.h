#pragma once

#include <cstdint>
#include <filesystem>

namespace gusto {

/// What one fit() takes beside data and task; how a model learns is in the model's own options.
struct FitOptions {
  std::uint64_t seed = 42;  ///< every draw is keyed by it; 0 is a seed like any other
  /// Where a long fit keeps its state as it goes, and goes on from if the file is there: a fit that was stopped and resumed
  /// ends with the same bits as one that was not. Empty: nowhere. For models that declare `checkpoints`; the file stays
  /// after the fit, and whoever has put the model away removes it.
  std::filesystem::path checkpoint = {};
};

}  // namespace gusto
