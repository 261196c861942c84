#include "gusto/nn/tape.h"

#include <algorithm>

#include <fmt/core.h>

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

std::size_t Var::rows() const { return value().rows; }
std::size_t Var::cols() const { return value().cols; }
MatrixView<const float> Var::value() const { return tape_->node(*this).value; }
MatrixView<float> Var::mutable_value() const { return tape_->node(*this).value; }

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
  // Probing learns extra rows and nothing else.
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
    // Parts have none: what flows into them is in the matrix's gradient already.
    if (here.backward != nullptr && here.needs && here.gradient.data != nullptr) here.backward(here, Var(this, index));
  }
  for (const auto& [parameter, index] : parameters_) {
    if (nodes_[index].gradient.data != nullptr) dense_.push_back({parameter, gradient(Var(this, index))});
  }
}

Var Tape::record_columns(Var whole, std::size_t begin, std::size_t end) {
  // Parts of parts are parts of the one matrix that has memory of its own.
  const Node& shown = node(whole);
  const bool is_part = shown.whole != kNone;
  Node part;
  part.operation = "columns";
  part.value = MatrixView<float>(shown.value.data + begin, shown.value.rows, end - begin, shown.value.stride);
  part.needs = shown.needs;
  part.whole = is_part ? shown.whole : whole.index();
  part.first_column = shown.first_column + begin;
  part.next_part = nodes_[part.whole].next_part;
  nodes_[part.whole].next_part = static_cast<std::uint32_t>(nodes_.size());
  return add_node(part);
}

// Zeroes those columns [begin, end) of a matrix's gradient that none of its parts has written.
void Tape::zero_unwritten(const Node& whole, std::size_t begin, std::size_t end) {
  const MatrixView<float>& gradient = whole.gradient;
  while (begin < end) {
    std::size_t written_end = begin;  // of a run of written columns from `begin` on
    std::size_t next_written = end;
    for (std::uint32_t index = whole.next_part; index != kNone; index = nodes_[index].next_part) {
      const Node& part = nodes_[index];
      if (!part.written) continue;
      if (part.first_column > begin) {
        next_written = std::min(next_written, part.first_column);
      } else {
        written_end = std::max(written_end, part.first_column + part.value.cols);
      }
    }
    if (written_end > begin) {
      begin = written_end;
      continue;
    }
    for (std::size_t r = 0; r < gradient.rows; ++r) std::fill_n(&gradient(r, begin), next_written - begin, 0.0F);
    begin = next_written;
  }
}

GradientTarget Tape::part_target(Node& part) {
  Node& whole = nodes_[part.whole];
  if (whole.gradient.data == nullptr) whole.gradient = allocate(whole.value.rows, whole.value.cols);
  const std::size_t begin = part.first_column, end = begin + part.value.cols;
  const MatrixView<float> view(whole.gradient.data + begin, part.value.rows, part.value.cols, whole.gradient.stride);
  if (whole.written || part.written) return {view, false};
  bool overlaps = false;
  for (std::uint32_t index = whole.next_part; index != kNone; index = nodes_[index].next_part) {
    const Node& other = nodes_[index];
    overlaps = overlaps || (other.written && other.first_column < end && begin < other.first_column + other.value.cols);
  }
  if (overlaps) zero_unwritten(whole, begin, end);
  part.written = true;
  return {view, !overlaps};
}

GradientTarget Tape::target(Var var) {
  Node& here = node(var);
  if (here.whole != kNone) return part_target(here);
  const bool fresh = here.gradient.data == nullptr;
  if (fresh) {
    here.gradient = allocate(here.value.rows, here.value.cols);
  } else if (!here.written) {
    zero_unwritten(here, 0, here.value.cols);
  }
  here.written = true;
  return {here.gradient, fresh};
}

GradientTarget Tape::target_over(Var var, Var result) {
  const MatrixView<float> over = target(result).view;
  if (lend_gradient(var, over)) return {over, true};
  return target(var);
}

MatrixView<const float> Tape::gradient(Var var) {
  const GradientTarget to = target(var);
  if (to.fresh) {
    for (std::size_t r = 0; r < to.view.rows; ++r) std::fill_n(to.view.row(r).data(), to.view.cols, 0.0F);
  }
  return to.view;
}

bool Tape::lend_gradient(Var var, MatrixView<const float> part) {
  Node& here = node(var);
  if (here.whole != kNone || here.gradient.data != nullptr) return false;
  here.gradient = MatrixView<float>(const_cast<float*>(part.data), part.rows, part.cols, part.stride);
  here.written = true;
  return true;
}

void shape_error(std::string_view operation, MatrixView<const float> a, MatrixView<const float> b) {
  throw Error(ErrorCode::internal,
              fmt::format("{}: [{} × {}] and [{} × {}] do not fit.", operation, a.rows, a.cols, b.rows, b.cols));
}

}  // namespace gusto::nn
