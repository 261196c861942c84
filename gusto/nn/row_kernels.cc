#include "gusto/nn/row_kernels.h"

#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/row_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "gusto/nn/kernel_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gusto::nn::kernels {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.

void RowDots(MatrixView<const float> a, MatrixView<const float> b, const GradientTarget& to) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    const float sum = SumColumns(a.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR {
      return hn::MulAdd(hn::LoadU(d, left + c), hn::LoadU(d, right + c), partial);
    });
    float& result = to.view(r, 0);
    result = to.fresh ? sum : result + sum;
  }
}

void RowSums(MatrixView<const float> x, const GradientTarget& to) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* from = x.data + r * x.stride;
    const float sum = SumColumns(
        x.cols, [&](auto d, std::size_t c, auto partial) HWY_ATTR { return hn::Add(partial, hn::LoadU(d, from + c)); });
    float& result = to.view(r, 0);
    result = to.fresh ? sum : result + sum;
  }
}

void ColumnSums(MatrixView<const float> x, const GradientTarget& to) {
  SumRows(x.rows, x.cols, to, [&](auto d, std::size_t r, std::size_t c, auto sum) HWY_ATTR {
    return hn::Add(sum, hn::LoadU(d, x.data + r * x.stride + c));
  });
}

void WeightedSum(MatrixView<const float> weights, MatrixView<const float> x, const GradientTarget& to) {
  SumRows(x.rows, x.cols, to, [&](auto d, std::size_t r, std::size_t c, auto sum) HWY_ATTR {
    return hn::MulAdd(hn::Set(d, weights(r, 0)), hn::LoadU(d, x.data + r * x.stride + c), sum);
  });
}

template <bool Add>
void ScaleRowsInto(MatrixView<const float> weights, MatrixView<const float> x, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    const float weight = weights(r, 0);
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto scaled = hn::Mul(hn::Set(d, weight), hn::LoadU(d, from + c));
      Put<Add>(d, scaled, to + c);
    });
  }
}

void ScaleRows(MatrixView<const float> weights, MatrixView<const float> x, const GradientTarget& to) {
  to.fresh ? ScaleRowsInto<false>(weights, x, to.view) : ScaleRowsInto<true>(weights, x, to.view);
}

void ScaleRowsCrosswise(MatrixView<const float> weights, MatrixView<const float> a, MatrixView<const float> b,
                        MatrixView<float> da, MatrixView<float> db) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* left = a.data + r * a.stride;
    const float* right = b.data + r * b.stride;
    float* HWY_RESTRICT to_left = da.data + r * da.stride;
    float* HWY_RESTRICT to_right = db.data + r * db.stride;
    const float weight = weights(r, 0);
    ForColumns(a.cols, [&](auto d, std::size_t c) HWY_ATTR {
      const auto factor = hn::Set(d, weight);
      hn::StoreU(hn::Mul(factor, hn::LoadU(d, right + c)), d, to_left + c);
      hn::StoreU(hn::Mul(factor, hn::LoadU(d, left + c)), d, to_right + c);
    });
  }
}

void AddColumn(MatrixView<const float> x, MatrixView<const float> column, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* from = x.data + r * x.stride;
    float* to = y.data + r * y.stride;
    const float term = column(r, 0);
    ForColumns(y.cols, [&](auto d, std::size_t c)
                           HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, from + c), hn::Set(d, term)), d, to + c); });
  }
}

template <bool Add>
void SpreadColumnInto(MatrixView<const float> column, MatrixView<float> y) {
  for (std::size_t r = 0; r < y.rows; ++r) {
    float* to = y.data + r * y.stride;
    const float term = column(r, 0);
    ForColumns(y.cols, [&](auto d, std::size_t c) HWY_ATTR { Put<Add>(d, hn::Set(d, term), to + c); });
  }
}

void SpreadColumn(MatrixView<const float> column, const GradientTarget& to) {
  to.fresh ? SpreadColumnInto<false>(column, to.view) : SpreadColumnInto<true>(column, to.view);
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn::kernels {
namespace {

HWY_EXPORT(RowDots);
HWY_EXPORT(RowSums);
HWY_EXPORT(ColumnSums);
HWY_EXPORT(WeightedSum);
HWY_EXPORT(ScaleRows);
HWY_EXPORT(ScaleRowsCrosswise);
HWY_EXPORT(AddColumn);
HWY_EXPORT(SpreadColumn);

// Such a column is as well a row, which sums faster.
bool is_plain_column(MatrixView<const float> x) { return x.cols == 1 && x.stride == 1; }

}  // namespace

void row_dots(MatrixView<const float> a, MatrixView<const float> b, GradientTarget to) {
  HWY_DYNAMIC_DISPATCH(RowDots)(a, b, to);
}

void row_sums(MatrixView<const float> x, GradientTarget to) { HWY_DYNAMIC_DISPATCH(RowSums)(x, to); }

void column_sums(MatrixView<const float> x, GradientTarget to) {
  if (is_plain_column(x)) return row_sums(as_row(x), to);
  HWY_DYNAMIC_DISPATCH(ColumnSums)(x, to);
}

void weighted_sum(MatrixView<const float> weights, MatrixView<const float> x, GradientTarget to) {
  if (is_plain_column(x) && is_plain_column(weights)) return row_dots(as_row(weights), as_row(x), to);
  HWY_DYNAMIC_DISPATCH(WeightedSum)(weights, x, to);
}

void scale_rows(MatrixView<const float> weights, MatrixView<const float> x, GradientTarget to) {
  HWY_DYNAMIC_DISPATCH(ScaleRows)(weights, x, to);
}

void scale_rows_crosswise(MatrixView<const float> weights, MatrixView<const float> a, MatrixView<const float> b,
                          MatrixView<float> da, MatrixView<float> db) {
  HWY_DYNAMIC_DISPATCH(ScaleRowsCrosswise)(weights, a, b, da, db);
}

void add_column(MatrixView<const float> x, MatrixView<const float> column, MatrixView<float> y) {
  HWY_DYNAMIC_DISPATCH(AddColumn)(x, column, y);
}

void broadcast_column(MatrixView<const float> column, GradientTarget to) {
  HWY_DYNAMIC_DISPATCH(SpreadColumn)(column, to);
}

}  // namespace gusto::nn::kernels
#endif
