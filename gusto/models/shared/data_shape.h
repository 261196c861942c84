#pragma once

/// How large and how dense data are, for defaults that depend on it.
///
/// The constants in such defaults were chosen over unlike data sets together (bench/panel.py), never on one.

#include <cstddef>

#include "gusto/data/dataset.h"
#include "gusto/models/task.h"

namespace gusto {

/// Users and items with events, and the events.
struct DataShape {
  double users = 0;
  double items = 0;
  double events = 0;

  double events_a_user() const { return users > 0 ? events / users : 0; }
  double events_an_item() const { return items > 0 ? events / items : 0; }
  /// Users or items, whichever are fewer.
  double narrower() const { return users < items ? users : items; }
};

/// Cost  O(events)
DataShape shape_of(const Dataset& data);

/// 0 up to `low`, 1 from `high` on, and a straight line in the logarithm of x between. 0 < low < high.
double ramp(double x, double low, double high);

/// `wanted`, but at most 8 ⌈(n / 60)^1.5⌉ for n users or items, whichever are fewer: longer vectors would learn so few
/// rows by heart.
std::size_t fitting_dim(std::size_t wanted, const DataShape& shape);

/// The option `dim`. Of 0: `usual`, but for top_n fitting_dim(usual, …) and at least 16, since narrower embeddings are
/// slow to learn.
std::size_t settled_dim(int dim, std::size_t usual, const Dataset& data, Task task);

/// Singular vectors that tell rows apart without learning them by heart: the root of the number of items, but at most a
/// twelfth of the users or items, whichever are fewer, and at least 1.
std::size_t fitting_rank(const DataShape& shape);

}  // namespace gusto
