#pragma once

#include "gusto/base/matrix.h"

namespace gusto {

/// Takes the mean of the rows off each: what all have in common makes nobody similar.
void center(Matrix<float>& rows);

}  // namespace gusto
