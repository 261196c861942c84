#pragma once

// Compares an operation with its plain reference version in double precision: results, and gradients with central
// differences of the reference. For tests only.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/cpu_levels.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::test {

using gusto::test::on_each_cpu_level;
using Doubles = Matrix<double>;

/// What an operation is given.
struct Input {
  std::size_t rows;
  std::size_t cols;
  bool parameter = false;  ///< the operation takes the parameter itself, so that it cannot be columns of a wider matrix
  double low = -2;         ///< numbers are uniform on [low, high)
  double high = 2;
};

struct Inputs {
  std::vector<Var> vars;  ///< empty handles for parameters
  std::vector<Parameter*> parameters;
};

struct Operation {
  std::vector<Input> inputs;
  std::function<Var(Tape&, const Inputs&)> compute;
  std::function<Doubles(const std::vector<Doubles>&)> twin;
  Mode mode = Mode::train;
  double tolerance = 2e-5;  ///< of a number, relative to 1 + the largest of its matrix
};

inline Doubles random_doubles(std::size_t rows, std::size_t cols, std::uint64_t key, double low, double high) {
  Doubles values(rows, cols);
  Random random(key, "gradient check");
  // Rounded to single precision, so that operation and reference see the same numbers.
  for (double& x : values.values()) x = static_cast<double>(static_cast<float>(low + (high - low) * random.uniform()));
  return values;
}

inline Matrix<float> to_floats(const Doubles& values) {
  Matrix<float> floats(values.rows(), values.cols());
  std::transform(values.values().begin(), values.values().end(), floats.values().begin(),
                 [](double x) { return static_cast<float>(x); });
  return floats;
}

inline Doubles to_doubles(MatrixView<const float> view) {
  Doubles values(view.rows, view.cols);
  for (std::size_t r = 0; r < view.rows; ++r) {
    for (std::size_t c = 0; c < view.cols; ++c) values(r, c) = static_cast<double>(view(r, c));
  }
  return values;
}

inline void expect_near(const Doubles& found, const Doubles& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(std::pair(found.rows(), found.cols()), std::pair(expected.rows(), expected.cols())) << what;
  double largest = 1;
  for (double x : expected.values()) largest = std::max(largest, std::abs(x));
  for (std::size_t r = 0; r < found.rows(); ++r) {
    for (std::size_t c = 0; c < found.cols(); ++c) {
      ASSERT_NEAR(found(r, c), expected(r, c), tolerance * largest) << what << " at row " << r << ", column " << c;
    }
  }
}

/// A parameter's gradient after a backward pass, sparse ones spread out over the table; zeros if there is none.
inline Doubles gradient_of(const Tape& tape, const Parameter& parameter) {
  Doubles sum(parameter.values.rows(), parameter.values.cols());
  for (const DenseGradient& dense : tape.dense()) {
    if (dense.parameter == &parameter) sum = to_doubles(dense.gradient);
  }
  for (const SparseGradient& sparse : tape.sparse()) {
    if (sparse.parameter != &parameter) continue;
    for (std::size_t r = 0; r < sparse.bag.rows; ++r) {
      for (std::size_t e = sparse.bag.begin(r); e < sparse.bag.end(r); ++e) {
        if (sparse.bag.ids[e] >= sum.rows()) continue;  // of an extra row
        for (std::size_t c = 0; c < sum.cols(); ++c) {
          sum(sparse.bag.ids[e], c) +=
              static_cast<double>(sparse.bag.weight(e)) * static_cast<double>(sparse.gradient(r, c));
        }
      }
    }
  }
  return sum;
}

/// d Σ weights · twin(inputs) / d inputs[which], by central differences.
inline Doubles differences(const Operation& operation, std::vector<Doubles> inputs, std::size_t which,
                           const Doubles& weights) {
  const auto total = [&] {
    const Doubles y = operation.twin(inputs);
    double sum = 0;
    for (std::size_t i = 0; i < y.values().size(); ++i) sum += weights.values()[i] * y.values()[i];
    return sum;
  };
  constexpr double kStep = 1e-5;
  Doubles slopes(inputs[which].rows(), inputs[which].cols());
  for (std::size_t i = 0; i < slopes.values().size(); ++i) {
    double& x = inputs[which].values()[i];
    const double before = x;
    x = before + kStep;
    const double above = total();
    x = before - kStep;
    const double below = total();
    x = before;
    slopes.values()[i] = (above - below) / (2 * kStep);
  }
  return slopes;
}

/// How check() gives an operation its inputs.
struct Variant {
  bool strided;       ///< as columns of wider matrices
  bool accumulating;  ///< with gradients that are there before the operation's backward pass
};

// Columns on either side of a strided input.
inline constexpr std::size_t kBefore = 3, kAfter = 2;

/// One run of an operation on a tape, and what came out.
struct Run {
  Doubles result;
  std::vector<Doubles> gradients;  ///< by input
};

