#include <cmath>
#include <functional>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/gradients.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using test::check;
using test::Doubles;
using test::fill;
using test::Inputs;
using test::kShapes;
using Twins = std::vector<Doubles>;

// The mean and variance of numbers f(0), …, f(n − 1).
std::pair<double, double> moments(std::size_t n, const std::function<double(std::size_t)>& f) {
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < n; ++i) mean += f(i) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) variance += (f(i) - mean) * (f(i) - mean) / static_cast<double>(n);
  return {mean, variance};
}

TEST(LayerNorm, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {1, cols, true}, {1, cols, true}},
           [](Tape&, const Inputs& in) { return layer_norm(in.vars[0], *in.parameters[1], *in.parameters[2]); },
           [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) {
               const auto [mean, variance] = moments(in[0].cols(), [&](std::size_t i) { return in[0](r, i); });
               return in[1](0, c) * (in[0](r, c) - mean) / std::sqrt(variance + 1e-5) + in[2](0, c);
             });
           }});
  }
}

TEST(BatchNorm, NormalizesByTheBatchWhileTraining) {
  for (const auto& [rows, cols] : kShapes) {
    ParameterSet running;
    Parameter& mean = running.add("mean", ParameterKind::offsets, 1, cols, Start::constant(100));
    Parameter& variance = running.add("variance", ParameterKind::offsets, 1, cols, Start::constant(100));
    check({{{rows, cols}, {1, cols, true}, {1, cols, true}},
           [&](Tape&, const Inputs& in) {
             return batch_norm(in.vars[0], {in.parameters[1], in.parameters[2], &mean, &variance});
           },
           [](const Twins& in) {
             Doubles y(in[0].rows(), in[0].cols());
             for (std::size_t c = 0; c < y.cols(); ++c) {
               const auto [own_mean, own_variance] = moments(y.rows(), [&](std::size_t i) { return in[0](i, c); });
               for (std::size_t r = 0; r < y.rows(); ++r) {
                 y(r, c) = in[1](0, c) * (in[0](r, c) - own_mean) / std::sqrt(own_variance + 1e-5) + in[2](0, c);
               }
             }
             return y;
           },
           Mode::train,
           5e-5});
  }
}

TEST(BatchNorm, NormalizesByWhatItRemembersOtherwise) {
  // Probing learns extra rows, so what is checked is a gradient that reaches one through the layer.
  for (const Mode mode : {Mode::infer, Mode::probe}) {
    ParameterSet set;
    const auto add = [&](const char* name, float value) -> Parameter& {
      return set.add(name, ParameterKind::offsets, 1, 3, Start::constant(value));
    };
    const BatchNormState state{&add("gain", 2), &add("offset", 5), &add("mean", 1), &add("variance", 4)};
    Parameter& table = set.add("table", ParameterKind::embedding, 1, 3, Start::constant(0));
    const Matrix<float> new_user = test::to_floats(test::random_doubles(1, 3, 1, -2, 2));
    const ExtraRows extra_rows{&table, new_user.view()};
    const std::uint32_t id = 1;
    Tape tape;
    tape.begin(mode);
    tape.set_extra_rows({&extra_rows, 1});
    const Var y = batch_norm(embedding_lookup(tape, table, {1, {&id, 1}, {}, {}}), state);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(y.value()(0, c), 2 * (new_user(0, c) - 1) / 2 + 5, 1e-4);
    EXPECT_TRUE(tape.statistics().empty());
    if (mode == Mode::infer) continue;
    tape.backward(row_sum(y));
    ASSERT_EQ(tape.sparse().size(), 1U);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(tape.sparse()[0].gradient(0, c), 1, 1e-5);
    EXPECT_TRUE(tape.dense().empty());
  }
}

TEST(BatchNorm, LeavesItsStatistics) {
  ParameterSet set;
  const auto add = [&](const char* name) -> Parameter& {
    return set.add(name, ParameterKind::offsets, 1, 2, Start::constant(1));
  };
  const BatchNormState state{&add("gain"), &add("offset"), &add("mean"), &add("variance")};
  const float values[] = {1, 10, 3, 10, 5, 10};
  Tape tape;
  tape.begin(Mode::train);
  batch_norm(tape.constant(MatrixView<const float>(values, 3, 2)), state);
  ASSERT_EQ(tape.statistics().size(), 1U);
  const NormStatistics& left = tape.statistics()[0];
  EXPECT_EQ(left.mean, state.mean);
  EXPECT_EQ(left.variance, state.variance);
  EXPECT_THAT(left.batch_mean, testing::ElementsAre(testing::FloatEq(3), testing::FloatEq(10)));
  EXPECT_THAT(left.batch_variance, testing::ElementsAre(testing::FloatEq(8.0F / 3), testing::FloatNear(0, 1e-9F)));
}

TEST(Norms, NameTheShapesThatDoNotFit) {
  ParameterSet set;
  Parameter& three = set.add("three", ParameterKind::offsets, 1, 3, Start::constant(1));
  Parameter& six = set.add("six", ParameterKind::offsets, 1, 6, Start::constant(1));
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> values(4, 6);
  const Var x = tape.constant(values.view());
  EXPECT_STREQ(error_of([&] { layer_norm(x, six, three); }).what(), "layer_norm: [4 × 6] and [1 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] {
                 batch_norm(x, {&six, &six, &six, &three});
               }).what(),
               "batch_norm: [4 × 6] and [1 × 3] do not fit.");
}

}  // namespace
}  // namespace gusto::nn
