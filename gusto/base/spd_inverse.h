#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"

namespace gusto {

/// Replaces a symmetric positive-definite A [n × n] by its inverse, in single precision, on all threads.
///
/// Blocks of columns are swept out one after another. For a block K of them, with D = A_KK, which is a Schur complement
/// by then and is inverted through its Cholesky factor:
///   A_IJ ← A_IJ − A_IK D⁻¹ A_KJ   for I, J ≠ K;     A_IK ← A_IK D⁻¹;     A_KK ← −D⁻¹
/// After the last block A holds −A⁻¹. It stays symmetric all the way, so that half of it is enough, and each sweep is
/// one product of two tall panels: as much work as Cholesky factor, its inverse and their product take together, in
/// steps that are all equally large, which share out well.
/// Reads    the lower triangle (row ≥ column); writes both
/// Source   Bientinesi, Gunter, van de Geijn: Families of algorithms related to the inversion of a symmetric positive
///          definite matrix, ACM TOMS 2008 (the one-sweep algorithm); differs in sweeping with D⁻¹, not with its factor
/// Errors   not_finite, if a D is not positive definite: A is not, or not to single precision; canceled
/// Cost     n³ operations; beside A, spd_inverse_memory(n) bytes
/// Progress reported as `stage`, a step for each block
/// Repeatable same bits at any number of threads
void invert_spd(Context& context, MatrixView<float> a, std::string_view stage);

std::uint64_t spd_inverse_memory(std::size_t n);

}  // namespace gusto
