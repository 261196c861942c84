#pragma once

#include <cstddef>

#include "gusto/base/matrix.h"

namespace gusto {

enum class Transpose { no, yes };

/// C = alpha · op(A) · op(B) + beta · C, single precision, on the calling thread.
///
/// Shapes   op(A) [m × k], op(B) [k × n], C [m × n]; a mismatch is Error(internal) naming the shapes. C overlaps
///          neither A nor B
/// beta     0 means that C is not read: it may hold anything. Nothing else is left out: NaN and infinity go through
/// Bits     An element is Σ_p a_p · b_p, added up from 0 in order of p by fused multiply-adds, times alpha, plus beta ·
///          what was there. Beyond 256 inner indexes there are rounds, the fewest, of equal length up to 8, each added
///          to C. So it has the same bits however the product is cut into rows or columns of C, and in whichever
///          transposed form. Levels agree to the bit, but SSE4 and plain C++ have no fused multiply-add
/// Errors   out_of_memory, if there is no room for copies of parts of A and B
/// Cost     2·m·n·k operations. A thread keeps such copies, of up to 1 MB, from call to call
/// Threads  may be called concurrently; starts no threads. Keeps nothing below the stack pointer, so a signal that
///          arrives meanwhile does no harm
/// Source   Goto, van de Geijn: Anatomy of high-performance matrix multiplication, 2008; Van Zee, van de Geijn: BLIS,
///          2015
void gemm(Transpose a_op, Transpose b_op, float alpha, MatrixView<const float> a, MatrixView<const float> b, float beta,
          MatrixView<float> c);

}  // namespace gusto
