#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/base/parallel.h"

namespace gusto::nn {

enum class CandidateLoss {
  softmax,  ///< −log of the target's share of the candidates
  binary,   ///< target against each candidate by itself: binary cross-entropy
};
inline constexpr std::array<std::string_view, 2> kCandidateLossNames = {"softmax", "binary"};

/// Users, each wants one of the candidates. All users share the candidates.
struct CandidateBatch {
  MatrixView<const float> query_users;     ///< q [users × dim]
  MatrixView<const float> items;           ///< v [candidates × dim]
  std::span<const std::uint32_t> targets;  ///< t_r: candidate that user r wants
  /// Of candidates as others: for softmax what is added to a logit, for binary the weight of its loss. [candidates]
  std::span<const float> others;
  std::span<const float> own;  ///< softmax: what is added to a target's logit; empty for 0. [users]
  /// Candidates that don't count for a user, unless it is the target: those of user r are [hidden_offsets[r],
  /// hidden_offsets[r + 1]) of `hidden`. Empty if all count.
  std::span<const std::uint32_t> hidden_offsets;
  std::span<const std::uint32_t> hidden;
  float sharpness = 1;  ///< 1 / temperature: z_rc = sharpness · q_r · v_c
  float positive = 1;   ///< binary: weight of the target's loss
  CandidateLoss loss = CandidateLoss::softmax;
};

/// The loss of a batch over its candidates, with gradients (formulas: candidate_kernels.h).
///
/// Users are cut into groups of rows by their number alone. A group's logits come tile by tile from blocked products,
/// become slopes where they are, and go into two more products; gradients of items are added up in the order of groups.
/// Cost       6·users·candidates·dim operations; groups · candidates · dim floats of memory, kept from call to call
/// Repeatable same bits at any number of threads
/// Threads    one call at a time
class CandidateLosses {
 public:
  /// Bytes that so many candidates take at most.
  static std::uint64_t memory_need(std::size_t candidates, std::size_t dim, unsigned threads);
  /// Σ_r loss_r · scale; overwrites both gradients, shaped as users and items.
  double run(const CandidateBatch& batch, float scale, MatrixView<float> query_user_gradient,
             MatrixView<float> item_gradient, ThreadPool& pool);

 private:
  struct Group {
    AlignedVector<float> gradient;  // of items
    double loss = 0;
  };
  std::vector<Group> groups_;
  std::vector<AlignedVector<float>> tiles_;  // by worker
};

}  // namespace gusto::nn
