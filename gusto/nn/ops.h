#pragma once

/// The operations of a network.
/// Each takes matrices of one tape, [rows × cols], computes at once, and knows its own gradient. Shapes that don't fit
/// are Error(internal) naming the operation and both shapes. Every operation is checked against finite differences of a
/// plain reference version in double precision (gusto/nn/testing/gradients.h).

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "gusto/nn/var.h"

namespace gusto::nn {

struct Parameter;

// Shape.
/// Columns [begin, end) of x, in place.
Var columns(Var x, std::size_t begin, std::size_t end);
/// Matrices side by side. [rows × Σ cols]
Var concat(std::span<const Var> parts);
inline Var concat(std::initializer_list<Var> parts) {
  return concat(std::span<const Var>(parts.begin(), parts.size()));
}
/// y_r = Σ_c x_rc. [rows × 1]
Var row_sum(Var x);
/// y_r = x_{chosen[r]}; a row may be chosen several times. [chosen × cols]
Var pick_rows(Var x, std::span<const std::uint32_t> chosen);

// Arithmetic, element by element.
/// a + b; b may also have one row, or one column, which counts for all rows, or columns, of a.
Var add(Var a, Var b);
/// a · b; b may also have one column.
Var multiply(Var a, Var b);
/// alpha · x + beta
Var affine(Var x, float alpha, float beta = 0);
inline Var operator+(Var a, Var b) { return add(a, b); }
inline Var operator*(Var a, Var b) { return multiply(a, b); }

// Layers.
/// x W + b. [rows × in], weights [in × out], bias [1 × out].
Var dense(Var x, Parameter& weights, Parameter& bias);
Var dense(Var x, Parameter& weights);  ///< x W

Var relu(Var x);
/// x Φ(x), Φ by the error function (Hendrycks & Gimpel 2016).
Var gelu(Var x);
Var sigmoid(Var x);
Var tanh(Var x);
/// low + (high − low) σ(x)
Var scaled_sigmoid(Var x, float low, float high);
/// While training, zeroes each number with probability `rate` and divides the others by 1 − rate (Srivastava et al.
/// 2014); otherwise x itself. Numbers are drawn by (tape key, place on the tape, element).
Var dropout(Var x, double rate);

/// γ (x − mean) / √(variance + 1e-5) + β over each row. gain and offset [1 × cols]. (Ba, Kiros, Hinton 2016)
Var layer_norm(Var x, Parameter& gain, Parameter& offset);

/// What batch normalization remembers, and how it normalizes without a batch.
struct BatchNormState {
  Parameter* gain;      ///< γ [1 × cols]
  Parameter* offset;    ///< β [1 × cols]
  Parameter* mean;      ///< running, [1 × cols]; not learned: updated by the trainer
  Parameter* variance;  ///< running, [1 × cols]
};
/// The same over each column: with the shard's own mean and variance while training (ghost batches: Hoffer, Hubara,
/// Soudry 2017, after Ioffe & Szegedy 2015), with the running ones otherwise.
Var batch_norm(Var x, const BatchNormState& state);

// Sequences.
/// Causal attention (Vaswani et al. 2017) within each of several sequences that lie one after another, without padding.
/// Sequence s is rows [offsets[s], offsets[s + 1]) of k and v, none of them empty. In each head, which is an equal
/// share of the columns,
///   y_i = Σ_{j ≤ i} w_ij v_j,   w_i = softmax_{j ≤ i}(q_i · k_j / √(columns of the head)),
/// and each w_ij is dropped while training with probability `rate` (see dropout).
///
/// Shapes   k, v [tokens × cols]; q [tokens × cols], or one row a sequence, which stands for the sequence's last; as q
/// Cost     2 · Σ_s length_s² · cols operations forward and 4 backward, of which a bit more than half is done; the
///          weights are kept for the backward pass, 4 bytes each, twice with dropout
Var causal_attention(Var q, Var k, Var v, std::size_t heads, std::span<const std::uint32_t> offsets, double rate = 0);

// Interactions.
/// y_r = a_r · b_r. [rows × 1]
Var dot(Var a, Var b);
/// y_r = a_r · b_r / (‖a_r‖ ‖b_r‖), 0 where either is zero. [rows × 1]
Var cosine(Var a, Var b);
/// y_r = x_r / ‖x_r‖, 0 for a zero row.
Var unit_rows(Var x);
/// log((1 + c) / (1 − c)), so that its sigmoid is (1 + c) / 2. c is held within ±(1 − 1e-6).
Var cosine_logit(Var c);
/// Factorization-machine pooling (Rendle 2010): x holds `fields` vectors v_f side by side;
/// y = ½ ((Σ_f v_f)² − Σ_f v_f²), element by element: the sum over all pairs of fields. [rows × cols / fields]
Var fm_pooling(Var x, std::size_t fields);
/// All inner products of rows of a with rows of b: a bᵀ. [a rows × b rows]
Var products(Var a, Var b);
/// x_rc − log Σ_c exp x_rc
Var log_softmax(Var x);

}  // namespace gusto::nn
