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
using test::Input;
using test::Inputs;
using Offsets = std::vector<std::uint32_t>;
using Twins = std::vector<Doubles>;

// The formula, a token at a time. q has a row for each token, or for each sequence.
Doubles attend(const Doubles& q, const Doubles& k, const Doubles& v, std::size_t heads, const Offsets& offsets) {
  const std::size_t width = k.cols() / heads;
  Doubles y(q.rows(), q.cols());
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (std::size_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      const bool all = q.rows() == k.rows();
      if (!all && i + 1 < offsets[s + 1]) continue;
      const std::size_t row = all ? i : s;
      for (std::size_t begin = 0; begin < k.cols(); begin += width) {
        std::vector<double> weights;
        double sum = 0;
        for (std::size_t j = offsets[s]; j <= i; ++j) {
          double score = 0;
          for (std::size_t c = begin; c < begin + width; ++c) score += q(row, c) * k(j, c);
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(width))));
          sum += weights.back();
        }
        for (std::size_t j = offsets[s]; j <= i; ++j) {
          for (std::size_t c = begin; c < begin + width; ++c) y(row, c) += weights[j - offsets[s]] / sum * v(j, c);
        }
      }
    }
  }
  return y;
}

struct AttentionCase {
  Offsets offsets;
  std::size_t cols;
  std::size_t heads;
};
// One token; several sequences, some of one token, narrow heads; widths around those of vectors; longer than a block of
// rows.
const AttentionCase kCases[] = {
    {{0, 1}, 1, 1}, {{0, 3, 4, 9}, 6, 2}, {{0, 1, 18}, 16, 1}, {{0, 7}, 37, 1}, {{0, 2, 67}, 8, 2}};

TEST(CausalAttention, IsItsTwin) {
  for (const AttentionCase& one : kCases) {
    const std::size_t rows = one.offsets.back();
    check({{{rows, one.cols}, {rows, one.cols}, {rows, one.cols}},
           [&](Tape&, const Inputs& in) {
             return causal_attention(in.vars[0], in.vars[1], in.vars[2], one.heads, one.offsets);
           },
           [&](const Twins& in) { return attend(in[0], in[1], in[2], one.heads, one.offsets); }});
  }
}

TEST(CausalAttention, OfLastRowsIsItsTwin) {
  for (const AttentionCase& one : kCases) {
    const std::size_t rows = one.offsets.back();
    check({{{one.offsets.size() - 1, one.cols}, {rows, one.cols}, {rows, one.cols}},
           [&](Tape&, const Inputs& in) {
             return causal_attention(in.vars[0], in.vars[1], in.vars[2], one.heads, one.offsets);
           },
           [&](const Twins& in) { return attend(in[0], in[1], in[2], one.heads, one.offsets); }});
  }
}

TEST(CausalAttention, MayAttendToItself) {
  const Offsets offsets{0, 4, 6};
  check({{{6, 8}},
         [&](Tape&, const Inputs& in) { return causal_attention(in.vars[0], in.vars[0], in.vars[0], 2, offsets); },
         [&](const Twins& in) { return attend(in[0], in[0], in[0], 2, offsets); }});
}

Matrix<float> noise(std::size_t rows, std::size_t cols, std::uint64_t key) {
  return test::to_floats(test::random_doubles(rows, cols, key, -2, 2));
}

TEST(CausalAttention, SeesNothingLater) {
  const std::uint32_t whole[] = {0, 150}, part[] = {0, 90};
  const Matrix<float> q = noise(150, 8, 1), k = noise(150, 8, 2), v = noise(150, 8, 3);
  Tape tape;
  tape.begin(Mode::infer);
  const auto of = [&](std::size_t rows, std::span<const std::uint32_t> offsets) {
    const auto take = [&](const Matrix<float>& x) { return tape.constant(x.view().slice(0, rows)); };
    return causal_attention(take(q), take(k), take(v), 2, offsets);
  };
  test::expect_near(test::to_doubles(of(150, whole).value().slice(0, 90)), test::to_doubles(of(90, part).value()), 1e-6,
                    "the first rows");
}

TEST(CausalAttention, WithstandsLargeScores) {
  Matrix<float> q(70, 4), v(70, 4);
  q.fill(0x1p60F);  // products and sums of them are exact
  for (std::size_t r = 0; r < 70; ++r) v(r, 0) = static_cast<float>(r);
  const std::uint32_t offsets[] = {0, 70};
  Tape tape;
  tape.begin(Mode::infer);
  const Var x = tape.constant(q.view());
  const Var y = causal_attention(x, x, tape.constant(v.view()), 1, offsets);
  for (std::size_t r = 0; r < 70; ++r) EXPECT_NEAR(y.value()(r, 0), static_cast<double>(r) / 2, 1e-4);
}

