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
using test::fill;
using test::Inputs;
using test::kShapes;
using Twins = std::vector<Doubles>;

double product(const Twins& in, std::size_t r, std::size_t c) {
  double sum = 0;
  for (std::size_t i = 0; i < in[0].cols(); ++i) sum += in[0](r, i) * in[1](i, c);
  return sum;
}

TEST(Dense, IsItsTwin) {
  for (const auto& [rows, width] : kShapes) {
    for (const std::size_t out : {1U, 3U, 21U}) {
      check({{{rows, width}, {width, out, true}},
             [](Tape&, const Inputs& in) { return dense(in.vars[0], *in.parameters[1]); },
             [](const Twins& in) {
               return fill(in[0].rows(), in[1].cols(), [&](auto r, auto c) { return product(in, r, c); });
             }});
      check({{{rows, width}, {width, out, true}, {1, out, true}},
             [](Tape&, const Inputs& in) { return dense(in.vars[0], *in.parameters[1], *in.parameters[2]); },
             [](const Twins& in) {
               return fill(in[0].rows(), in[1].cols(), [&](auto r, auto c) { return product(in, r, c) + in[2](0, c); });
             }});
    }
  }
}

TEST(Dense, MayShareItsWeights) {
  for (const std::size_t out : {1U, 6U}) {
    check({{{5, 6}, {6, out, true}, {1, out, true}},
           [](Tape&, const Inputs& in) {
             return dense(in.vars[0], *in.parameters[1], *in.parameters[2]) * dense(in.vars[0], *in.parameters[1]);
           },
           [](const Twins& in) {
             return fill(5, in[1].cols(),
                         [&](auto r, auto c) { return (product(in, r, c) + in[2](0, c)) * product(in, r, c); });
           }});
  }
}

TEST(Dense, NamesTheShapesThatDoNotFit) {
  ParameterSet set;
  Parameter& weights = set.add("w", ParameterKind::weights, 5, 3, Start::constant(0));
  Parameter& bias = set.add("b", ParameterKind::offsets, 1, 2, Start::constant(0));
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> values(4, 6);
  const Var x = tape.constant(values.view());
  EXPECT_STREQ(error_of([&] { dense(x, weights); }).what(), "dense: [4 × 6] and [5 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { dense(columns(x, 0, 5), weights, bias); }).what(),
               "dense: [5 × 3] and [1 × 2] do not fit.");
}

}  // namespace
}  // namespace gusto::nn
