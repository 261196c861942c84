#include "gusto/nn/parameters.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/tensor_file.h"

namespace gusto::nn {

float LazyDecay::factor(std::size_t row) const {
  return static_cast<float>(std::exp(log_factor.back() - log_factor[written[row]]));
}

Start Start::glorot(std::size_t in, std::size_t out) {
  return {Kind::uniform, 0, static_cast<float>(std::sqrt(6.0 / static_cast<double>(in + out)))};
}
Start Start::he(std::size_t in) {
  return {Kind::uniform, 0, static_cast<float>(std::sqrt(6.0 / static_cast<double>(in)))};
}

Parameter& ParameterSet::add(std::string name, ParameterKind kind, std::size_t rows, std::size_t cols, Start start) {
  if (find(name) != nullptr) throw Error(ErrorCode::internal, fmt::format("Two parameters are named {}.", name));
  Matrix<float> values =
      stored_ != nullptr ? stored_->matrix<float>(prefix_ + name, rows, cols) : Matrix<float>(rows, cols);
  parameters_.push_back(std::make_unique<Parameter>(
      Parameter{.name = std::move(name), .kind = kind, .values = std::move(values), .index = size()}));
  Parameter& added = *parameters_.back();
  if (stored_ != nullptr) return added;
  for (std::size_t r = 0; r < rows; ++r) {
    Random random(seed_, added.name, r);
    for (float& x : added.values.row(r)) {
      double draw = 0;
      if (start.kind == Start::Kind::normal) draw = random.normal();
      if (start.kind == Start::Kind::uniform) draw = 2 * random.uniform() - 1;
      x = static_cast<float>(start.center + start.width * draw);
    }
  }
  return added;
}

const Parameter* ParameterSet::find(std::string_view name) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p->name == name; });
  return found == parameters_.end() ? nullptr : found->get();
}

std::size_t ParameterSet::count() const {
  std::size_t sum = 0;
  for (const auto& parameter : parameters_) sum += parameter->values.values().size();
  return sum;
}

void ParameterSet::save(TensorWriter& out, std::string_view prefix) const {
  for (const auto& parameter : parameters_) out.add(fmt::format("{}{}", prefix, parameter->name), parameter->values);
}

void ParameterSet::load(const TensorFile& in, std::string_view prefix) {
  for (const auto& parameter : parameters_) {
    Matrix<float>& values = parameter->values;
    values = in.matrix<float>(fmt::format("{}{}", prefix, parameter->name), values.rows(), values.cols());
  }
}

void ParameterSet::copy_to(std::vector<Matrix<float>>& values) const {
  values.resize(parameters_.size());
  for (std::size_t p = 0; p < values.size(); ++p) values[p] = parameters_[p]->values;
}

void ParameterSet::restore(const std::vector<Matrix<float>>& values) {
  for (std::size_t p = 0; p < parameters_.size(); ++p) parameters_[p]->values = values[p];
}

}  // namespace gusto::nn
