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
using test::row_dot;
using Twins = std::vector<Doubles>;

TEST(Dot, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, cols}},
           [](Tape&, const Inputs& in) { return dot(in.vars[0], in.vars[1]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_dot(in[0], in[1], r, r); });
           }});
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return dot(in.vars[0], in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_dot(in[0], in[0], r, r); });
           }});
  }
}

TEST(Dot, TakesPartsOfOneMatrix) {
  for (const std::size_t apart : {20U, 4U}) {  // side by side, and overlapping
    check({{{5, 20 + apart}},
           [&](Tape&, const Inputs& in) {
             return dot(columns(in.vars[0], 0, 20), columns(in.vars[0], apart, apart + 20));
           },
           [&](const Twins& in) {
             return fill(5, 1, [&](auto r, auto) {
               double sum = 0;
               for (std::size_t c = 0; c < 20; ++c) sum += in[0](r, c) * in[0](r, c + apart);
               return sum;
             });
           }});
  }
}

double row_cosine(const Doubles& a, const Doubles& b, std::size_t r) {
  return row_dot(a, b, r, r) / std::sqrt(row_dot(a, a, r, r) * row_dot(b, b, r, r));
}

TEST(Cosine, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols, false, 0.5, 2}, {rows, cols}},
           [](Tape&, const Inputs& in) { return cosine(in.vars[0], in.vars[1]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_cosine(in[0], in[1], r); });
           }});
  }
  check({{{5, 24}},
         [](Tape&, const Inputs& in) { return cosine(columns(in.vars[0], 0, 20), columns(in.vars[0], 4, 24)); },
         [](const Twins& in) {
           const auto part = [&](std::size_t begin) {
             return fill(5, 20, [&](auto r, auto c) { return in[0](r, c + begin); });
           };
           return fill(5, 1, [&](auto r, auto) { return row_cosine(part(0), part(4), r); });
         }});
}

TEST(UnitRows, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols, false, 0.5, 2}},
           [](Tape&, const Inputs& in) { return unit_rows(in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(),
                         [&](auto r, auto c) { return in[0](r, c) / std::sqrt(row_dot(in[0], in[0], r, r)); });
           }});
  }
}

TEST(UnitRows, LeaveAZeroRowZero) {
  Tape tape;
  tape.begin(Mode::train);
  const Matrix<float> zero(2, 3);
  EXPECT_THAT(unit_rows(tape.constant(zero.view())).value().row(1), ::testing::Each(0.0F));
}

TEST(Cosine, OfAZeroRowIsZeroAndFlat) {
  ParameterSet set;
  Parameter& zero = set.add("zero", ParameterKind::weights, 1, 5, Start::constant(0));
  Parameter& one = set.add("one", ParameterKind::weights, 1, 5, Start::constant(1));
  Tape tape;
  tape.begin(Mode::train);
  const Var y = cosine(tape.parameter(zero), tape.parameter(one));
  EXPECT_EQ(y.value()(0, 0), 0);
  tape.backward(y);
  EXPECT_THAT(test::gradient_of(tape, zero).values(), testing::Each(0));
  EXPECT_THAT(test::gradient_of(tape, one).values(), testing::Each(0));
}

TEST(FmPooling, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    for (const std::size_t fields : {1U, 2U, 5U}) {
      check({{{rows, cols * fields}},
             [=](Tape&, const Inputs& in) { return fm_pooling(in.vars[0], fields); },
             [=](const Twins& in) {
               const std::size_t dim = in[0].cols() / fields;
               return fill(in[0].rows(), dim, [&](auto r, auto c) {
                 double sum = 0;
                 for (std::size_t f = 0; f < fields; ++f) {
                   for (std::size_t h = f + 1; h < fields; ++h) sum += in[0](r, f * dim + c) * in[0](r, h * dim + c);
                 }
                 return sum;
               });
             }});
    }
  }
}

TEST(Products, AreTheirTwin) {
  for (const auto& [rows, cols] : kShapes) {
    for (const std::size_t others : {1U, 7U}) {
      check({{{rows, cols}, {others, cols}},
             [](Tape&, const Inputs& in) { return products(in.vars[0], in.vars[1]); },
             [](const Twins& in) {
               return fill(in[0].rows(), in[1].rows(), [&](auto r, auto s) { return row_dot(in[0], in[1], r, s); });
             }});
    }
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return products(in.vars[0], in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), in[0].rows(), [&](auto r, auto s) { return row_dot(in[0], in[0], r, s); });
           }});
  }
}

TEST(LogSoftmax, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return log_softmax(in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) {
               double sum = 0;
               for (const double x : in[0].row(r)) sum += std::exp(x);
               return in[0](r, c) - std::log(sum);
             });
           }});
  }
}

TEST(LogSoftmax, DoesNotOverflow) {
  const float values[] = {1000, -1000, 1000};
  Tape tape;
  tape.begin(Mode::infer);
  const Var y = log_softmax(tape.constant(MatrixView<const float>(values, 1, 3)));
  EXPECT_THAT(y.value().row(0), testing::ElementsAre(testing::FloatEq(-std::log(2.0F)), -2000 - std::log(2.0F),
                                                     testing::FloatEq(-std::log(2.0F))));
}

TEST(Interactions, NameTheShapesThatDoNotFit) {
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> values(4, 6);
  const Var a = tape.constant(values.view()), b = columns(a, 0, 3);
  EXPECT_STREQ(error_of([&] { dot(a, b); }).what(), "dot: [4 × 6] and [4 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { cosine(a, b); }).what(), "cosine: [4 × 6] and [4 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { products(a, b); }).what(), "products: [4 × 6] and [4 × 3] do not fit.");
  EXPECT_STREQ(error_of([&] { fm_pooling(a, 4); }).what(), "fm_pooling: [4 × 6] does not hold 4 fields of one width.");
}

}  // namespace
}  // namespace gusto::nn
