#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/gather_kernels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/row_kernels.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

namespace gusto::nn {
namespace {

struct PickState {
  Var x;
  const std::uint32_t* chosen;
};

}  // namespace

Var columns(Var x, std::size_t begin, std::size_t end) {
  if (begin > end || end > x.cols()) {
    throw Error(ErrorCode::internal,
                fmt::format("columns: [{} × {}] has no columns [{}, {}).", x.rows(), x.cols(), begin, end));
  }
  return x.tape().record_columns(x, begin, end);
}

Var concat(std::span<const Var> parts) {
  if (parts.empty()) throw Error(ErrorCode::internal, "concat: there is nothing to put side by side.");
  Tape& tape = parts.front().tape();
  const std::span<Var> kept = tape.arena().allocate<Var>(parts.size());
  std::uninitialized_copy(parts.begin(), parts.end(), kept.begin());
  std::size_t cols = 0;
  bool needs = false;
  for (const Var& part : kept) {
    if (part.rows() != parts.front().rows()) shape_error("concat", parts.front().value(), part.value());
    cols += part.cols();
    needs = needs || tape.needs_gradient(part);
  }
  const Var y = tape.record("concat", parts.front().rows(), cols, needs, std::span<const Var>(kept),
                            [](const std::span<const Var>& inputs, Var result) {
                              Tape& on = result.tape();
                              const MatrixView<const float> g = on.gradient(result);
                              std::size_t column = 0;
                              for (const Var& part : inputs) {
                                const MatrixView<const float> own = slice_columns(g, column, part.cols());
                                column += part.cols();
                                if (!on.needs_gradient(part) || on.lend_gradient(part, own)) continue;
                                kernels::give(own, on.target(part));
                              }
                            });
  std::size_t column = 0;
  for (const Var& part : kept) {
    kernels::copy(part.value(), slice_columns(y.mutable_value(), column, part.cols()));
    column += part.cols();
  }
  return y;
}

Var row_sum(Var x) {
  Tape& tape = x.tape();
  const Var y = tape.record("row_sum", x.rows(), 1, tape.needs_gradient(x), x, [](const Var& input, Var result) {
    Tape& on = result.tape();
    kernels::broadcast_column(on.gradient(result), on.target(input));
  });
  kernels::row_sums(x.value(), {y.mutable_value(), true});
  return y;
}

Var pick_rows(Var x, std::span<const std::uint32_t> chosen) {
  Tape& tape = x.tape();
  if (!chosen.empty() && kernels::largest(chosen) >= x.rows()) {
    throw Error(ErrorCode::internal,
                fmt::format("pick_rows: [{} × {}] has no row {}.", x.rows(), x.cols(), kernels::largest(chosen)));
  }
  const std::span<std::uint32_t> kept = tape.arena().allocate<std::uint32_t>(chosen.size());
  std::copy(chosen.begin(), chosen.end(), kept.begin());
  const PickState state{x, kept.data()};
  const Var y = tape.record("pick_rows", kept.size(), x.cols(), tape.needs_gradient(x), state,
                            [](const PickState& of, Var result) {
                              Tape& on = result.tape();
                              const MatrixView<const float> g = on.gradient(result);
                              on.gradient(of.x);  // zeros where nothing is yet: rows that were not chosen get nothing
                              const MatrixView<float> dx = on.target(of.x).view;
                              for (std::size_t r = 0; r < g.rows; ++r) {
                                const std::size_t row = of.chosen[r];
                                kernels::give(g.slice(r, r + 1), {dx.slice(row, row + 1), false});
                              }
                            });
  kernels::gather(x.value(), kept, y.mutable_value());
  return y;
}

}  // namespace gusto::nn
