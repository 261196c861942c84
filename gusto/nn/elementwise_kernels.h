#pragma once

/// Vector kernels of operations that go number by number, dispatched once per call to the best instructions of the
/// processor (Highway). Views of one call have the same shape unless stated; a view with stride 0 repeats its one row.
/// Results may lie exactly over inputs. All run on the calling thread and may be called concurrently.

#include <cstdint>

#include "gusto/base/matrix.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::kernels {

enum class CurveKind { relu, gelu, sigmoid, tanh, line, cosine_logit };

/// shift + scale · f(x); for `line`, f(x) = x.
struct Curve {
  CurveKind kind;
  float scale = 1;
  float shift = 0;

  /// Whether the slope is computed from the result rather than from x.
  bool slope_by_result() const {
    return kind == CurveKind::relu || kind == CurveKind::sigmoid || kind == CurveKind::tanh;
  }
};

/// y = curve(x). Only line and sigmoid take scale and shift.
void curve(const Curve& curve, MatrixView<const float> x, MatrixView<float> y);
/// dx (+)= g · curve'(x); `known` is y or x (see slope_by_result).
void curve_backward(const Curve& curve, MatrixView<const float> gradient, MatrixView<const float> known,
                    GradientTarget dx);

void copy(MatrixView<const float> x, MatrixView<float> y);
/// y = a + b
void add(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> y);
/// to = x, or to += x
void give(MatrixView<const float> x, GradientTarget to);
/// to (+)= a · b
void multiply(MatrixView<const float> a, MatrixView<const float> b, GradientTarget to);
/// da = g · b and db = g · a in one pass.
void multiply_backward(MatrixView<const float> g, MatrixView<const float> a, MatrixView<const float> b,
                       MatrixView<float> da, MatrixView<float> db);

/// How elements are dropped: see dropout().
struct DropoutDraw {
  std::uint32_t key;
  std::uint32_t offset;
  std::int32_t limit;  ///< an element is kept if 31 bits of its hash reach this
  float scale;         ///< of those kept

  DropoutDraw(double rate, std::uint64_t draw_key)
      : key(static_cast<std::uint32_t>(draw_key)),
        offset(static_cast<std::uint32_t>(draw_key >> 32)),
        limit(static_cast<std::int32_t>(rate * 0x1p31)),
        scale(static_cast<float>(1 / (1 - rate))) {}
};

/// to (+)= x · [keep] / (1 − rate): element e = r · cols + c is dropped if a hash of (key, e) falls below `rate`. The
/// same elements on every processor.
void dropout(MatrixView<const float> x, const DropoutDraw& draw, GradientTarget to);

}  // namespace gusto::nn::kernels
