#pragma once

// What the parts of gemm.cc share: they are compiled once per instruction set.

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "gusto/base/error.h"

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

/// Room for copies of blocks of A and B, kept from call to call; as it comes, not zeroed.
class Panels {
 public:
  float* a(std::size_t floats) { return a_.of(floats); }
  float* b(std::size_t floats) { return b_.of(floats); }

 private:
  struct Free {
    void operator()(float* room) const { std::free(room); }
  };
  struct Room {
    float* of(std::size_t floats) {
      if (floats <= size) return data.get();
      constexpr std::size_t kLine = 64;
      const std::size_t bytes = (floats * sizeof(float) + kLine - 1) / kLine * kLine;
      size = 0;
      data.reset();
      data.reset(static_cast<float*>(std::aligned_alloc(kLine, bytes)));
      if (!data) throw Error(ErrorCode::out_of_memory, "There is no room to copy parts of a matrix.", "Free memory.");
      size = floats;
      return data.get();
    }
    std::unique_ptr<float, Free> data;
    std::size_t size = 0;
  };
  Room a_, b_;
};

}  // namespace gusto::products