/// `flows` holds a gradient for each input, to be there beforehand, and the result's.
inline Run run(const Operation& operation, const std::vector<Doubles>& values, const std::vector<Doubles>& flows,
               Variant variant) {
  ParameterSet set;
  Tape tape;
  // Memory that a step finds is not zero, but what the step before left.
  const std::span<float> left = tape.arena().allocate<float>(std::size_t{1} << 16);
  std::fill(left.begin(), left.end(), std::numeric_limits<float>::quiet_NaN());
  tape.begin(operation.mode, 1);
  Inputs inputs;
  std::vector<Matrix<float>> floats;
  for (const Doubles& flow : flows) floats.push_back(to_floats(flow));
  std::vector<std::pair<Var, MatrixView<const float>>> seeds;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Input& input = operation.inputs[i];
    const bool wide = variant.strided && !input.parameter;
    // What is beside a strided input is large, to be noticed where it is read.
    Parameter& parameter = set.add("p" + std::to_string(i), ParameterKind::weights, input.rows,
                                   input.cols + (wide ? kBefore + kAfter : 0), Start::constant(1000));
    const Matrix<float> own = to_floats(values[i]);
    for (std::size_t r = 0; r < input.rows; ++r) {
      std::copy_n(own.row(r).data(), input.cols, parameter.values.row(r).data() + (wide ? kBefore : 0));
    }
    inputs.parameters.push_back(&parameter);
    Var var;
    if (!input.parameter) var = tape.parameter(parameter);
    // Columns of columns are columns too.
    if (wide) var = columns(columns(var, 1, kBefore + input.cols + 1), kBefore - 1, kBefore - 1 + input.cols);
    inputs.vars.push_back(var);
    if (variant.accumulating && !input.parameter) seeds.emplace_back(var, floats[i].view());
  }
  const Var y = operation.compute(tape, inputs);
  Run out{to_doubles(y.value()), {}};
  if (operation.mode == Mode::infer) return out;
  seeds.emplace_back(y, floats.back().view());
  tape.backward(seeds);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Doubles found = gradient_of(tape, set[i]);
    const std::size_t before = (found.cols() - values[i].cols()) / (kBefore + kAfter) * kBefore;
    Doubles own(values[i].rows(), values[i].cols());
    double beside = 0;
    for (std::size_t r = 0; r < found.rows(); ++r) {
      for (std::size_t c = 0; c < found.cols(); ++c) {
        const bool inside = c >= before && c - before < own.cols();
        (inside ? own(r, c - before) : beside) += found(r, c);
      }
    }
    EXPECT_EQ(beside, 0) << "a gradient was put beside input " << i;
    out.gradients.push_back(own);
  }
  return out;
}

/// Compares results and gradients of the operation, on plain and strided inputs, with and without gradients to add to,
/// on each instruction set.
inline void check(const Operation& operation) {
  std::vector<Doubles> values, flows;
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    const Input& input = operation.inputs[i];
    values.push_back(random_doubles(input.rows, input.cols, i, input.low, input.high));
    flows.push_back(random_doubles(input.rows, input.cols, 100 + i, -1, 1));
  }
  const Doubles expected = operation.twin(values);
  flows.push_back(random_doubles(expected.rows(), expected.cols(), 99, -1, 1));
  std::vector<Doubles> slopes;
  for (std::size_t i = 0; i < values.size(); ++i) slopes.push_back(differences(operation, values, i, flows.back()));
  gusto::test::on_each_cpu_level([&] {
    for (const Variant variant : {Variant{false, false}, {false, true}, {true, false}, {true, true}}) {
      SCOPED_TRACE(testing::Message() << (variant.strided ? "strided" : "plain")
                                      << (variant.accumulating ? ", accumulating" : ""));
      const Run found = run(operation, values, flows, variant);
      expect_near(found.result, expected, operation.tolerance, "result");
      for (std::size_t i = 0; i < found.gradients.size(); ++i) {
        Doubles slope = slopes[i];
        for (std::size_t e = 0; e < slope.values().size(); ++e) {
          if (variant.accumulating && !operation.inputs[i].parameter) slope.values()[e] += flows[i].values()[e];
        }
        expect_near(found.gradients[i], slope, 5 * operation.tolerance, "gradient of input " + std::to_string(i));
      }
    }
  });
}

// What reference versions are made of.

struct Shape {
  std::size_t rows;
  std::size_t cols;
};
/// One row, one column, and widths around those of vectors.
inline constexpr Shape kShapes[] = {{1, 1}, {1, 37}, {9, 1}, {3, 4}, {5, 16}, {2, 31}, {4, 64}, {3, 71}};

/// y_rc = f(x_rc)
inline Doubles map(const Doubles& x, const std::function<double(double)>& f) {
  Doubles y(x.rows(), x.cols());
  std::transform(x.values().begin(), x.values().end(), y.values().begin(), f);
  return y;
}

/// y_rc = f(r, c)
inline Doubles fill(std::size_t rows, std::size_t cols, const std::function<double(std::size_t, std::size_t)>& f) {
  Doubles y(rows, cols);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) y(r, c) = f(r, c);
  }
  return y;
}

/// a_r · b_s
inline double row_dot(const Doubles& a, const Doubles& b, std::size_t r, std::size_t s) {
  double sum = 0;
  for (std::size_t c = 0; c < a.cols(); ++c) sum += a(r, c) * b(s, c);
  return sum;
}

}  // namespace gusto::nn::test
