#include "gusto/models/neural/centered.h"

#include <vector>

namespace gusto {

void center(Matrix<float>& rows) {
  std::vector<double> mean(rows.cols());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.cols(); ++c) mean[c] += static_cast<double>(rows(r, c));
  }
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.cols(); ++c) {
      rows(r, c) -= static_cast<float>(mean[c] / static_cast<double>(rows.rows()));
    }
  }
}

}  // namespace gusto
