#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/nn/interaction_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/row_kernels.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

struct FieldPair {
  Var a;
  Var b;
};

void check_same_shape(std::string_view operation, Var a, Var b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) shape_error(operation, a.value(), b.value());
}

void dot_back(const FieldPair& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result), a = of.a.value(), b = of.b.value();
  const bool of_a = tape.needs_gradient(of.a), of_b = tape.needs_gradient(of.b);
  const GradientTarget da = of_a ? tape.target(of.a) : GradientTarget{};
  const GradientTarget db = of_b ? tape.target(of.b) : GradientTarget{};
  if (da.fresh && db.fresh) return kernels::scale_rows_crosswise(g, a, b, da.view, db.view);
  if (of_a) kernels::scale_rows(g, b, da);
  if (of_b) kernels::scale_rows(g, a, db);
}

struct CosineState {
  Var a;
  Var b;
  float* inverse_a;
  float* inverse_b;
};

void cosine_back(const CosineState& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result), y = result.value(), a = of.a.value(), b = of.b.value();
  if (tape.needs_gradient(of.a)) {
    kernels::cosine_backward(g, y, a, b, of.inverse_a, of.inverse_b, tape.target(of.a));
  }
  if (tape.needs_gradient(of.b)) {
    kernels::cosine_backward(g, y, b, a, of.inverse_b, of.inverse_a, tape.target(of.b));
  }
}

struct UnitState {
  Var x;
  MatrixView<const float> inverse;  // 1 / ‖x_r‖
};

// dx = (g − (g · y) y) / ‖x‖
void unit_rows_back(const UnitState& of, Var result) {
  Tape& tape = result.tape();
  if (!tape.needs_gradient(of.x)) return;
  const MatrixView<const float> g = tape.gradient(result), y = result.value();
  const MatrixView<float> along = tape.allocate(y.rows, 1);
  kernels::row_dots(g, y, {along, true});
  for (std::size_t r = 0; r < y.rows; ++r) along(r, 0) *= -of.inverse(r, 0);
  GradientTarget to = tape.target(of.x);
  kernels::scale_rows(of.inverse, g, to);
  to.fresh = false;
  kernels::scale_rows(along, y, to);
}

struct FmState {
  Var x;
  std::size_t fields;
  MatrixView<float> sums;
};

void products_back(const FieldPair& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result);
  if (tape.needs_gradient(of.a)) {
    const GradientTarget to = tape.target(of.a);
    gemm(Transpose::no, Transpose::no, 1, g, of.b.value(), to.beta(), to.view);
  }
  if (tape.needs_gradient(of.b)) {
    const GradientTarget to = tape.target(of.b);
    gemm(Transpose::yes, Transpose::no, 1, g, of.a.value(), to.beta(), to.view);
  }
}

}  // namespace

Var dot(Var a, Var b) {
  Tape& tape = a.tape();
  check_same_shape("dot", a, b);
  const bool needs = tape.needs_gradient(a) || tape.needs_gradient(b);
  const Var y = tape.record("dot", a.rows(), 1, needs, FieldPair{a, b}, dot_back);
  kernels::row_dots(a.value(), b.value(), {y.mutable_value(), true});
  return y;
}

Var cosine(Var a, Var b) {
  Tape& tape = a.tape();
  check_same_shape("cosine", a, b);
  const bool needs = tape.needs_gradient(a) || tape.needs_gradient(b);
  const CosineState state{a, b, tape.arena().allocate<float>(a.rows()).data(),
                          tape.arena().allocate<float>(a.rows()).data()};
  const Var y = tape.record("cosine", a.rows(), 1, needs, state, cosine_back);
  kernels::cosine(a.value(), b.value(), y.mutable_value(), state.inverse_a, state.inverse_b);
  return y;
}

Var unit_rows(Var x) {
  Tape& tape = x.tape();
  const MatrixView<float> inverse = tape.allocate(x.rows(), 1);
  kernels::row_dots(x.value(), x.value(), {inverse, true});
  for (std::size_t r = 0; r < x.rows(); ++r) {
    inverse(r, 0) = inverse(r, 0) > 0 ? 1 / std::sqrt(inverse(r, 0)) : 0.0F;
  }
  const Var y =
      tape.record("unit_rows", x.rows(), x.cols(), tape.needs_gradient(x), UnitState{x, inverse}, unit_rows_back);
  kernels::scale_rows(inverse, x.value(), {y.mutable_value(), true});
  return y;
}

Var fm_pooling(Var x, std::size_t fields) {
  if (fields == 0 || x.cols() % fields != 0) {
    throw Error(ErrorCode::internal,
                fmt::format("fm_pooling: [{} × {}] does not hold {} fields of one width.", x.rows(), x.cols(), fields));
  }
  Tape& tape = x.tape();
  const std::size_t dim = x.cols() / fields;
  const FmState state{x, fields, tape.allocate(x.rows(), dim)};
  const Var y =
      tape.record("fm_pooling", x.rows(), dim, tape.needs_gradient(x), state, [](const FmState& of, Var result) {
        Tape& on = result.tape();
        kernels::fm_pooling_backward(on.gradient(result), of.x.value(), of.fields, of.sums, on.target(of.x));
      });
  kernels::fm_pooling(x.value(), fields, state.sums, y.mutable_value());
  return y;
}

Var products(Var a, Var b) {
  Tape& tape = a.tape();
  if (a.cols() != b.cols()) shape_error("products", a.value(), b.value());
  const bool needs = tape.needs_gradient(a) || tape.needs_gradient(b);
  const Var y = tape.record("products", a.rows(), b.rows(), needs, FieldPair{a, b}, products_back);
  gemm(Transpose::no, Transpose::yes, 1, a.value(), b.value(), 0, y.mutable_value());
  return y;
}

Var log_softmax(Var x) {
  Tape& tape = x.tape();
  const Var y =
      tape.record("log_softmax", x.rows(), x.cols(), tape.needs_gradient(x), x, [](const Var& of, Var result) {
        Tape& on = result.tape();
        const GradientTarget dx = on.target_over(of, result);
        kernels::log_softmax_backward(on.gradient(result), result.value(), dx);
      });
  kernels::log_softmax(x.value(), y.mutable_value());
  return y;
}

}  // namespace gusto::nn
