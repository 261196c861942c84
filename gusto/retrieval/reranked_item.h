#pragma once

#include <cstddef>

namespace gusto {

/// A place of the re-ranked list.
struct RerankedItem {
  std::size_t candidate = 0;  ///< position among the candidates
  double value = 0;           ///< what it was picked for
  double similarity = 0;      ///< to the most similar item above it; 0 unless diversity has a share
  double divergence = 0;      ///< KL(p ‖ q̃) of the list down to it; 0 unless calibration has a share
  double popularity = 0;      ///< its own; 0 unless the penalty has a share
};

}  // namespace gusto
