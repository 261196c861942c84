#include "gusto/nn/losses.h"

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/nn/elementwise_kernels.h"
#include "gusto/nn/gather_kernels.h"
#include "gusto/nn/interaction_kernels.h"
#include "gusto/nn/loss_kernels.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

using kernels::LossKind;

struct LossState {
  Var prediction;
  Var other;  // of bpr: the negative, whose slopes are the opposite
  bool has_other;
  MatrixView<const float> slopes;
};

// input's gradient (+)= factor · slopes
void send(Tape& tape, Var input, MatrixView<const float> slopes, float factor) {
  if (!tape.needs_gradient(input)) return;
  if (factor == 1 && tape.lend_gradient(input, slopes)) return;
  kernels::curve_backward({kernels::CurveKind::line, factor}, slopes, slopes, tape.target(input));
}

void loss_back(const LossState& of, Var result) {
  Tape& tape = result.tape();
  const float factor = tape.gradient(result)(0, 0);
  if (of.has_other) send(tape, of.other, of.slopes, -factor);
  send(tape, of.prediction, of.slopes, factor);
}

// Slopes are worked out along with the loss, which has most of what they need; unless nobody asks for them.
MatrixView<float> take_slopes(Tape& tape, bool needs, std::size_t rows, std::size_t cols) {
  return needs ? tape.allocate(rows, cols) : MatrixView<float>();
}

void check_column(std::string_view operation, Var prediction, MatrixView<const float> targets) {
  if (prediction.cols() != 1 || targets.cols != 1 || prediction.rows() != targets.rows) {
    shape_error(operation, prediction.value(), targets);
  }
}

Var record_loss(std::string_view operation, const kernels::Loss& loss, Var prediction, std::span<const float> targets,
                float scale) {
  Tape& tape = prediction.tape();
  const MatrixView<const float> column(targets.data(), targets.size(), 1);
  check_column(operation, prediction, column);
  const bool needs = tape.needs_gradient(prediction);
  const MatrixView<float> slopes = take_slopes(tape, needs, prediction.rows(), 1);
  const Var y = tape.record(operation, 1, 1, needs, LossState{prediction, {}, false, slopes}, loss_back);
  const double sum = kernels::sum_losses(loss, prediction.value(), column, scale, {slopes.data, slopes.rows});
  y.mutable_value()(0, 0) = static_cast<float>(sum * static_cast<double>(scale));
  return y;
}

}  // namespace

Var squared_loss(Var prediction, std::span<const float> targets, float scale) {
  return record_loss("squared_loss", {LossKind::squared}, prediction, targets, scale);
}

Var absolute_loss(Var prediction, std::span<const float> targets, float scale) {
  return record_loss("absolute_loss", {LossKind::absolute}, prediction, targets, scale);
}

Var huber_loss(Var prediction, std::span<const float> targets, float delta, float scale) {
  if (!(delta > 0)) throw Error(ErrorCode::internal, fmt::format("huber_loss: delta {} is not above 0.", delta));
  return record_loss("huber_loss", {LossKind::huber, delta}, prediction, targets, scale);
}

Var logistic_loss(Var logits, std::span<const float> targets, float scale) {
  return record_loss("logistic_loss", {LossKind::logistic}, logits, targets, scale);
}

Var bpr_loss(Var positive, Var negative, float scale) {
  Tape& tape = positive.tape();
  check_column("bpr_loss", positive, negative.value());
  const bool needs = tape.needs_gradient(positive) || tape.needs_gradient(negative);
  const MatrixView<float> slopes = take_slopes(tape, needs, positive.rows(), 1);
  const Var y = tape.record("bpr_loss", 1, 1, needs, LossState{positive, negative, true, slopes}, loss_back);
  const double sum =
      kernels::sum_losses({LossKind::bpr}, positive.value(), negative.value(), scale, {slopes.data, slopes.rows});
  y.mutable_value()(0, 0) = static_cast<float>(sum * static_cast<double>(scale));
  return y;
}

Var softmax_loss(Var logits, std::span<const std::uint32_t> targets, float scale) {
  Tape& tape = logits.tape();
  if (logits.rows() != targets.size()) {
    shape_error("softmax_loss", logits.value(), MatrixView<const float>(nullptr, targets.size(), 1));
  }
  if (!targets.empty() && kernels::largest(targets) >= logits.cols()) {
    throw Error(ErrorCode::internal, fmt::format("softmax_loss: column {} is a target in [{} × {}].",
                                                 kernels::largest(targets), logits.rows(), logits.cols()));
  }
  const bool needs = tape.needs_gradient(logits);
  const MatrixView<float> slopes = take_slopes(tape, needs, logits.rows(), logits.cols());
  const Var y = tape.record("softmax_loss", 1, 1, needs, LossState{logits, {}, false, slopes}, loss_back);
  const double sum = kernels::softmax_loss(logits.value(), targets.data(), scale, slopes);
  y.mutable_value()(0, 0) = static_cast<float>(sum * static_cast<double>(scale));
  return y;
}

}  // namespace gusto::nn
