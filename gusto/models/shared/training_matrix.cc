#include "gusto/models/shared/training_matrix.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/steps.h"

namespace gusto {
namespace {

constexpr std::size_t kOversampling = 8;
constexpr std::size_t kMatrixRows = 128;

}  // namespace

void WeightedRows::sum(const Matrix<float>& matrix, std::span<float> out) const {
  sum_rows(matrix.values().data(), matrix.cols(), indexes_, weights_, out);
}

void TrainingMatrix::times(Context& context, const Matrix<float>& x, Matrix<float>& y) const {
  parallel_blocks(context, rows(), kMatrixRows,
                  [&](std::size_t begin, std::size_t end, unsigned) { times(x, y, begin, end); });
}

void TrainingMatrix::transposed_times(Context& context, const Matrix<float>& y, Matrix<float>& x) const {
  parallel_blocks(context, cols(), kMatrixRows,
                  [&](std::size_t begin, std::size_t end, unsigned) { transposed_times(y, x, begin, end); });
}

void TrainingMatrix::times(const Matrix<float>& x, Matrix<float>& y, std::size_t begin, std::size_t end) const {
  WeightedRows terms;
  for (std::size_t u = begin; u < end; ++u) {
    const History history = data_.history(UserRow(u));
    terms.clear();
    for (std::size_t e = 0; e < history.size(); ++e) {
      const std::size_t i = history.items[e].index;
      terms.add(i, entry(u, i, history.values[e]));
    }
    terms.sum(x, y.row(u));
  }
}

void TrainingMatrix::transposed_times(const Matrix<float>& y, Matrix<float>& x, std::size_t begin,
                                      std::size_t end) const {
  WeightedRows terms;
  for (std::size_t i = begin; i < end; ++i) {
    const ItemEvents item_events = data_.item_events(ItemRow(i));
    terms.clear();
    for (std::size_t e = 0; e < item_events.size(); ++e) {
      const std::size_t u = item_events.users[e].index;
      terms.add(u, entry(u, i, item_events.values[e]));
    }
    terms.sum(y, x.row(i));
  }
}

RightSingularVectors truncated_svd(Context& context, const TrainingMatrix& a, std::size_t dim, int iterations,
                                   std::uint64_t seed, std::string_view stage) {
  const std::size_t items = a.cols();
  const std::size_t width = std::min(dim + kOversampling, items);
  Matrix<float> x(items, width);
  Matrix<float> y(a.rows(), width);
  const std::string purpose = std::string(stage) + " start";
  for (std::size_t i = 0; i < items; ++i) {
    Random random(seed, purpose, i);
    for (float& value : x.row(i)) value = static_cast<float>(random.normal());
  }
  const auto rounds = static_cast<std::size_t>(iterations) + 1;
  Steps steps(context, stage, 2 * rounds + 1);
  for (std::size_t round = 0; round < rounds; ++round) {
    a.times(context, x, y);
    // Here too: AᵀA squares the ratio of singular values, and the smaller ones would drown in rounding.
    orthonormalize(context, y.view());
    steps.add(1);
    a.transposed_times(context, y, x);
    orthonormalize(context, x.view());
    steps.add(1);
  }
  a.times(context, x, y);

  // Within the span of x, the singular vectors diagonalise (A x)ᵀ (A x).
  const Matrix<float> g = gram(context, y.view());
  Matrix<double> wide(width, width);
  std::copy(g.values().begin(), g.values().end(), wide.values().begin());
  const EigenPairs pairs = symmetric_eigen(wide.view());
  RightSingularVectors found{Matrix<float>(items, dim), std::vector<float>(dim)};
  Matrix<float> turn(width, dim);
  for (std::size_t d = 0; d < dim; ++d) {
    found.values[d] = static_cast<float>(std::sqrt(std::max(0.0, pairs.values[d])));
    for (std::size_t w = 0; w < width; ++w) turn(w, d) = static_cast<float>(pairs.vectors(w, d));
  }
  gemm(Transpose::no, Transpose::no, 1, x.view(), turn.view(), 0, found.vectors.view());
  steps.add(1);
  return found;
}

double truncated_svd_operations(const Dataset& data, std::size_t dim, int iterations) {
  constexpr double kGathered = 20;  // operations of a product in the time of one on gathered rows
  const auto width = static_cast<double>(std::min(dim + kOversampling, data.item_count()));
  const auto rows = static_cast<double>(data.user_count() + data.item_count());
  const auto events = static_cast<double>(data.event_count());
  return (iterations + 1) * (2 * kGathered * events * width + 8 * rows * width * width + 36 * width * width * width);
}

std::uint64_t truncated_svd_memory(std::size_t users, std::size_t items, std::size_t dim, unsigned threads) {
  const std::size_t width = std::min(dim + kOversampling, items);
  const std::size_t most_rows = std::max(users, items);
  // A row's terms: of the longest row, and once more while their vectors grow.
  const std::uint64_t terms = 3 * (sizeof(std::uint32_t) + sizeof(float)) * std::uint64_t{most_rows};
  return (std::uint64_t{users} + 2 * std::uint64_t{items}) * width * sizeof(float) +
         orthonormalize_memory(most_rows, width, threads) + threads * terms;
}

}  // namespace gusto
