#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

using kernels::Curve;
using kernels::CurveKind;

struct CurveState {
  Curve curve;
  Var x;
};

void curve_back(const CurveState& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> known = of.curve.slope_by_result() ? result.value() : of.x.value();
  const GradientTarget dx = tape.target_over(of.x, result);
  kernels::curve_backward(of.curve, tape.gradient(result), known, dx);
}

Var apply(std::string_view operation, const Curve& curve, Var x) {
  Tape& tape = x.tape();
  const Var y = tape.record(operation, x.rows(), x.cols(), tape.needs_gradient(x), CurveState{curve, x}, curve_back);
  kernels::curve(curve, x.value(), y.mutable_value());
  return y;
}

struct DropoutState {
  Var x;
  kernels::DropoutDraw draw;
};

}  // namespace

Var affine(Var x, float alpha, float beta) { return apply("affine", {CurveKind::line, alpha, beta}, x); }
Var relu(Var x) { return apply("relu", {CurveKind::relu}, x); }
Var gelu(Var x) { return apply("gelu", {CurveKind::gelu}, x); }
Var sigmoid(Var x) { return apply("sigmoid", {CurveKind::sigmoid}, x); }
Var tanh(Var x) { return apply("tanh", {CurveKind::tanh}, x); }
Var cosine_logit(Var c) { return apply("cosine_logit", {CurveKind::cosine_logit}, c); }

Var scaled_sigmoid(Var x, float low, float high) {
  if (!(low < high)) throw Error(ErrorCode::internal, fmt::format("scaled_sigmoid: {} is not below {}.", low, high));
  return apply("scaled_sigmoid", {CurveKind::sigmoid, high - low, low}, x);
}

Var dropout(Var x, double rate) {
  if (!(rate >= 0 && rate < 1)) throw Error(ErrorCode::internal, fmt::format("dropout: {} is not in [0, 1).", rate));
  Tape& tape = x.tape();
  if (tape.mode() != Mode::train || rate == 0) return x;
  const DropoutState state{x, {rate, mix(mix(tape.key()) + tape.size())}};
  const Var y =
      tape.record("dropout", x.rows(), x.cols(), tape.needs_gradient(x), state, [](const DropoutState& of, Var result) {
        Tape& on = result.tape();
        const GradientTarget dx = on.target_over(of.x, result);
        kernels::dropout(on.gradient(result), of.draw, dx);
      });
  kernels::dropout(x.value(), state.draw, {y.mutable_value(), true});
  return y;
}

}  // namespace gusto::nn
