// Products of any shape, strides and factors: of small whole numbers, so that each is exact.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/gemm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gusto;
  constexpr std::size_t kHeader = 10;
  if (size < kHeader) return 0;
  const std::size_t m = data[0] % 64, n = data[1] % 80, k = data[2] + data[3] % 2 * 200;
  const bool a_turned = data[3] & 2, b_turned = data[3] & 4;
  const auto factor_of = [](std::uint8_t byte) { return static_cast<float>(byte % 5) - 2; };
  const float alpha = factor_of(data[4]), beta = factor_of(data[5]);
  // Numbers from −4 to 4, taken from the rest of the input again and again.
  std::size_t taken = kHeader;
  const auto matrix = [&](std::size_t rows, std::size_t cols, std::size_t padding) {
    std::vector<float> values(rows * (cols + padding));
    for (float& x : values) {
      x = static_cast<float>(data[taken] % 9) - 4;
      taken = taken + 1 < size ? taken + 1 : std::min(kHeader, size - 1);
    }
    return values;
  };
  if (taken >= size) taken = size - 1;
  const auto view = [](std::vector<float>& values, std::size_t rows, std::size_t cols, std::size_t padding) {
    return MatrixView<float>(values.data(), rows, cols, cols + padding);
  };
  const std::size_t a_rows = a_turned ? k : m, a_cols = a_turned ? m : k, a_padding = data[6] % 8;
  const std::size_t b_rows = b_turned ? n : k, b_cols = b_turned ? k : n, b_padding = data[7] % 8;
  const std::size_t c_padding = data[8] % 8;
  std::vector<float> a = matrix(a_rows, a_cols, a_padding), b = matrix(b_rows, b_cols, b_padding);
  std::vector<float> c = matrix(m, n, c_padding), before = c;
  const MatrixView<float> x = view(a, a_rows, a_cols, a_padding), y = view(b, b_rows, b_cols, b_padding);
  const MatrixView<float> z = view(c, m, n, c_padding), old = view(before, m, n, c_padding);
  gemm(a_turned ? Transpose::yes : Transpose::no, b_turned ? Transpose::yes : Transpose::no, alpha, x, y, beta, z);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n + c_padding; ++j) {
      float expected = before[i * z.stride + j];
      if (j < n) {
        float sum = 0;
        for (std::size_t p = 0; p < k; ++p) sum += (a_turned ? x(p, i) : x(i, p)) * (b_turned ? y(j, p) : y(p, j));
        expected = alpha * sum + beta * old(i, j);
      }
      fuzz::require(c[i * z.stride + j] == expected);
    }
  }
  return 0;
}
