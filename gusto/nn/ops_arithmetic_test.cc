#include <cmath>

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

TEST(Add, IsItsTwin) {
  const auto compute = [](Tape&, const Inputs& in) { return in.vars[0] + in.vars[1]; };
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, cols}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](r, c); });
           }});
    check({{{rows, cols}, {1, cols}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](0, c); });
           }});
    check({{{rows, cols}, {rows, 1}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](r, 0); });
           }});
  }
}

TEST(Add, TakesTheSameTwice) {
  check({{{5, 19}},
         [](Tape&, const Inputs& in) { return in.vars[0] + in.vars[0]; },
         [](const Twins& in) { return test::map(in[0], [](double x) { return 2 * x; }); }});
}

TEST(Add, TakesPartsOfOneMatrixThatOverlap) {
  check({{{5, 24}},
         [](Tape&, const Inputs& in) { return columns(in.vars[0], 0, 20) + columns(in.vars[0], 4, 24); },
         [](const Twins& in) { return fill(5, 20, [&](auto r, auto c) { return in[0](r, c) + in[0](r, c + 4); }); }});
}

TEST(Add, GivesEachOperandAGradientOfItsOwn) {
  // The first operand's gradient grows after the sum's backward pass, before the second operand's is read.
  check({{{5, 19}, {5, 19}},
         [](Tape&, const Inputs& in) {
           const Var a = nn::tanh(in.vars[0]), b = nn::tanh(in.vars[1]), square = a * a;
           return (a + b) + square;
         },
         [](const Twins& in) {
           return fill(5, 19, [&](auto r, auto c) {
             const double a = std::tanh(in[0](r, c));
             return a + std::tanh(in[1](r, c)) + a * a;
           });
         }});
}

TEST(Multiply, IsItsTwin) {
  const auto compute = [](Tape&, const Inputs& in) { return in.vars[0] * in.vars[1]; };
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, cols}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) * in[1](r, c); });
           }});
    check({{{rows, cols}, {rows, 1}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) * in[1](r, 0); });
           }});
  }
}

TEST(Multiply, TakesTheSameTwice) {
  check({{{5, 19}},
         [](Tape&, const Inputs& in) { return in.vars[0] * in.vars[0]; },
         [](const Twins& in) { return test::map(in[0], [](double x) { return x * x; }); }});
}

TEST(Multiply, TakesPartsOfOneMatrixThatOverlap) {
  check({{{5, 24}},
         [](Tape&, const Inputs& in) { return columns(in.vars[0], 0, 20) * columns(in.vars[0], 4, 24); },
         [](const Twins& in) { return fill(5, 20, [&](auto r, auto c) { return in[0](r, c) * in[0](r, c + 4); }); }});
}

TEST(Arithmetic, OfWhatIsNotLearnedLeavesTheRestToTheOther) {
  const Matrix<float> fixed = test::to_floats(test::random_doubles(4, 9, 3, -2, 2));
  const Doubles known = test::to_doubles(fixed.view());
  check({{{4, 9}},
         [&](Tape& tape, const Inputs& in) {
           const Var constant = tape.constant(fixed.view());
           return (in.vars[0] * constant) * (constant + in.vars[0]);
         },
         [&](const Twins& in) {
           return fill(4, 9, [&](auto r, auto c) { return in[0](r, c) * known(r, c) * (known(r, c) + in[0](r, c)); });
         }});
}

TEST(Arithmetic, NamesTheShapesThatDoNotFit) {
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> values(4, 6);
  const Var a = tape.constant(values.view()), b = columns(a, 0, 3), row = tape.constant(values.view().slice(0, 1));
  EXPECT_STREQ(error_of([&] { add(a, b); }).what(), "add: [4 × 6] and [4 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { add(row, a); }).what(), "add: [1 × 6] and [4 × 6] do not fit.");
  EXPECT_STREQ(error_of([&] { multiply(a, b); }).what(), "multiply: [4 × 6] and [4 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { multiply(a, row); }).what(), "multiply: [4 × 6] and [1 × 6] do not fit.");
}

}  // namespace
}  // namespace gusto::nn
