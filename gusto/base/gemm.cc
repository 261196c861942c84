#include "gusto/base/gemm.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/gemm_shape.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/base/gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "gusto/base/gemm_pack-inl.h"
#include "gusto/base/gemm_tile-inl.h"
#include "gusto/base/gemm_vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::products {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

// The blocks of C that are computed in one round: the columns' strips of B, packed, stay in the second- or third-level
// cache, each strip in the first while it meets all rows.
constexpr std::size_t kBlockColumns = 512;
constexpr std::size_t kBlockRows = 144;
// Lines that are a multiple of so many floats apart share a few places of the caches: such a factor is packed.
constexpr std::size_t kSamePlace = 1024;

// The next tiles of equal height among `left` rows: as high as can be, but the last two share what is left.
struct Rows {
  std::size_t tiles, rows;
};
HWY_INLINE Rows NextRows(std::size_t left, std::size_t most) {
  if (left < most) return {1, left};
  const std::size_t full = left / most - (left % most == 0 ? 0 : 1);
  return full > 0 ? Rows{full, most} : Rows{1, (left + 1) / 2};
}

// Floats from one inner index to the next in a panel of A for tiles of up to so many rows.
constexpr std::size_t PanelStep(std::size_t rows) { return (rows + kPackLanes - 1) / kPackLanes * kPackLanes; }

// Columns of B in the next strip: two vectors, but what fits into one takes one.
HWY_INLINE Panel NextStrip(std::size_t left) {
  return {std::min(left, 2 * kLanes), left > kLanes ? 2 * kLanes : kLanes};
}

// One block of C with one round of inner indexes: `x` is the product of these.
struct Block {
  Product x;
  std::size_t most_rows;  // of a tile two vectors wide; of any tile, where A is packed
  const float* packed_a;  // or null, if A is read as it lies
};

// The tiles of one strip: `columns` columns of C from `column` on, by numbers of B that lie b_step apart.
HWY_INLINE void ComputeStrip(const Block& block, std::size_t column, std::size_t columns, const float* b,
                             std::size_t b_step) {
  const Product& x = block.x;
  const bool one_vector = columns <= kLanes;
  const std::size_t width = one_vector ? kLanes : 2 * kLanes;
  const bool packed = block.packed_a != nullptr;
  const std::size_t most = one_vector && !packed ? kNarrowRows : block.most_rows;
  const bool whole = columns == width && x.c_column == 1;
  HWY_ALIGN float corner[kNarrowRows * 2 * kLanes];  // of a tile that is no block of C
  Tiles tiles;
  tiles.inners = x.k;
  tiles.b = b;
  tiles.b_step = b_step;
  tiles.alpha = x.alpha;
  tiles.beta = x.beta;
  const float* panel = block.packed_a;
  for (std::size_t row = 0; row < x.m;) {
    const Rows next = NextRows(x.m - row, most);
    tiles.tiles = whole ? next.tiles : 1;
    if (packed) {
      tiles.a = panel;
      tiles.a_row = 1;
      tiles.a_step = PanelStep(most);
      tiles.a_tile = tiles.a_step * x.k;
      panel += tiles.tiles * tiles.a_tile;
    } else {
      tiles.a = x.a.at(row, 0);
      tiles.a_row = x.a.outer;
      tiles.a_step = x.a.inner;
      tiles.a_tile = next.rows * x.a.outer;
    }
    const TileFunction compute = one_vector ? kNarrowTiles[next.rows - 1] : kWideTiles[next.rows - 1];
    float* c = x.c + row * x.c_row + column * x.c_column;
    if (whole) {
      tiles.c = c;
      tiles.c_row = x.c_row;
      compute(tiles);
    } else {
      tiles.c = corner;
      tiles.c_row = width;
      if (x.beta != 0) {
        std::fill_n(corner, next.rows * width, 0.0F);
        for (std::size_t i = 0; i < next.rows; ++i) {
          for (std::size_t j = 0; j < columns; ++j) corner[i * width + j] = c[i * x.c_row + j * x.c_column];
        }
      }
      compute(tiles);
      for (std::size_t i = 0; i < next.rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) c[i * x.c_row + j * x.c_column] = corner[i * width + j];
      }
    }
    row += tiles.tiles * next.rows;
  }
}

