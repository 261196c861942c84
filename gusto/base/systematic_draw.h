#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gusto {

/// Draws as many indexes as there are weights, in ascending order: index i comes n · w_i / Σ w times on average, which
/// is rounded down or up. By systematic sampling, whose points lie at (k + offset) · Σ w / n. 0 is never drawn; no
/// weights above 0 draw nothing.
/// Shapes   weights are not negative; offset in [0, 1), drawn uniformly by the caller
/// Source   Madow & Madow: On the theory of systematic sampling, 1944
/// Cost     O(n)
std::vector<std::uint32_t> systematic_draw(std::span<const float> weights, double offset);

}  // namespace gusto
