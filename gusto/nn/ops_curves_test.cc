#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/gradients.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using test::check;
using test::Doubles;
using test::Inputs;
using test::kShapes;
using testing::Each;
using Twins = std::vector<Doubles>;

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

void check_curve(Var (*compute)(Var), double (*f)(double), double bound = 4) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols, false, -bound, bound}},
           [&](Tape&, const Inputs& in) { return compute(in.vars[0]); },
           [&](const Twins& in) { return test::map(in[0], f); }});
  }
}

// y of one x.
float curve_at(float x, Var (*compute)(Var)) {
  Tape tape;
  tape.begin(Mode::infer);
  return compute(tape.constant(MatrixView<const float>(&x, 1, 1))).value()(0, 0);
}

TEST(Relu, IsItsTwin) {
  check_curve(relu, [](double x) { return std::max(x, 0.0); });
}

TEST(Gelu, IsItsTwin) {
  check_curve(gelu, [](double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); });
  EXPECT_EQ(curve_at(1000, gelu), 1000);
  EXPECT_EQ(curve_at(-1000, gelu), 0);
}

TEST(Sigmoid, IsItsTwin) {
  check_curve(sigmoid, sigma);
  EXPECT_EQ(curve_at(1000, sigmoid), 1);
  EXPECT_NEAR(curve_at(-1000, sigmoid), 0, 1e-25);
}

TEST(Tanh, IsItsTwin) {
  check_curve(nn::tanh, std::tanh);
  EXPECT_EQ(curve_at(1000, nn::tanh), 1);
  EXPECT_EQ(curve_at(-1000, nn::tanh), -1);
}

TEST(ScaledSigmoid, IsItsTwin) {
  check_curve([](Var x) { return scaled_sigmoid(x, 0.5F, 5); }, [](double x) { return 0.5 + 4.5 * sigma(x); });
}

TEST(ScaledSigmoid, NeedsARange) {
  Tape tape;
  tape.begin(Mode::infer);
  const float x = 0;
  const Var var = tape.constant(MatrixView<const float>(&x, 1, 1));
  EXPECT_STREQ(error_of([&] { scaled_sigmoid(var, 5, 5); }).what(), "scaled_sigmoid: 5 is not below 5.");
}

TEST(Affine, IsItsTwin) {
  check_curve([](Var x) { return affine(x, -3, 0.25F); }, [](double x) { return -3 * x + 0.25; });
}

TEST(CosineLogit, IsItsTwin) {
  check_curve(
      cosine_logit, [](double c) { return std::log((1 + c) / (1 - c)); }, 0.95);
}

TEST(CosineLogit, HoldsCosinesApartFromOne) {
  const float most = curve_at(1, cosine_logit);
  EXPECT_NEAR(most, std::log(2e6), 0.1);
  EXPECT_EQ(curve_at(1.5F, cosine_logit), most);
  EXPECT_EQ(curve_at(-1, cosine_logit), -most);
  ParameterSet set;
  Parameter& one = set.add("one", ParameterKind::weights, 1, 1, Start::constant(1));
  Tape tape;
  tape.begin(Mode::train);
  tape.backward(cosine_logit(tape.parameter(one)));
  EXPECT_EQ(tape.dense()[0].gradient(0, 0), 0);
}

TEST(Curves, PassOnNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  gusto::test::on_each_cpu_level([&] {
    for (Var (*curve)(Var) : {relu, gelu, sigmoid, nn::tanh, cosine_logit})
      EXPECT_TRUE(std::isnan(curve_at(nan, curve)));
  });
}

Parameter& ones(ParameterSet& set, std::size_t rows, std::size_t cols) {
  return set.add("ones", ParameterKind::weights, rows, cols, Start::constant(1));
}

std::vector<float> dropped(std::size_t rows, std::size_t cols, double rate, std::uint64_t key,
                           std::size_t places_before = 0) {
  ParameterSet set;
  Tape tape;
  tape.begin(Mode::train, key);
  const Var x = tape.parameter(ones(set, rows, cols));
  for (std::size_t i = 0; i < places_before; ++i) affine(x, 1);
  const Var y = dropout(x, rate);
  const MatrixView<const float> value = y.value();
  return {value.data, value.data + rows * cols};
}

