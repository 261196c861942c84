#include "gusto/nn/candidate_loss.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/parallel.h"
#include "gusto/nn/candidate_kernels.h"

namespace gusto::nn {
namespace {

constexpr std::size_t kTileRows = 64;
constexpr std::size_t kMostGroups = 32;
// All groups' gradients of items together stay within this many floats, if need be by fewer groups.
constexpr std::size_t kMostFloats = std::size_t{1} << 27;
constexpr std::size_t kSumBlock = 16384;

constexpr float kHidden = -std::numeric_limits<float>::infinity();

std::size_t rows_of_group(const CandidateBatch& batch) {
  const std::size_t each = std::max<std::size_t>(batch.items.rows * batch.items.cols, 1);
  const std::size_t groups = std::clamp<std::size_t>(kMostFloats / each, 1, kMostGroups);
  const std::size_t rows = (batch.query_users.rows + groups - 1) / groups;
  return (rows + kTileRows - 1) / kTileRows * kTileRows;
}

// z becomes slopes; the sum of the rows' losses.
double slopes_of(const CandidateBatch& batch, std::size_t first, float scale, MatrixView<float> z) {
  const auto targets = batch.targets.subspan(first, z.rows);
  for (std::size_t r = 0; !batch.hidden_offsets.empty() && r < z.rows; ++r) {
    const float wanted = z(r, targets[r]);
    for (std::uint32_t h = batch.hidden_offsets[first + r]; h < batch.hidden_offsets[first + r + 1]; ++h) {
      z(r, batch.hidden[h]) = kHidden;
    }
    z(r, targets[r]) = wanted;
  }
  if (batch.loss == CandidateLoss::binary) {
    return kernels::binary_over_candidates(z, batch.others, targets, batch.positive, scale);
  }
  const auto own = batch.own.empty() ? batch.own : batch.own.subspan(first, z.rows);
  return kernels::softmax_over_candidates(z, batch.others, targets, own, scale);
}

}  // namespace

std::uint64_t CandidateLosses::memory_need(std::size_t candidates, std::size_t dim, unsigned threads) {
  const std::uint64_t each = std::uint64_t{candidates} * dim;
  const std::uint64_t groups =
      std::clamp<std::uint64_t>(kMostFloats / std::max<std::uint64_t>(each, 1), 1, kMostGroups);
  return (groups * each + std::uint64_t{threads} * kTileRows * candidates) * sizeof(float);
}

double CandidateLosses::run(const CandidateBatch& batch, float scale, MatrixView<float> query_user_gradient,
                            MatrixView<float> item_gradient, ThreadPool& pool) {
  const std::size_t query_users = batch.query_users.rows;
  const std::size_t candidates = batch.items.rows;
  const std::size_t dim = batch.items.cols;
  const std::size_t rows = rows_of_group(batch);
  const std::size_t count = (query_users + rows - 1) / rows;
  if (groups_.size() < count) groups_.resize(count);
  tiles_.resize(pool.threads());
  const auto run_group = [&](std::size_t g, unsigned worker) {
    Group& group = groups_[g];
    AlignedVector<float>& tile = tiles_[worker];
    if (tile.size() < kTileRows * candidates) tile.resize(kTileRows * candidates);
    if (group.gradient.size() < candidates * dim) group.gradient.resize(candidates * dim);
    group.loss = 0;
    const MatrixView<float> gradient(group.gradient.data(), candidates, dim);
    const std::size_t end = std::min(query_users, (g + 1) * rows);
    for (std::size_t begin = g * rows; begin < end; begin += kTileRows) {
      const std::size_t next = std::min(end, begin + kTileRows);
      const MatrixView<float> z(tile.data(), next - begin, candidates);
      const MatrixView<const float> q = batch.query_users.slice(begin, next);
      gemm(Transpose::no, Transpose::yes, batch.sharpness, q, batch.items, 0, z);
      group.loss += slopes_of(batch, begin, scale, z);
      gemm(Transpose::no, Transpose::no, batch.sharpness, z, batch.items, 0, query_user_gradient.slice(begin, next));
      gemm(Transpose::yes, Transpose::no, batch.sharpness, z, q, begin == g * rows ? 0.0F : 1.0F, gradient);
    }
  };
  pool.run(count, std::ref(run_group));

  const std::size_t floats = candidates * dim;
  const auto add_up = [&](std::size_t block, unsigned) {
    const std::size_t begin = block * kSumBlock;
    const std::size_t size = std::min(kSumBlock, floats - begin);
    const std::span<float> sum(item_gradient.data + begin, size);
    std::copy_n(groups_[0].gradient.data() + begin, size, sum.begin());
    for (std::size_t g = 1; g < count; ++g)
      axpy(1, std::span<const float>(groups_[g].gradient).subspan(begin, size), sum);
  };
  pool.run((floats + kSumBlock - 1) / kSumBlock, std::ref(add_up));
  double loss = 0;
  for (std::size_t g = 0; g < count; ++g) loss += groups_[g].loss;
  return loss * static_cast<double>(scale);
}

}  // namespace gusto::nn
