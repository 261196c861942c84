#pragma once

/// Vector kernels, dispatched once per call to the best instructions of the processor (Highway).
///
/// Each has a plain reference version in kernels_test.cc, the oracle of its test. All run on the calling thread and may
/// be called concurrently.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gusto {

/// Positions p of scores with scores[p] > threshold, written to `found` in ascending order; returns how many.
/// `found` has room for scores.size() + 64 entries (whole vectors are stored).
std::size_t positions_above(std::span<const float> scores, float threshold, std::uint32_t* found);

/// Σ a[i]·b[i], in an order that depends only on the length and the CPU level.
float dot(std::span<const float> a, std::span<const float> b);

/// y += alpha · x.
void axpy(float alpha, std::span<const float> x, std::span<float> y);

/// sum = Σ_n weights[n] · rows[indexes[n]], added up in order of n; rows are `stride` floats apart, sum.size() long.
void sum_rows(const float* rows, std::size_t stride, std::span<const std::uint32_t> indexes,
              std::span<const float> weights, std::span<float> sum);

/// The name of the instruction set that the kernels run on, e.g. "AVX2".
std::string kernel_target();

/// One rating of a block for sgd_block: rows within the factor matrices, and the value less the global mean.
struct SgdEvent {
  std::uint32_t user;
  std::uint32_t item;
  float value;
};

/// What sgd_block learns: factors and biases of both sides.
///
/// A row is `width` floats, a multiple of 16, cache-line aligned: the factors, padded with zeros. The other arrays hold
/// one float a row.
struct SgdTables {
  float* user_factors;
  float* item_factors;
  float* user_biases;
  float* item_biases;
  const float* user_reg;  ///< regularization of the row's factors
  const float* item_reg;
  std::size_t width;
};

/// Of one pass.
struct SgdRates {
  float learning_rate;
  float bias_reg;
};

/// One pass of stochastic gradient descent over events, in order:
///
///   e = value − b_u − b_i − p_u·q_i
///   b_u += η (e − λ_b b_u),     b_i += η (e − λ_b b_i)
///   p_u += η (e q_i − λ_u p_u), q_i += η (e p_u − λ_i q_i)   (both from the old p_u, q_i)
///
/// Returns Σ e², in double, summed in order.
/// Cost  about 12·width operations and 4·width·4 bytes of traffic an event
double sgd_block(std::span<const SgdEvent> events, const SgdTables& tables, const SgdRates& rates);

}  // namespace gusto
