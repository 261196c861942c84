#pragma once

// What the parts of gemm.cc share: they are compiled once per instruction set.

#include <cstddef>

#include "gusto/base/matrix.h"

namespace gusto::products {

/// A factor of a product as numbers: element (o, p) lies at data[o · outer + p · inner], where o counts rows of op(A)
/// or columns of op(B), and p is the index that is summed over. One of the two strides is 1.
struct Factor {
  const float* data;
  std::size_t outer, inner;

  bool straight() const { return outer == 1; }  // numbers of one p lie side by side
  const float* at(std::size_t o, std::size_t p) const { return data + o * outer + p * inner; }
  Factor from(std::size_t o, std::size_t p) const { return {at(o, p), outer, inner}; }
};

/// C = α · Σ_p A(·, p) · B(·, p) + β · C.
struct Product {
  std::size_t m, n, k;
  Factor a, b;
  float* c;
  std::size_t c_row, c_column;
  float alpha, beta;
};

/// How many numbers are added up before C is touched: the same at every level, since it decides the bits.
constexpr std::size_t kMostInner = 256;

/// The rounds of the inner index, as equal as multiples of 8 can be, so that none is short.
inline std::size_t inner_of(std::size_t k) {
  const std::size_t rounds = (k + kMostInner - 1) / kMostInner;
  return rounds == 0 ? 8 : ((k + rounds - 1) / rounds + 7) / 8 * 8;
}

/// Room for copies of blocks of A and B, kept from call to call.
class Panels {
 public:
  float* a(std::size_t floats) { return room(a_, floats); }
  float* b(std::size_t floats) { return room(b_, floats); }

 private:
  static float* room(AlignedVector<float>& panels, std::size_t floats) {
    if (panels.size() < floats) panels = AlignedVector<float>(floats);
    return panels.data();
  }
  AlignedVector<float> a_, b_;
};

}  // namespace gusto::products
