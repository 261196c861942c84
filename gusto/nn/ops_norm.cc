#include <cmath>

#include "gusto/nn/norm_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/row_kernels.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

// A gain or offset has one number a column.
void check(std::string_view operation, Var x, const Parameter& parameter) {
  const Matrix<float>& values = parameter.values;
  if (values.rows() != 1 || values.cols() != x.cols()) shape_error(operation, x.value(), values.view());
}

struct LayerNormState {
  Var x;
  Var gain;
  Var offset;
  const float* means;
  const float* inverses;
};

void layer_norm_back(const LayerNormState& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result), x = of.x.value();
  if (tape.needs_gradient(of.offset)) kernels::column_sums(g, tape.target(of.offset));
  if (tape.needs_gradient(of.gain)) kernels::layer_norm_gain(g, x, of.means, of.inverses, tape.target(of.gain));
  if (!tape.needs_gradient(of.x)) return;
  kernels::layer_norm_backward(g, x, of.gain.value().data, of.means, of.inverses, tape.target_over(of.x, result));
}

struct BatchNormBack {
  Var x;
  Var gain;
  Var offset;
  const float* means;
  const float* inverses;  // 1 / deviations
  const float* scales;    // gain / deviations
  bool own_statistics;    // means and deviations are x's
};

void batch_norm_back(const BatchNormBack& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result), x = of.x.value();
  const MatrixView<float> sums = tape.allocate(1, x.cols), products = tape.allocate(1, x.cols);
  kernels::column_sums(g, {sums, true});
  kernels::column_products(g, x, of.means, products);
  const auto send = [&](Var parameter, const auto& value) {
    if (!tape.needs_gradient(parameter)) return;
    const GradientTarget to = tape.target(parameter);
    for (std::size_t c = 0; c < x.cols; ++c) to.view(0, c) = value(c) + (to.fresh ? 0.0F : to.view(0, c));
  };
  send(of.offset, [&](std::size_t c) { return sums(0, c); });
  send(of.gain, [&](std::size_t c) { return products(0, c) * of.inverses[c]; });
  if (!tape.needs_gradient(of.x)) return;
  // dx = γ/σ (g − mean g − x̂ mean(g x̂)); means that do not depend on x leave the first term only.
  const std::span<float> slopes = tape.arena().allocate<float>(x.cols), shifts = tape.arena().allocate<float>(x.cols);
  const float share = of.own_statistics ? 1 / static_cast<float>(x.rows) : 0.0F;
  for (std::size_t c = 0; c < x.cols; ++c) {
    slopes[c] = -of.scales[c] * of.inverses[c] * of.inverses[c] * products(0, c) * share;
    shifts[c] = -of.scales[c] * sums(0, c) * share;
  }
  kernels::batch_norm_backward(g, x, of.means, of.scales, slopes.data(), shifts.data(), tape.target_over(of.x, result));
}

}  // namespace

Var layer_norm(Var x, Parameter& gain, Parameter& offset) {
  Tape& tape = x.tape();
  check("layer_norm", x, gain);
  check("layer_norm", x, offset);
  const std::span<float> means = tape.arena().allocate<float>(x.rows()),
                         inverses = tape.arena().allocate<float>(x.rows());
  const LayerNormState state{x, tape.parameter(gain), tape.parameter(offset), means.data(), inverses.data()};
  const bool needs = tape.needs_gradient(x) || tape.needs_gradient(state.gain);
  const Var y = tape.record("layer_norm", x.rows(), x.cols(), needs, state, layer_norm_back);
  kernels::layer_norm(x.value(), state.gain.value().data, state.offset.value().data, y.mutable_value(), means.data(),
                      inverses.data());
  return y;
}

Var batch_norm(Var x, const BatchNormState& of) {
  Tape& tape = x.tape();
  for (const Parameter* parameter : {of.gain, of.offset, of.mean, of.variance}) check("batch_norm", x, *parameter);
  const std::size_t cols = x.cols();
  const bool own_statistics = tape.mode() == Mode::train;
  std::span<const float> means = of.mean->values.values(), variances = of.variance->values.values();
  if (own_statistics) {
    const MatrixView<float> mean = tape.allocate(1, cols), variance = tape.allocate(1, cols);
    const float share = 1 / static_cast<float>(x.rows());
    kernels::column_sums(x.value(), {mean, true});
    for (float& value : mean.row(0)) value *= share;
    kernels::column_squares(x.value(), mean.data, variance);
    for (float& value : variance.row(0)) value *= share;
    means = mean.row(0);
    variances = variance.row(0);
    tape.add_statistics({of.mean, of.variance, means, variances});
  }
  const std::span<float> inverses = tape.arena().allocate<float>(cols), scales = tape.arena().allocate<float>(cols);
  for (std::size_t c = 0; c < cols; ++c) {
    inverses[c] = 1 / std::sqrt(variances[c] + kernels::kNormEpsilon);
    scales[c] = of.gain->values(0, c) * inverses[c];
  }
  const BatchNormBack state{x,
                            tape.parameter(*of.gain),
                            tape.parameter(*of.offset),
                            means.data(),
                            inverses.data(),
                            scales.data(),
                            own_statistics};
  const bool needs = tape.needs_gradient(x) || tape.needs_gradient(state.gain);
  const Var y = tape.record("batch_norm", x.rows(), cols, needs, state, batch_norm_back);
  kernels::column_lines(x.value(), means.data(), scales.data(), state.offset.value().data, y.mutable_value());
  return y;
}

}  // namespace gusto::nn
