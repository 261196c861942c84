#pragma once

#include <span>

namespace gusto {

/// v ← sign(v) |v|^power, dispatched once per call to the best instructions of the processor (Highway); power above 0.
/// What is not finite stays as it is; what is beyond the largest float becomes that, or infinite.
///
/// As exact as std::pow of floats: computed in double, to 1e-9 of its value, and rounded.
void raise_to_power(std::span<float> values, float power);

}  // namespace gusto
