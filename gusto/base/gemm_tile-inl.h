// Tiles of a product: blocks of C whose sums lie in registers. Included once per instruction set (Highway), so there is
// no plain guard.

#if defined(GUSTO_BASE_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GUSTO_BASE_GEMM_TILE_INL_H_
#undef GUSTO_BASE_GEMM_TILE_INL_H_
#else
#define GUSTO_BASE_GEMM_TILE_INL_H_
#endif

#include <array>
#include <cstddef>
#include <utility>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto::products {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using LineTag = hn::CappedTag<float, 16>;
constexpr std::size_t kLanes = hn::MaxLanes(LineTag());
// A tile is at most this many rows by two vectors: with the vectors of B and a number of A it fills 16 or 32 registers.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86 || HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 12;
#else
constexpr std::size_t kTileRows = 6;
#endif
// Or this many rows by one vector.
constexpr std::size_t kNarrowRows = 12;

// Tiles of equal height, one below the other.
struct Tiles {
  std::size_t tiles, inners;
  const float* a;  // of tile t, element (i, p) at a[t · a_tile + i · a_row + p · a_step]
  std::size_t a_tile, a_row, a_step;
  const float* b;  // (p, j) at b[p · b_step + j]
  std::size_t b_step;
  float* c;  // of the first tile, (i, j) at c[i · c_row + j]
  std::size_t c_row;
  float alpha, beta;
};

// Tiles of kRows × kVectors vectors.
template <std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void ComputeTiles(const Tiles& t) {
  const LineTag d;
  using V = hn::Vec<LineTag>;
  const std::size_t inners = t.inners, a_row = t.a_row, a_step = t.a_step, b_step = t.b_step, c_row = t.c_row;
  const V alpha = hn::Set(d, t.alpha);
  const V beta = hn::Set(d, t.beta);
  const bool scales = t.alpha != 1, reads = t.beta != 0;
  for (std::size_t tile = 0; tile < t.tiles; ++tile) {
    const float* HWY_RESTRICT a = t.a + tile * t.a_tile;
    const float* HWY_RESTRICT b = t.b;
    float* HWY_RESTRICT c = t.c + tile * kRows * c_row;
    // What is read of C may lie far away: it is fetched while the sums are made, both lines of a row that has two.
    for (std::size_t i = 0; reads && i < kRows; ++i) {
      __builtin_prefetch(c + i * c_row, 1);
      __builtin_prefetch(c + i * c_row + kVectors * kLanes - 1, 1);
    }
    V sums[kRows][kVectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(d);
    }
#pragma GCC unroll 4
    for (std::size_t p = 0; p < inners; ++p) {
      V columns[kVectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) columns[v] = hn::LoadU(d, b + v * kLanes);
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kRows; ++i) {
        const V factor = hn::Set(d, a[i * a_row]);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(factor, columns[v], sums[i][v]);
      }
      b += b_step;
      a += a_step;
    }
    const auto for_vectors = [&](const auto& op) HWY_ATTR {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) op(sums[i][v], c + i * c_row + v * kLanes);
      }
    };
    if (scales) for_vectors([&](V& sum, float*) HWY_ATTR { sum = hn::Mul(alpha, sum); });
    if (reads) for_vectors([&](V& sum, float* out) HWY_ATTR { sum = hn::MulAdd(beta, hn::LoadU(d, out), sum); });
    for_vectors([&](V& sum, float* out) HWY_ATTR { hn::StoreU(sum, d, out); });
  }
}

using TileFunction = void (*)(const Tiles&);

// The tiles of 1, 2, … rows.
template <std::size_t kVectors, std::size_t... kRows>
constexpr auto TilesOf(std::index_sequence<kRows...>) {
  return std::array<TileFunction, sizeof...(kRows)>{&ComputeTiles<kRows + 1, kVectors>...};
}
constexpr auto kWideTiles = TilesOf<2>(std::make_index_sequence<kTileRows>());
constexpr auto kNarrowTiles = TilesOf<1>(std::make_index_sequence<kNarrowRows>());

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::products
HWY_AFTER_NAMESPACE();

#endif
