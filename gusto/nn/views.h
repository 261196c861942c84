#pragma once

/// Other ways to look at a matrix, for the operations of this floor.

#include <cstddef>

#include "gusto/base/matrix.h"

namespace gusto::nn {

/// Columns [begin, begin + cols).
template <class T>
MatrixView<T> slice_columns(MatrixView<T> view, std::size_t begin, std::size_t cols) {
  return {view.data + begin, view.rows, cols, view.stride};
}

/// A column without gaps (stride 1), lying down.
template <class T>
MatrixView<T> as_row(MatrixView<T> column) {
  return {column.data, 1, column.rows};
}

/// The same row as often as wanted, by a stride of 0.
inline MatrixView<const float> repeat(MatrixView<const float> row, std::size_t rows) {
  return {row.data, rows, row.cols, 0};
}

}  // namespace gusto::nn