TEST(Dropout, ZeroesAShareAndScalesTheRest) {
  for (const double rate : {0.1, 0.5, 0.9}) {
    const std::vector<float> y = dropped(200, 500, rate, 3);
    const auto kept = static_cast<double>(std::count_if(y.begin(), y.end(), [](float x) { return x != 0; }));
    EXPECT_NEAR(kept / 100000, 1 - rate, 5 * std::sqrt(rate * (1 - rate) / 100000)) << rate;
    EXPECT_THAT(y, Each(testing::AnyOf(0.0F, testing::FloatEq(static_cast<float>(1 / (1 - rate))))));
  }
}

TEST(Dropout, DrawsByKeyPlaceAndElement) {
  const std::vector<float> y = dropped(20, 50, 0.5, 3);
  EXPECT_EQ(y, dropped(20, 50, 0.5, 3));
  EXPECT_NE(y, dropped(20, 50, 0.5, 4));
  EXPECT_NE(y, dropped(20, 50, 0.5, 3, 1));
  // Neighboring rows, and the same element under neighboring keys, agree about half of the time.
  const auto agreeing = [](const float* a, const float* b) {
    return std::inner_product(a, a + 950, b, 0, std::plus<>(), [](float x, float z) { return x == z ? 1 : 0; });
  };
  EXPECT_NEAR(agreeing(y.data(), y.data() + 50), 475, 90);
  EXPECT_NEAR(agreeing(y.data(), dropped(20, 50, 0.5, 4).data()), 475, 90);
  EXPECT_NEAR(agreeing(y.data(), dropped(20, 50, 0.5, 3, 1).data()), 475, 90);
}

TEST(Dropout, DropsTheSameOnEachCpuLevel) {
  const std::vector<float> y = dropped(7, 53, 0.3, 9);
  gusto::test::on_each_cpu_level([&] { EXPECT_EQ(dropped(7, 53, 0.3, 9), y); });
}

TEST(Dropout, IsItsTwin) {
  for (const test::Shape& shape : kShapes) {
    const std::size_t rows = shape.rows, cols = shape.cols;
    for (const bool strided : {false, true}) {
      ParameterSet set;
      Parameter& wide = ones(set, rows, cols + (strided ? 9 : 0));
      Tape tape;
      tape.begin(Mode::train, 5);
      const Var x = strided ? columns(tape.parameter(wide), 4, 4 + cols) : tape.parameter(wide);
      const Var y = dropout(x, 0.4);
      // What dropout makes of ones is what it multiplies with.
      const Doubles factors = test::to_doubles(y.value());
      const Doubles flow = test::random_doubles(rows, cols, 1, -1, 1);
      const Matrix<float> floats = test::to_floats(flow);
      const std::pair<Var, MatrixView<const float>> seeds[] = {{y, floats.view()}, {x, floats.view()}};
      tape.backward(strided ? std::span(seeds) : std::span(seeds).first(1));
      const std::size_t before = strided ? 4 : 0;
      test::expect_near(test::gradient_of(tape, wide),
                        test::fill(rows, wide.values.cols(),
                                   [&](auto r, auto c) {
                                     if (c < before || c - before >= cols) return 0.0;
                                     return flow(r, c - before) * (factors(r, c - before) + (strided ? 1 : 0));
                                   }),
                        1e-6, "gradient");
    }
  }
}

TEST(Dropout, IsNothingOutsideOfTraining) {
  ParameterSet set;
  for (const Mode mode : {Mode::infer, Mode::probe}) {
    Tape tape;
    tape.begin(mode, 5);
    const Var x = tape.parameter(set.size() == 0 ? ones(set, 3, 4) : set[0]);
    EXPECT_EQ(dropout(x, 0.5).index(), x.index());
  }
}

TEST(Dropout, NeedsAProbability) {
  Tape tape;
  tape.begin(Mode::train);
  const float x = 0;
  const Var var = tape.constant(MatrixView<const float>(&x, 1, 1));
  EXPECT_STREQ(error_of([&] { dropout(var, 1); }).what(), "dropout: 1 is not in [0, 1).");
}

}  // namespace
}  // namespace gusto::nn
