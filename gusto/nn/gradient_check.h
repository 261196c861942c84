#pragma once

// Compares an operation with its plain twin in double precision: results, and gradients with central differences of the twin.
// For tests only.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto::nn::test {

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
  // Rounded to single precision, so that operation and twin see the same numbers.
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
  ASSERT_EQ(found.rows(), expected.rows()) << what;
  ASSERT_EQ(found.cols(), expected.cols()) << what;
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
        if (sparse.bag.ids[e] >= sum.rows()) continue;  // of a guest
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

/// Runs the operation once and compares.
///
/// strided       inputs are columns of wider matrices
/// accumulating  inputs already have gradients when the operation's backward pass comes
inline void check_once(const Operation& operation, std::uint64_t key, bool strided, bool accumulating) {
  constexpr std::size_t kBefore = 3, kAfter = 2;  // columns on either side of a strided input
  ParameterSet set;
  std::vector<Doubles> values;
  for (const Input& input : operation.inputs) {
    const std::uint64_t own = key * 100 + values.size();
    values.push_back(random_doubles(input.rows, input.cols, own, input.low, input.high));
    const bool wide = strided && !input.parameter;
    Parameter& parameter = set.add("p" + std::to_string(set.size()), ParameterKind::weights, input.rows,
                                   input.cols + (wide ? kBefore + kAfter : 0), Start::constant(1000));
    for (std::size_t r = 0; r < input.rows; ++r) {
      const auto row = to_floats(values.back());
      std::copy_n(row.row(r).data(), input.cols, parameter.values.row(r).data() + (wide ? kBefore : 0));
    }
  }
  Tape tape;
  tape.begin(operation.mode, key);
  Inputs inputs;
  std::vector<std::pair<Var, MatrixView<const float>>> seeds;
  std::vector<Matrix<float>> flows;
  flows.reserve(operation.inputs.size() + 1);
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    const Input& input = operation.inputs[i];
    inputs.parameters.push_back(&set[i]);
    Var var;
    if (!input.parameter) var = tape.parameter(set[i]);
    if (!input.parameter && strided) {
      // Columns of columns are columns too.
      const Var most = nn::columns(var, 1, kBefore + input.cols + 1);
      var = nn::columns(most, kBefore - 1, kBefore - 1 + input.cols);
    }
    inputs.vars.push_back(var);
    if (input.parameter || !accumulating) continue;
    flows.push_back(to_floats(random_doubles(input.rows, input.cols, key * 100 + 50 + i, -1, 1)));
    seeds.emplace_back(var, flows.back().view());
  }
  const Var y = operation.compute(tape, inputs);
  const Doubles expected = operation.twin(values);
  expect_near(to_doubles(y.value()), expected, operation.tolerance, "result");
  if (testing::Test::HasFatalFailure()) return;

  const Doubles weights = random_doubles(expected.rows(), expected.cols(), key * 100 + 99, -1, 1);
  flows.push_back(to_floats(weights));
  seeds.emplace_back(y, flows.back().view());
  tape.backward(seeds);
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    Doubles slopes = differences(operation, values, i, weights);
    const Input& input = operation.inputs[i];
    if (accumulating && !input.parameter) {
      const Doubles flow = random_doubles(input.rows, input.cols, key * 100 + 50 + i, -1, 1);
      for (std::size_t e = 0; e < slopes.values().size(); ++e) slopes.values()[e] += flow.values()[e];
    }
    Doubles found = gradient_of(tape, set[i]);
    if (strided && !input.parameter) {
      Doubles own(input.rows, input.cols);
      for (std::size_t r = 0; r < input.rows; ++r) {
        for (std::size_t c = 0; c < found.cols(); ++c) {
          const bool inside = c >= kBefore && c < kBefore + input.cols;
          if (inside) {
            own(r, c - kBefore) = found(r, c);
          } else {
            ASSERT_EQ(found(r, c), 0) << "beside input " << i;
          }
        }
      }
      found = own;
    }
    expect_near(found, slopes, 5 * operation.tolerance, "gradient of input " + std::to_string(i));
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Compares results and gradients of the operation on plain and strided inputs, with and without gradients to add to.
inline void check(const Operation& operation) {
  std::uint64_t key = 1;
  for (const bool strided : {false, true}) {
    for (const bool accumulating : {false, true}) {
      SCOPED_TRACE(testing::Message() << (strided ? "strided" : "plain") << (accumulating ? ", accumulating" : ""));
      check_once(operation, key++, strided, accumulating);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace gusto::nn::test
