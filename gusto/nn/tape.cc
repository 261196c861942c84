#include "gusto/nn/tape.h"

#include <algorithm>

#include <fmt/format.h>

#include "gusto/base/error.h"

namespace gusto::nn {
namespace {

void copy_rows(MatrixView<const float> from, MatrixView<float> to) {
  for (std::size_t r = 0; r < from.rows; ++r) std::copy_n(from.row(r).data(), from.cols, to.row(r).data());
}
void add_rows(MatrixView<const float> from, MatrixView<float> to) {
  for (std::size_t r = 0; r < from.rows; ++r) {
    const float* source = from.row(r).data();
    float* sum = to.row(r).data();
    for (std::size_t c = 0; c < from.cols; ++c) sum[c] += source[c];
  }
}

}  // namespace

void Tape::begin(Mode mode, std::uint64_t key) {
  mode_ = mode;
  key_ = key;
  arena_.reset();
  nodes_.clear();
  sparse_.clear();
  dense_.clear();
  statistics_.clear();
  parameters_.clear();
}

Var Tape::constant(MatrixView<const float> value) {
  const MatrixView<float> view(const_cast<float*>(value.data), value.rows, value.cols, value.stride);
  return record_view("constant", view, false, 0, [](const int&, Var) {});
}

Var Tape::parameter(Parameter& parameter) {
  const auto known = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const auto& entry) { return entry.first == &parameter; });
  if (known != parameters_.end()) return Var(this, known->second);
  // Probing learns guests and nothing else.
  const Var var = record_view("parameter", parameter.values.view(), mode_ == Mode::train, 0, [](const int&, Var) {});
  parameters_.emplace_back(&parameter, var.index());
  return var;
}

void Tape::backward(Var loss) {
  if (loss.rows() != 1 || loss.cols() != 1) {
    throw Error(ErrorCode::internal,
                fmt::format("backward: a loss is [1 × 1], not [{} × {}].", loss.rows(), loss.cols()));
  }
  const float one = 1;
  const std::pair<Var, MatrixView<const float>> seed{loss, MatrixView<const float>(&one, 1, 1)};
  backward({&seed, 1});
}

void Tape::backward(std::span<const std::pair<Var, MatrixView<const float>>> seeds) {
  std::uint32_t last = 0;
  for (const auto& [var, seed] : seeds) {
    if (seed.rows != var.rows() || seed.cols != var.cols()) shape_error("backward", var.value(), seed);
    last = std::max(last, var.index());
    if (!needs_gradient(var)) continue;
    const GradientTarget to = target(var);
    to.fresh ? copy_rows(seed, to.view) : add_rows(seed, to.view);
  }
  for (std::uint32_t index = last + 1; index-- > 0;) {
    const Node& here = nodes_[index];
    if (here.needs && here.gradient.data != nullptr) here.backward(here, Var(this, index));
  }
  for (const auto& [parameter, index] : parameters_) {
    if (nodes_[index].gradient.data != nullptr) dense_.push_back({parameter, nodes_[index].gradient});
  }
}

MatrixView<const float> Tape::gradient(Var var) {
  Node& here = node(var);
  if (here.gradient.data == nullptr) {
    here.gradient = take(here.value.rows, here.value.cols);
    std::fill_n(here.gradient.data, here.gradient.rows * here.gradient.cols, 0.0F);
  }
  return here.gradient;
}

GradientTarget Tape::target(Var var) {
  Node& here = node(var);
  if (here.gradient.data != nullptr) return {here.gradient, false};
  here.gradient = take(here.value.rows, here.value.cols);
  return {here.gradient, true};
}

bool Tape::lend_gradient(Var var, MatrixView<const float> part) {
  Node& here = node(var);
  if (here.gradient.data != nullptr) return false;
  here.gradient = MatrixView<float>(const_cast<float*>(part.data), part.rows, part.cols, part.stride);
  return true;
}

void shape_error(std::string_view operation, MatrixView<const float> a, MatrixView<const float> b) {
  throw Error(ErrorCode::internal,
              fmt::format("{}: [{} × {}] and [{} × {}] do not fit.", operation, a.rows, a.cols, b.rows, b.cols));
}

}  // namespace gusto::nn
