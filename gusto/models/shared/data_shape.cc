#include "gusto/models/shared/data_shape.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gusto {
namespace {

constexpr std::size_t kDimStep = 8;
constexpr double kRowsOfDimStep = 60;
constexpr double kDimPower = 1.5;
constexpr std::size_t kLeastSettledDim = 16;
constexpr double kRowsPerSingularVector = 12;

}  // namespace

DataShape shape_of(const Dataset& data) {
  std::vector<bool> has(data.item_count());
  for (const ItemRow item : data.items()) has[item.index] = true;
  DataShape shape;
  for (std::size_t u = 0; u < data.user_count(); ++u) shape.users += data.history(UserRow(u)).size() > 0 ? 1 : 0;
  shape.items = static_cast<double>(std::count(has.begin(), has.end(), true));
  shape.events = static_cast<double>(data.event_count());
  return shape;
}

double ramp(double x, double low, double high) {
  if (x <= low) return 0;
  return std::min(1.0, std::log(x / low) / std::log(high / low));
}

std::size_t fitting_dim(std::size_t wanted, const DataShape& shape) {
  const double most = std::ceil(std::pow(shape.narrower() / kRowsOfDimStep, kDimPower));
  return std::min(wanted, kDimStep * static_cast<std::size_t>(std::max(1.0, most)));
}

std::size_t settled_dim(int dim, std::size_t usual, const Dataset& data, Task task) {
  if (dim > 0) return static_cast<std::size_t>(dim);
  if (task != Task::top_n) return usual;
  return std::max(std::min(usual, kLeastSettledDim), fitting_dim(usual, shape_of(data)));
}

std::size_t fitting_rank(const DataShape& shape) {
  const double rank = std::min(std::sqrt(shape.items), shape.narrower() / kRowsPerSingularVector);
  return static_cast<std::size_t>(std::max(1.0, std::ceil(rank)));
}

}  // namespace gusto
