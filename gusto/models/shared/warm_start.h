#pragma once

/// What models have in common that go on from another one (FitOptions::from).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"
#include "gusto/models/model.h"

namespace gusto {

/// The row of the same id elsewhere, if there is one.
using KnownRow = std::optional<std::uint32_t>;

/// By row of the data that a fit learns from: the row of the same id in the model that it goes on from, if it has
/// events in either.
struct WarmStart {
  WarmStart(const Dataset& data, const Model& from);

  std::vector<KnownRow> users, items;
};

/// Puts into the rows that begin somewhere the first columns of what is there, as many as both have, at most `columns`.
void copy_rows(std::span<const KnownRow> rows, MatrixView<const float> from, std::size_t columns, MatrixView<float> to);

/// By user: whether the history, items and values, differs from the one that the model was trained on.
std::vector<bool> changed_users(const Dataset& data, const Model& from, const WarmStart& rows);

/// How many of so many passes a fit makes: an update a tenth, and one at least.
inline std::size_t passes(int epochs, const FitOptions& fit) {
  constexpr int kShare = 10;
  return static_cast<std::size_t>(fit.update ? std::max(1, epochs / kShare) : epochs);
}

}  // namespace gusto
