#include <cmath>
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
using test::fill;
using test::Inputs;
using test::kShapes;
using Twins = std::vector<Doubles>;

TEST(Concat, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, 3}},
           [](Tape&, const Inputs& in) {
             return concat(std::vector{in.vars[0], in.vars[1], in.vars[0]});
           },
           [](const Twins& in) {
             const std::size_t width = in[0].cols();
             return fill(in[0].rows(), 2 * width + 3, [&](auto r, auto c) {
               return c < width ? in[0](r, c) : c < width + 3 ? in[1](r, c - width) : in[0](r, c - width - 3);
             });
           }});
  }
}

TEST(Columns, AddUpWhereTheyOverlap) {
  // Apart, overlapping, contained, the same twice, and the whole; some columns (9 and 10) are in none but the whole.
  const auto parts = [](const Var& x, bool with_whole) {
    std::vector<Var> y{columns(x, 0, 4),
                       columns(x, 2, 7),
                       columns(x, 11, 20),
                       columns(x, 12, 14),
                       columns(x, 2, 7),
                       columns(x, 7, 9),
                       columns(columns(x, 1, 9), 2, 5)};
    if (with_whole) y.push_back(x);
    // Each with a gradient of its own, and not lent.
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = row_sum(affine(y[i], static_cast<float>(i + 1)) * y[i]);
    return concat(y);
  };
  for (const bool with_whole : {false, true}) {
    check({{{6, 20}},
           [&](Tape&, const Inputs& in) { return parts(in.vars[0], with_whole); },
           [&](const Twins& in) {
             const std::pair<std::size_t, std::size_t> ranges[] = {{0, 4}, {2, 7}, {11, 20}, {12, 14},
                                                                   {2, 7}, {7, 9}, {3, 6},   {0, 20}};
             return fill(6, with_whole ? 8 : 7, [&](auto r, auto i) {
               double sum = 0;
               for (std::size_t c = ranges[i].first; c < ranges[i].second; ++c) sum += in[0](r, c) * in[0](r, c);
               return sum * static_cast<double>(i + 1);
             });
           }});
  }
}

TEST(Columns, OfAMiddleResultPassTheirGradientsOn) {
  check({{{5, 12}},
         [](Tape&, const Inputs& in) {
           const Var y = nn::tanh(in.vars[0]);
           return concat(std::vector{columns(y, 6, 12) * columns(y, 0, 6), columns(y, 1, 3)});
         },
         [](const Twins& in) {
           return fill(5, 8, [&](auto r, auto c) {
             return c < 6 ? std::tanh(in[0](r, c + 6)) * std::tanh(in[0](r, c)) : std::tanh(in[0](r, c - 5));
           });
         }});
}

TEST(Columns, MayBeNone) {
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> values(4, 6);
  EXPECT_EQ(columns(tape.constant(values.view()), 6, 6).cols(), 0U);
}

TEST(RowSum, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return row_sum(in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) {
               const auto row = in[0].row(r);
               return std::accumulate(row.begin(), row.end(), 0.0);
             });
           }});
  }
}

TEST(PickRows, IsItsTwin) {
  // Some rows twice, some never, in any order.
  const std::vector<std::uint32_t> chosen{4, 0, 4, 2, 8, 4};
  for (const std::size_t cols : {1U, 5U, 64U}) {
    check({{{9, cols}},
           [&](Tape&, const Inputs& in) { return pick_rows(in.vars[0], chosen); },
           [&](const Twins& in) {
             return fill(chosen.size(), cols, [&](auto r, auto c) { return in[0](chosen[r], c); });
           }});
  }
}

TEST(Shapes, AreNamedWhereTheyDoNotFit) {
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> tall(4, 6), low(3, 6);
  const Var a = tape.constant(tall.view()), b = tape.constant(low.view());
  EXPECT_STREQ(error_of([&] { concat(std::vector{a, b}); }).what(), "concat: [4 × 6] and [3 × 6] do not fit.");
  EXPECT_STREQ(error_of([&] { concat({}); }).what(), "concat: there is nothing to put side by side.");
  EXPECT_STREQ(error_of([&] { columns(a, 2, 7); }).what(), "columns: [4 × 6] has no columns [2, 7).");
  const std::uint32_t beyond = 4;
  EXPECT_STREQ(error_of([&] { pick_rows(a, {&beyond, 1}); }).what(), "pick_rows: [4 × 6] has no row 4.");
}

}  // namespace
}  // namespace gusto::nn