// With v = 1 in a column of its own a result there is the sum of the weights that were not dropped.
TEST(CausalAttention, DropsWeights) {
  constexpr std::size_t kRows = 200;
  constexpr double kRate = 0.3;
  Matrix<float> ones(kRows, 2);
  ones.fill(1);
  ParameterSet set;
  Parameter& values = set.add("v", ParameterKind::weights, kRows, 2, Start::constant(1));
  const std::uint32_t offsets[] = {0, kRows};
  Tape tape;
  const auto of = [&](Mode mode, std::uint64_t key) {
    tape.begin(mode, key);
    const Var x = tape.constant(ones.view());
    return causal_attention(x, x, tape.parameter(values), 2, offsets, kRate);
  };
  Doubles seen[2];
  for (const std::uint64_t key : {0U, 1U}) {
    const Var y = of(Mode::train, key);
    seen[key] = test::to_doubles(y.value());
    double sum = 0, heads_differ = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      sum += seen[key](r, 0);
      heads_differ += std::abs(seen[key](r, 0) - seen[key](r, 1));
    }
    EXPECT_NEAR(sum / kRows, 1, 0.05);
    EXPECT_GT(heads_differ, 1);
    EXPECT_NEAR(seen[key](0, 0) * (seen[key](0, 0) - 1 / (1 - kRate)), 0, 1e-6) << "one weight: all or nothing";
    // Gradients flow where values did: what v's row got is what it gave.
    tape.backward(row_sum(pick_rows(y, std::vector<std::uint32_t>{kRows - 1})));
    const Doubles gradient = test::gradient_of(tape, values);
    double given = 0, nothing = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      given += gradient(r, 0);
      nothing += gradient(r, 0) == 0 ? 1 : 0;
    }
    EXPECT_NEAR(given, seen[key](kRows - 1, 0), 1e-4);
    EXPECT_NEAR(nothing / kRows, kRate, 0.12);
  }
  EXPECT_NE(seen[0](kRows - 1, 0), seen[1](kRows - 1, 0)) << "another step, other draws";
  EXPECT_NEAR(of(Mode::infer, 0).value()(kRows - 1, 0), 1, 1e-5);
}

// The gradient with dropout: by differences of the operation itself, whose draws stay the same.
TEST(CausalAttention, KnowsItsGradientWithDropout) {
  constexpr std::size_t kRows = 12, kCols = 4;
  const std::uint32_t offsets[] = {0, 5, kRows};
  const Matrix<float> flow = noise(kRows, kCols, 9);
  ParameterSet set;
  for (const char* name : {"q", "k", "v"}) set.add(name, ParameterKind::weights, kRows, kCols, Start::normal(1));
  Tape tape;
  const auto total = [&] {
    tape.begin(Mode::train, 5);
    const Var y =
        causal_attention(tape.parameter(set[0]), tape.parameter(set[1]), tape.parameter(set[2]), 2, offsets, 0.4);
    const std::pair<Var, MatrixView<const float>> seed{y, flow.view()};
    tape.backward({&seed, 1});
    double sum = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < kCols; ++c)
        sum += static_cast<double>(flow(r, c)) * static_cast<double>(y.value()(r, c));
    }
    return sum;
  };
  total();
  const Doubles found[] = {test::gradient_of(tape, set[0]), test::gradient_of(tape, set[1]),
                           test::gradient_of(tape, set[2])};
  constexpr float kStep = 1e-2F;
  for (std::size_t p = 0; p < 3; ++p) {
    for (std::size_t i = 0; i < kRows * kCols; ++i) {
      float& x = set[p].values.values()[i];
      const float before = x;
      x = before + kStep;
      const double above = total();
      x = before - kStep;
      const double slope = (above - total()) / (2 * static_cast<double>(kStep));
      x = before;
      ASSERT_NEAR(found[p].values()[i], slope, 5e-3) << "parameter " << p << ", number " << i;
    }
  }
}

TEST(CausalAttention, NamesWhatDoesNotFit) {
  const Matrix<float> tall(5, 6), low(3, 6), narrow(5, 4);
  const std::uint32_t offsets[] = {0, 2, 5}, empty[] = {0, 2, 2, 5}, short_of[] = {0, 2, 4};
  Tape tape;
  tape.begin(Mode::infer);
  const Var a = tape.constant(tall.view()), b = tape.constant(low.view()), c = tape.constant(narrow.view());
  const auto message = [&](Var q, Var k, Var v, std::size_t heads, std::span<const std::uint32_t> of) {
    return std::string(error_of([&] { causal_attention(q, k, v, heads, of); }).what());
  };
  EXPECT_EQ(message(a, a, c, 1, offsets), "causal_attention: [5 × 6] and [5 × 4] do not fit.");
  EXPECT_EQ(message(b, a, a, 1, offsets), "causal_attention: [3 × 6] and [5 × 6] do not fit.");
  EXPECT_EQ(message(a, a, a, 4, offsets), "causal_attention: 6 columns do not make 4 heads.");
  EXPECT_EQ(message(a, a, a, 2, empty), "causal_attention: 4 offsets do not divide 5 rows into sequences.");
  EXPECT_EQ(message(a, a, a, 2, short_of), "causal_attention: 3 offsets do not divide 5 rows into sequences.");
  EXPECT_THAT(error_of([&] { causal_attention(a, a, a, 2, offsets, 1); }).what(),
              testing::HasSubstr("1 is not in [0, 1)"));
}

}  // namespace
}  // namespace gusto::nn
