#pragma once

#include <cmath>
#include <cstdint>

namespace gusto {

/// Whether values say how strongly items were chosen. By itself: they do if weights, a half-life, a transform or sums
/// made them, or if they look like counts (whole, at least 0, unbounded, with a long tail); ratings on a scale do not.
enum class ValueUse { automatic, strength, ignore };

/// How much an event counts where models rank by who chose what: 1, or where values are used
///
///   s(v) = scale · v, or scale · log(1 + v) of counts,
///
/// with a mean of 1 over the events of the data set whose values are above 0; the others are no choices, and count 0.
struct Strength {
  enum class Form : std::uint8_t { none, linear, logarithm };
  Form form = Form::none;
  double scale = 1;

  bool used() const { return form != Form::none; }
  float of(float value) const {
    if (form == Form::none) return 1;
    const double v = value > 0 ? value : 0;
    return static_cast<float>(scale * (form == Form::linear ? v : std::log1p(v)));
  }
};

}  // namespace gusto
