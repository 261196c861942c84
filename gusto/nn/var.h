#pragma once

#include <cstddef>
#include <cstdint>

#include "gusto/base/matrix.h"

namespace gusto::nn {

class Tape;

/// One matrix on a tape. A handle: cheap to copy, valid until the tape begins again.
class Var {
 public:
  Var() = default;
  std::size_t rows() const;
  std::size_t cols() const;
  MatrixView<const float> value() const;
  MatrixView<float> mutable_value() const;  ///< for the operation that fills it in
  Tape& tape() const { return *tape_; }
  std::uint32_t index() const { return index_; }

 private:
  friend class Tape;
  Var(Tape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
  Tape* tape_ = nullptr;
  std::uint32_t index_ = 0;
};

}  // namespace gusto::nn
