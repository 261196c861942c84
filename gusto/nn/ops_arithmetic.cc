#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/row_kernels.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

namespace gusto::nn {
namespace {

struct Pair {
  Var a;
  Var b;
};

// How b's one row or one column counts for all of a's.
enum class Broadcast { none, row, column };

Broadcast broadcast_of(std::string_view operation, Var a, Var b, bool rows_allowed) {
  if (a.rows() == b.rows() && a.cols() == b.cols()) return Broadcast::none;
  if (rows_allowed && b.rows() == 1 && b.cols() == a.cols()) return Broadcast::row;
  if (b.cols() == 1 && b.rows() == a.rows()) return Broadcast::column;
  shape_error(operation, a.value(), b.value());
}

void give_or_lend(Tape& tape, Var to, MatrixView<const float> g) {
  if (!tape.lend_gradient(to, g)) kernels::give(g, tape.target(to));
}

void add_back(const Pair& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> g = tape.gradient(result);
  // The second operand is served while the gradient is nobody else's yet.
  if (tape.needs_gradient(of.b)) {
    switch (broadcast_of("add", of.a, of.b, true)) {
      case Broadcast::none:
        tape.needs_gradient(of.a) ? kernels::give(g, tape.target(of.b)) : give_or_lend(tape, of.b, g);
        break;
      case Broadcast::row: kernels::column_sums(g, tape.target(of.b)); break;
      case Broadcast::column: kernels::row_sums(g, tape.target(of.b)); break;
    }
  }
  if (tape.needs_gradient(of.a)) give_or_lend(tape, of.a, g);
}

void multiply_back(const Pair& of, Var result) {
  Tape& tape = result.tape();
  const MatrixView<const float> a = of.a.value(), b = of.b.value(), g = tape.gradient(result);
  const bool of_a = tape.needs_gradient(of.a), of_b = tape.needs_gradient(of.b);
  // The first operand comes last: its gradient may lie over g.
  if (a.cols != b.cols) {
    if (of_b) kernels::row_dots(g, a, tape.target(of.b));
    if (of_a) kernels::scale_rows(b, g, tape.target_over(of.a, result));
    return;
  }
  const GradientTarget db = of_b ? tape.target(of.b) : GradientTarget{};
  const GradientTarget da = of_a ? tape.target_over(of.a, result) : GradientTarget{};
  if (da.fresh && db.fresh) return kernels::multiply_backward(g, a, b, da.view, db.view);
  if (of_b) kernels::multiply(g, a, db);
  if (of_a) kernels::multiply(g, b, da);
}

}  // namespace

Var add(Var a, Var b) {
  Tape& tape = a.tape();
  const Broadcast broadcast = broadcast_of("add", a, b, true);
  const Var y =
      tape.record("add", a.rows(), a.cols(), tape.needs_gradient(a) || tape.needs_gradient(b), Pair{a, b}, add_back);
  switch (broadcast) {
    case Broadcast::none: kernels::add(a.value(), b.value(), y.mutable_value()); break;
    case Broadcast::row: kernels::add(a.value(), repeat(b.value(), a.rows()), y.mutable_value()); break;
    case Broadcast::column: kernels::add_column(a.value(), b.value(), y.mutable_value()); break;
  }
  return y;
}

Var multiply(Var a, Var b) {
  Tape& tape = a.tape();
  const Broadcast broadcast = broadcast_of("multiply", a, b, false);
  const Var y = tape.record("multiply", a.rows(), a.cols(), tape.needs_gradient(a) || tape.needs_gradient(b),
                            Pair{a, b}, multiply_back);
  if (broadcast == Broadcast::none) {
    kernels::multiply(a.value(), b.value(), {y.mutable_value(), true});
  } else {
    kernels::scale_rows(b.value(), a.value(), {y.mutable_value(), true});
  }
  return y;
}

}  // namespace gusto::nn