void Multiply(const Product& x, Panels& panels) {
  if (x.n == 1) return MultiplyVector(x.a, {x.b.data, x.b.inner}, x.m, x.k, x.alpha, x.beta, x.c, x.c_row);
  if (x.m == 1) return MultiplyVector(x.b, {x.a.data, x.a.inner}, x.n, x.k, x.alpha, x.beta, x.c, x.c_column);
  const std::size_t most = x.n <= kLanes ? kNarrowRows : kTileRows;
  const std::size_t inner = inner_of(x.k);
  const bool pack_a = std::max(x.a.outer, x.a.inner) % kSamePlace == 0;
  // B is read as it lies where few rows of C make use of it.
  const bool pack_b = !x.b.straight() || x.m > 2 * most;
  float* packed_a = pack_a ? panels.a((kBlockRows / most + 2) * PanelStep(most) * inner) : nullptr;
  float* packed_b = panels.b((std::min(x.n, kBlockColumns) + 2 * kLanes) * inner);
  for (std::size_t left = 0; left < x.n; left += kBlockColumns) {
    const std::size_t columns = std::min(kBlockColumns, x.n - left);
    for (std::size_t first = 0; first == 0 || first < x.k; first += inner) {
      const std::size_t inners = std::min(inner, x.k - first);
      const Factor b = x.b.from(left, first);
      if (pack_b) Pack(b, columns, inners, NextStrip, packed_b);
      for (std::size_t top = 0; top < x.m; top += kBlockRows) {
        const std::size_t rows = std::min(kBlockRows, x.m - top);
        const Factor a = x.a.from(top, first);
        if (pack_a) {
          const auto next = [most](std::size_t rest) { return Panel{NextRows(rest, most).rows, PanelStep(most)}; };
          Pack(a, rows, inners, next, packed_a);
        }
        const Block block{{rows, columns, inners, a, b, x.c + top * x.c_row + left * x.c_column, x.c_row, x.c_column,
                           x.alpha, first == 0 ? x.beta : 1},
                          most,
                          packed_a};
        for (std::size_t j = 0; j < columns; j += 2 * kLanes) {
          const Panel strip = NextStrip(columns - j);
          if (pack_b) {
            ComputeStrip(block, j, strip.outers, packed_b + j * inners, strip.step);
          } else if (strip.outers == strip.step) {
            ComputeStrip(block, j, strip.outers, b.at(j, 0), b.inner);
          } else {
            Pack(b.from(j, 0), strip.outers, inners, NextStrip, packed_b);
            ComputeStrip(block, j, strip.outers, packed_b, strip.step);
          }
        }
      }
    }
  }
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::products
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {
namespace products {

HWY_EXPORT(Multiply);

void multiply(const Product& x) {
  thread_local Panels panels;
  HWY_DYNAMIC_DISPATCH(Multiply)(x, panels);
}

}  // namespace products

void gemm(Transpose a_op, Transpose b_op, float alpha, MatrixView<const float> a, MatrixView<const float> b, float beta,
          MatrixView<float> c) {
  const bool a_turned = a_op == Transpose::yes;
  const bool b_turned = b_op == Transpose::yes;
  const std::size_t m = a_turned ? a.cols : a.rows;
  const std::size_t k = a_turned ? a.rows : a.cols;
  const std::size_t n = b_turned ? b.rows : b.cols;
  if ((b_turned ? b.cols : b.rows) != k || c.rows != m || c.cols != n) {
    throw Error(ErrorCode::internal, fmt::format("Matrix product of [{} × {}] and [{} × {}] into [{} × {}].", m, k,
                                                 b_turned ? b.cols : b.rows, n, c.rows, c.cols));
  }
  if (m == 0 || n == 0) return;
  using products::Factor;
  products::Product x{.m = m,
                      .n = n,
                      .k = k,
                      .a = a_turned ? Factor{a.data, 1, a.stride} : Factor{a.data, a.stride, 1},
                      .b = b_turned ? Factor{b.data, b.stride, 1} : Factor{b.data, 1, b.stride},
                      .c = c.data,
                      .c_row = c.stride,
                      .c_column = 1,
                      .alpha = alpha,
                      .beta = beta};
  // Lanes go along the longer side: Cᵀ = op(B)ᵀ · op(A)ᵀ.
  constexpr std::size_t kNarrow = 4;
  if (n <= kNarrow && m > n) {
    std::swap(x.m, x.n);
    std::swap(x.a, x.b);
    std::swap(x.c_row, x.c_column);
  }
  products::multiply(x);
}

}  // namespace gusto
#endif
