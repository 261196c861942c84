#pragma once

/// Losses: sums over the rows of predictions, [1 × 1], times `scale`, which is 1 / rows of the whole batch for a mean.
/// Targets are borrowed until the tape begins again.

#include <cstdint>
#include <span>

#include "gusto/nn/tape.h"

namespace gusto::nn {

/// (p − t)²
Var squared_loss(Var prediction, std::span<const float> targets, float scale);
/// |p − t|; its slope at 0 is taken as 0.
Var absolute_loss(Var prediction, std::span<const float> targets, float scale);
/// e²/2 for |e| ≤ delta, else delta (|e| − delta/2), e = p − t (Huber 1964)
Var huber_loss(Var prediction, std::span<const float> targets, float delta, float scale);
/// Binary cross-entropy on logits: log(1 + exp z) − t z, computed without overflow; t in [0, 1].
Var logistic_loss(Var logits, std::span<const float> targets, float scale);
/// −log σ(p − n) of pairs (Rendle et al.: BPR, UAI 2009)
Var bpr_loss(Var positive, Var negative, float scale);
/// −log softmax(logits_r)[target_r]
Var softmax_loss(Var logits, std::span<const std::uint32_t> targets, float scale);

}  // namespace gusto::nn
