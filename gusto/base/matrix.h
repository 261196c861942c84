#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace gusto {

/// Allocates on cache-line boundaries, so that rows whose width is a multiple of 16 floats never straddle lines.
template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  CacheAligned() = default;
  template <class U>
  CacheAligned(const CacheAligned<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kAlignment); }
  friend bool operator==(CacheAligned, CacheAligned) { return true; }
};

template <class T>
using AlignedVector = std::vector<T, CacheAligned<T>>;

/// A window on row-major numbers owned by someone else: element (r, c) is data[r * stride + c].
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  MatrixView() = default;
  MatrixView(T* data_, std::size_t rows_, std::size_t cols_) : MatrixView(data_, rows_, cols_, cols_) {}
  MatrixView(T* data_, std::size_t rows_, std::size_t cols_, std::size_t stride_)
      : data(data_), rows(rows_), cols(cols_), stride(stride_) {}
  /// A view that may write serves as one that only reads.
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor)
  MatrixView(const MatrixView<U>& other) requires(std::is_const_v<T>&& std::is_same_v<U, std::remove_const_t<T>>)
      : MatrixView(other.data, other.rows, other.cols, other.stride) {}

  T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
  std::span<T> row(std::size_t r) const { return {data + r * stride, cols}; }
  /// Rows [begin, end).
  MatrixView slice(std::size_t begin, std::size_t end) const {
    return {data + begin * stride, end - begin, cols, stride};
  }
  MatrixView first_columns(std::size_t count) const { return {data, rows, count, stride}; }
};

/// A dense row-major matrix that owns its numbers, cache-line aligned, zero at first.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), values_(rows * cols) {}

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  bool empty() const { return values_.empty(); }
  T& operator()(std::size_t r, std::size_t c) { return values_[r * cols_ + c]; }
  const T& operator()(std::size_t r, std::size_t c) const { return values_[r * cols_ + c]; }
  std::span<T> row(std::size_t r) { return {values_.data() + r * cols_, cols_}; }
  std::span<const T> row(std::size_t r) const { return {values_.data() + r * cols_, cols_}; }
  std::span<T> values() { return values_; }
  std::span<const T> values() const { return values_; }
  MatrixView<T> view() { return {values_.data(), rows_, cols_}; }
  MatrixView<const T> view() const { return {values_.data(), rows_, cols_}; }
  void fill(const T& value) { std::fill(values_.begin(), values_.end(), value); }

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  AlignedVector<T> values_;
};

/// A copy with that many rows and columns: cut off, or filled up with zeros.
template <class T>
Matrix<T> resized(const Matrix<T>& from, std::size_t rows, std::size_t cols) {
  Matrix<T> result(rows, cols);
  for (std::size_t r = 0; r < std::min(rows, from.rows()); ++r) {
    std::copy_n(from.row(r).data(), std::min(cols, from.cols()), result.row(r).data());
  }
  return result;
}

/// A copy of column c.
template <class T>
std::vector<T> column(const Matrix<T>& matrix, std::size_t c) {
  std::vector<T> result(matrix.rows());
  for (std::size_t r = 0; r < result.size(); ++r) result[r] = matrix(r, c);
  return result;
}

}  // namespace gusto
