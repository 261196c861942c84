#include "gusto/base/linalg.h"
#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/row_kernels.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

namespace gusto::nn {
namespace {

struct DenseState {
  Var x;
  Var weights;
  Var bias;
  bool has_bias;
};

void dense_back(const DenseState& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result), x = of.x.value(), weights = of.weights.value();
  if (of.has_bias && tape.needs_gradient(of.bias)) kernels::column_sums(g, tape.target(of.bias));
  if (tape.needs_gradient(of.weights)) {
    const GradientTarget to = tape.target(of.weights);
    if (g.cols == 1 && to.view.stride == 1) {
      kernels::weighted_sum(g, x, {as_row(to.view), to.fresh});
    } else {
      gemm(Transpose::yes, Transpose::no, 1, x, g, to.beta(), to.view);
    }
  }
  if (!tape.needs_gradient(of.x)) return;
  const GradientTarget to = tape.target(of.x);
  if (g.cols == 1) {
    kernels::scale_rows(g, repeat(as_row(weights), x.rows), to);
  } else {
    gemm(Transpose::no, Transpose::yes, 1, g, weights, to.beta(), to.view);
  }
}

Var record_dense(Var x, Var weights, Var bias, bool has_bias) {
  Tape& tape = x.tape();
  if (x.cols() != weights.rows()) shape_error("dense", x.value(), weights.value());
  if (has_bias && (bias.rows() != 1 || bias.cols() != weights.cols())) {
    shape_error("dense", weights.value(), bias.value());
  }
  const bool needs = tape.needs_gradient(x) || tape.needs_gradient(weights);
  const Var y =
      tape.record("dense", x.rows(), weights.cols(), needs, DenseState{x, weights, bias, has_bias}, dense_back);
  const MatrixView<float> value = y.mutable_value();
  if (value.cols == 1) {
    kernels::row_dots(x.value(), repeat(as_row(weights.value()), value.rows), {value, true});
    if (has_bias) kernels::curve({kernels::CurveKind::line, 1, bias.value()(0, 0)}, value, value);
  } else {
    gemm(Transpose::no, Transpose::no, 1, x.value(), weights.value(), 0, value);
    if (has_bias) kernels::add(value, repeat(bias.value(), value.rows), value);
  }
  return y;
}

}  // namespace

Var dense(Var x, Parameter& weights, Parameter& bias) {
  return record_dense(x, x.tape().parameter(weights), x.tape().parameter(bias), true);
}

Var dense(Var x, Parameter& weights) { return record_dense(x, x.tape().parameter(weights), {}, false); }

}  // namespace gusto::nn
